"""Variables that the settings ask for and nobody gives, and the files that they load some from: read as syntax, so that all is known in one go and none of it runs."""

import ast
import os
import sys

from . import imports
from .conditions import Conditions
from .telling import tell

# what the URLs of django-environ are called where nobody names them
URLS = {"db": "DATABASE_URL", "cache": "CACHE_URL", "email": "EMAIL_URL", "search": "SEARCH_URL", "channels": "CHANNELS_URL"}
CASTS = "str bytes bool int float decimal json list tuple dict url path uuid log_level get_value".split() + list(URLS) + [name + "_url" for name in URLS]
WORDS = ("true", "1", "yes", "on", "false")
# fails for None, which a variable without a default is
NEEDS = "int float split lower upper strip replace startswith endswith loads Path parse".split()


def tell_variables(settings, entries):
    """`entries`: files that are gone through before the settings are, of which only what they load counts."""
    asked = Asked([(file, tree) for file, tree, _ in imports.modules_from([settings], named=False)])
    missing = {}
    for name, cast, by, file, line, setting in asked.all():
        if name not in missing and not is_given(name, file):
            missing[name] = {"name": name, "file": file, "line": line, "cast": cast, "by": by, "setting": setting}
    for file in entries:
        asked.file, tree = file, imports.syntax_of(file)
        for node in ast.walk(tree) if tree else ():
            asked.see_load(node, True)
    tell("variables", missing=list(missing.values()), loads=[{"reader": reader, "path": path, "sure": sure} for reader, path, sure in asked.loads if path])


def is_given(name, file):
    if name in os.environ:
        return True
    decouple = sys.modules.get("decouple")
    try:
        # it looks from the file upwards, into settings.ini as well
        return decouple is not None and decouple.AutoConfig(search_path=os.path.dirname(os.path.abspath(file)))(name, default=None) is not None
    except Exception:
        return False


