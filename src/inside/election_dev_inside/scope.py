"""What a line that raises has asked of the scope of its connection, as its syntax and the values at hand tell."""

import ast
import os

from .identity import conditions_in

# what middleware and router put into a scope
PROVIDED = ("user", "session", "cookies", "url_route")


def asked_of(error, frame, line):
    """
    `name` of what middleware or router would have put into the scope, or of a parameter of the route, with those that it `has`.
    None where the error is another one.
    """
    known = frame.f_locals
    scope = known.get("scope", getattr(known.get("self"), "__dict__", {}).get("scope"))
    nodes = nodes_at(frame.f_code.co_filename, line) if isinstance(scope, dict) else ()
    route = value_of(ast.parse('scope["url_route"]["kwargs"]', mode="eval").body, {"scope": scope})
    for node in nodes:
        owner, name = key_of(node)
        is_raised = name is not None and (
            error.args[:1] == (name,) if isinstance(error, KeyError) else isinstance(node, ast.Call) and "'NoneType' object" in str(error)
        )
        owner = value_of(owner, known) if is_raised else None
        if owner is scope and name in PROVIDED and name not in scope:
            return {"name": name}
        if owner is not None and owner is route and name not in route:
            return {"name": name, "has": [str(each) for each in route]}
    return None


def nodes_at(file, line):
    try:
        nodes, _ = conditions_in(file, os.stat(file).st_mtime) or ((), "")
    except OSError:
        return ()
    return [node for node in nodes if getattr(node, "lineno", line + 1) <= line <= (getattr(node, "end_lineno", None) or 0)]


def key_of(node):
    """Of `x["name"]` and `x.get("name")`: x, and the name."""
    if isinstance(node, ast.Subscript):
        # an Index holds it up to Python 3.8
        owner, key = node.value, getattr(node.slice, "value", None)
        key = getattr(key, "value", key)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        owner, key = node.func.value, getattr(node.args[0], "value", None)
    else:
        return None, None
    return (owner, key) if isinstance(key, str) else (None, None)


def value_of(node, known):
    """What an expression comes to, of names, attributes of self and keys of dicts; None where it is anything else. Runs nothing of the project."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(value_of(node.value, known), "__dict__", {}).get(node.attr)
    owner, name = key_of(node)
    owner = None if owner is None else value_of(owner, known)
    return owner.get(name) if type(owner) is dict else None
