"""Answers what the three libraries make of `.env` files and truth values.

Reads a JSON line per question from standard input and writes one per answer:
{"reader": "decouple", "texts": ["A=1\\n"]}   ->  [{"A": "1"}]
{"reader": "decouple", "booleans": ["yes"]}   ->  [true]      (null: refused)
"dotenv-interpolated" is python-dotenv as `load_dotenv` calls it.
"""
import json
import logging
import os
import sys
import tempfile

import decouple
import dotenv
import environ

logging.disable(logging.CRITICAL)


def read(reader, path):
    if reader == "decouple":
        return decouple.RepositoryEnv(path).data
    if reader == "environ":
        class Env(environ.Env):
            ENVIRON = {}
        Env.read_env(path)
        return Env.ENVIRON
    return dotenv.dotenv_values(path, interpolate=reader == "dotenv-interpolated")


def boolean(reader, value):
    if reader == "environ":
        return environ.Env.parse_value(value, bool)
    try:
        return decouple.Config(None)._cast_boolean(value)
    except ValueError:
        return None


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, ".env")
        for line in sys.stdin:
            question = json.loads(line)
            reader = question["reader"]
            answers = [boolean(reader, value) for value in question.get("booleans", [])]
            for text in question.get("texts", []):
                with open(path, "wb") as file:
                    file.write(text.encode("utf-8"))
                answers.append(read(reader, path))
            print(json.dumps(answers), flush=True)


main()