class Asked:
    """What modules ask for as they are imported."""

    def __init__(self, modules):
        self.modules = modules
        self.conditions = Conditions()
        self.askers, self.of_decouple, self.decouple = {"env", "config"}, set(), set()
        self.casts, self.given, self.helpers, self.around, self.settings = {}, set(), set(), {}, {}
        self.loads, self.models, self.file = [], {"BaseSettings"}, ""
        for file, tree in modules:
            self.note(file, tree)
        self.askers |= self.of_decouple
        for _, tree in modules:
            functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
            self.helpers |= {node.name for node in functions if is_helper(node, self.askers)}

    def note(self, file, tree):
        """The names by which a module asks."""
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "decouple":
                for alias in node.names:
                    if alias.name in ("config", "AutoConfig"):
                        self.of_decouple.add(alias.asname or alias.name)
                        self.decouple.add(file)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.conditions.values.setdefault(node.targets[0].id, (node.value, file))
                if isinstance(node.value, ast.Call) and name_of(node.value.func) in ("Env", "FileAwareEnv", "AutoConfig", "Config"):
                    is_decouple = name_of(node.value.func) in ("AutoConfig", "Config")
                    (self.of_decouple if is_decouple else self.askers).add(node.targets[0].id)
            if isinstance(node, ast.Call) and name_of(node.func) in ("Env", "FileAwareEnv"):
                self.schema(node)

    def schema(self, call):
        """`Env(DEBUG=(bool, False), LIMIT=int)`"""
        for word in call.keywords:
            has = isinstance(word.value, ast.Tuple) and len(word.value.elts) == 2
            self.casts[word.arg] = name_of(word.value.elts[0] if has else word.value)
            if has:
                self.given.add(word.arg)

    def all(self):
        for file, tree in self.modules:
            self.file = file
            for node in self.evaluated(tree):
                self.see_around(node)
                for name, cast, line in self.asks(node):
                    yield name, cast or "str", self.reader_of(node), file, line, self.settings.get(id(node))
                self.see_load(node, True)
            if file in self.decouple:
                self.loads.append(("decouple", self.conditions.nearest(file), True))

    def reader_of(self, node):
        """What a variable is asked for by: decouple and pydantic read files of their own, all else the environment."""
        if isinstance(node, ast.ClassDef):
            return "pydantic"
        return "decouple" if isinstance(node, ast.Call) and name_of(node.func) in self.of_decouple else "environment"

    def evaluated(self, node):
        """What is evaluated with the module itself: nothing of a function, nothing whose failure is caught, and of a condition what holds for sure."""
        for inner in self.parts(node):
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                continue
            yield inner
            yield from self.evaluated(inner)

    def parts(self, node):
        if isinstance(node, ast.Try) and any(not has(handler, ast.Raise) for handler in node.handlers):
            return node.orelse + node.finalbody
        if isinstance(node, ast.BoolOp):
            # a later one is only come to by what the earlier are
            first = node.values[:1]
            for before, value in zip(node.values, node.values[1:]):
                if self.conditions.truth(before) is not isinstance(node.op, ast.And):
                    break
                first.append(value)
            return first
        if isinstance(node, (ast.If, ast.IfExp)):
            holds = self.conditions.truth(node.test)
            taken = [] if holds is None else node.body if holds else node.orelse
            if holds is None and isinstance(node, ast.If):
                for inner in ast.walk(node):
                    self.see_load(inner, False)
            return [node.test] + (taken if isinstance(taken, list) else [taken])
        return ast.iter_child_nodes(node)

    def see_around(self, node):
        """What is made of a value tells what it has to be, and the setting that it goes to, what it is for."""
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            self.settings.update((id(inner), node.targets[0].id) for inner in ast.walk(node.value))
        elif isinstance(node, ast.Dict):
            # `SIMPLE_JWT = {"SIGNING_KEY": env("X")}`
            self.settings.update((id(inner), key.value) for key, value in zip(node.keys, node.values)
                                 if isinstance(getattr(key, "value", None), str) for inner in ast.walk(value))
        if isinstance(node, ast.Call):
            for part in node.args:
                self.around[id(part)] = "db" if name_of(node.func) == "parse" else name_of(node.func)
            if isinstance(node.func, ast.Attribute):
                as_before = node.func.attr in ("lower", "upper", "strip") and self.around.get(id(node))
                self.around[id(node.func.value)] = as_before or node.func.attr
        elif isinstance(node, ast.Compare) and any(str(getattr(inner, "value", "")).lower() in WORDS for inner in ast.walk(node.comparators[0])):
            self.around[id(node.left)] = "bool"

    def asks(self, node):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and name_of(node.value) == "environ":
            # Python 3.8 has an Index around it
            yield from named(getattr(node.slice, "value", node.slice), self.kind(node), node.lineno)
        elif isinstance(node, ast.Call):
            yield from self.called(node)
        elif isinstance(node, ast.ClassDef):
            yield from self.fields(node)
        elif isinstance(node, ast.Assign) and name_of(node.targets[0]) == "SECRET_KEY" and is_get(node.value):
            # Django refuses an empty one
            yield from named(node.value.args[0], None, node.lineno)
        elif isinstance(node, ast.If) and has(node, ast.Raise):
            # `X = os.getenv("X")`, and further down `if not X: raise …`
            for inner in ast.walk(node.test):
                value, _ = self.conditions.values.get(getattr(inner, "id", None), (None, None))
                if is_get(value):
                    yield from named(value.args[0], self.kind(value), value.lineno)

    def called(self, node):
        function, first = name_of(node.func), (node.args or [None])[0]
        owner = name_of(node.func.value) if isinstance(node.func, ast.Attribute) else None
        words = {word.arg: word.value for word in node.keywords}
        if len(node.args) > 1 or None in words or "default" in words:
            return
        if owner == "dj_database_url" and function == "config":
            yield from named(first or words.get("env") or "DATABASE_URL", "db", node.lineno)
        elif owner in self.askers and function in CASTS:
            short = function[:-4] if function.endswith("_url") else function
            yield from self.wanted(first or words.get("var") or URLS.get(short), short, node.lineno)
        elif function in self.askers:
            yield from self.wanted(first or words.get("var"), cast_of(words.get("cast")) or self.kind(node), node.lineno)
        elif function in self.helpers:
            yield from named(first, self.kind(node), node.lineno)
        elif is_get(node) and self.around.get(id(node)) in NEEDS + ["db"]:
            yield from named(first, self.kind(node), node.lineno)

    def wanted(self, node, cast, line):
        for name, _, _ in named(node, cast, line):
            if name not in self.given:
                yield name, self.casts.get(name, cast), line

    def kind(self, node):
        around = self.around.get(id(node))
        return {"split": "list", "loads": "json", "strtobool": "bool"}.get(around, around if around in CASTS else None)

    def fields(self, node):
        """Of a class of pydantic-settings those that have no value."""
        if not any(name_of(base) in self.models for base in node.bases):
            return
        self.models.add(node.name)
        prefix, found = "", []
        for part in node.body:
            for inner in ast.walk(part):
                words = [(inner.arg, inner.value)] if isinstance(inner, ast.keyword) else []
                if isinstance(inner, ast.Assign) and isinstance(part, ast.ClassDef):
                    words = [(name_of(inner.targets[0]), inner.value)]
                for word, value in words:
                    if word == "env_prefix" and isinstance(getattr(value, "value", None), str):
                        prefix = value.value
                    elif word == "env_file":
                        # relative to the working folder
                        self.loads.append(("pydantic", self.conditions.path(value, self.file), True))
            if isinstance(part, ast.AnnAssign) and is_required(part.value) and name_of(part.annotation) not in self.models:
                found.append(part)
        for part in found:
            alias = next((word.value.value for word in getattr(part.value, "keywords", []) if "alias" in word.arg and isinstance(word.value, ast.Constant)), None)
            inner = getattr(part.annotation, "value", None)
            cast = name_of(inner if isinstance(part.annotation, ast.Subscript) else part.annotation)
            if name_of(inner) != "ClassVar":
                # a list is read as JSON
                cast = "json" if (cast or "").lower() in ("list", "tuple", "set", "dict") else cast
                yield (alias or prefix + part.target.id).upper(), cast, part.lineno

    def see_load(self, node, sure):
        """A call that loads a file of variables. `sure`: it isn't left to a condition."""
        function = name_of(node.func) if isinstance(node, ast.Call) else None
        if function not in ("read_env", "load_dotenv", "RepositoryEnv"):
            return
        words = {word.arg: word.value for word in node.keywords}
        given = (node.args or [None])[0] or words.get("dotenv_path") or words.get("env_file") or words.get("path")
        reader = {"read_env": "environ", "load_dotenv": "dotenv", "RepositoryEnv": "decouple"}[function]
        if given is not None and name_of(getattr(given, "func", None)) != "find_dotenv":
            path = self.conditions.path(given, self.file)
        elif reader == "environ":
            path = os.path.join(os.path.dirname(os.path.abspath(self.file)), ".env")
        else:
            path = self.conditions.nearest(self.file)
        self.loads.append((reader, path, sure))


