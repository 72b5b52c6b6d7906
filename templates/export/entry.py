"""Reads the secrets, lays root down, and becomes the command that it is given.

A variable NAME_FILE names a file whose content becomes NAME, so that a value
stands neither in the set-up nor in a command line. Docker mounts such a file as
it lies on the host: its owner alone may read it. That is why a container may
begin as root; the command runs as RUN_AS_UID.
"""
import os
import sys
from urllib.parse import quote


def read_secrets(env):
    for name in [name for name in env if name.endswith("_FILE")]:
        path = env[name]
        if path.startswith("/run/secrets/"):
            with open(path, encoding="utf-8") as file:
                env[name[: -len("_FILE")]] = file.read().rstrip("\r\n")
            del env[name]


def make_redis_url(env):
    """REDIS_URL out of its parts: a password in it has to be percent-encoded."""
    if env.pop("REDIS_URL_FROM_PARTS", "") != "1":
        return
    env["REDIS_URL"] = "redis://:%s@%s:%s/%s" % (
        quote(env.get("REDIS_PASSWORD", ""), safe=""),
        env.get("REDIS_HOST", "redis"),
        env.get("REDIS_PORT", "6379"),
        env.get("REDIS_DB", "0"),
    )


def lay_root_down(env):
    uid = int(env.pop("RUN_AS_UID", "0"))
    if uid and os.getuid() == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def main():
    env = dict(os.environ)
    read_secrets(env)
    make_redis_url(env)
    lay_root_down(env)
    os.execvpe(sys.argv[1], sys.argv[1:], env)


if __name__ == "__main__":
    main()
