"""As whom a socket stands at the consumer, and by what condition the project decides: read from what the running code has at hand."""

import ast
import functools
import linecache
import os

# a condition is shown in one line
LONGEST = 160


def user_of(consumer, frames=()):
    """
    The user at the consumer, as its scope has it; without one there, what the project itself calls the user.
    `scope`: which of them it is. None where nothing tells.
    """
    scope = getattr(consumer, "scope", None)
    if isinstance(scope, dict) and "user" in scope:
        user = as_user(scope["user"])
        return user and dict(user, scope=True)
    # any other name may be somebody else's
    named = [frame.f_locals.get("user") for frame in frames] + [getattr(consumer, "__dict__", {}).get("user")]
    user = next((user for user in map(as_user, named) if user is not None), None)
    return user and dict(user, scope=False)


def as_user(value):
    """Name and standing of a user; None for anything else, and for one that isn't known yet: asking might run the project's code."""
    kinds = [kind.__name__ for kind in type(value).__mro__]
    if "LazyObject" in kinds:
        value = value.__dict__.get("_wrapped")
        kinds = [kind.__name__ for kind in type(value).__mro__]
    if "AnonymousUser" in kinds:
        return {"name": None, "authenticated": False}
    if not {"AbstractBaseUser", "TokenUser"} & set(kinds):
        return None
    try:
        return {"name": name_of(value), "authenticated": bool(value.is_authenticated)}
    except Exception:  # a field that would have to be asked of the database
        return None


def name_of(user):
    """The name of a user as it may be shown: it is whatever somebody has typed."""
    name = "".join(sign for sign in str(user.get_username() or "") if sign.isprintable())[:LONGEST]
    return name or "user %s" % user.pk


@functools.lru_cache(maxsize=64)
def conditions_in(file, _changed):
    """The syntax of a file with its text; None where it has none."""
    source = "".join(linecache.getlines(file))
    try:
        return list(ast.walk(ast.parse(source))), source
    except (SyntaxError, ValueError):
        return None


def condition(file, line):
    """The condition under which a line of Python is come to, as its source has it; None where there is none."""
    try:
        read = conditions_in(file, os.stat(file).st_mtime)
    except OSError:
        read = None
    if read is None:
        return None
    nodes, source = read
    # the outer ones come first
    found = [condition_of(node, line, source) for node in nodes]
    return next((text for text in reversed(found) if text is not None), None) or None


def condition_of(node, line, source):
    """What an `if` or an `except` around the line says; nothing where it begins a function, which is come to otherwise."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return "" if holds([node], line) else None
    if isinstance(node, ast.If):
        word = "if " if holds(node.body, line) else "else of if " if holds(node.orelse, line) else None
        return word and word + written(node.test, source)
    if isinstance(node, ast.ExceptHandler) and holds(node.body, line):
        return "except " + written(node.type, source) if node.type is not None else "except"
    return None


def holds(body, line):
    return bool(body) and body[0].lineno <= line <= body[-1].end_lineno


def written(node, source):
    text = " ".join((ast.get_source_segment(source, node) or "").split())
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