def name_of(node):
    return getattr(node, "attr", None) or getattr(node, "id", None)


def has(node, kind):
    return any(isinstance(inner, kind) for inner in ast.walk(node))


def named(node, cast, line):
    """The name, where one is written out."""
    name = node if isinstance(node, str) else getattr(node, "value", None)
    if isinstance(name, str) and name.isidentifier():
        yield name, cast, line


def cast_of(node):
    if isinstance(node, (ast.Lambda, ast.Call)):
        return "list" if name_of(getattr(node, "func", None)) == "Csv" or "'split'" in ast.dump(node) else None
    return name_of(node)


def is_get(node):
    """`os.environ.get("X")` or `os.getenv("X")`, without a default."""
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return False
    owner = name_of(getattr(node.func, "value", None))
    return name_of(node.func) == "getenv" or name_of(node.func) == "get" and owner == "environ"


def is_required(value):
    """A field of pydantic without a value: none, `...`, `Field()` or `Field(...)`."""
    if value is None or isinstance(value, ast.Constant) and value.value is ...:
        return True
    if not isinstance(value, ast.Call) or name_of(value.func) != "Field":
        return False
    return all(is_required(each) for each in value.args) and not any(word.arg in ("default", "default_factory") for word in value.keywords)


def is_helper(node, askers):
    """A function of the project that reads the variable of its first argument, and raises where there is none."""
    first = node.args.args[0].arg if node.args.args else None
    indexed = read = False
    for inner in ast.walk(node):
        part = inner.slice if isinstance(inner, ast.Subscript) else inner.args[0] if isinstance(inner, ast.Call) and inner.args else None
        # Python 3.8 has an Index around it
        if first is None or name_of(getattr(part, "value", part)) != first:
            continue
        owner = name_of(inner.value if isinstance(inner, ast.Subscript) else getattr(inner.func, "value", None))
        read = read or owner == "environ" or isinstance(inner, ast.Call) and name_of(inner.func) in askers | {"getenv"}
        indexed = indexed or isinstance(inner, ast.Subscript) and owner == "environ"
    return read and (has(node, ast.Raise) or indexed and not has(node, ast.Try))
