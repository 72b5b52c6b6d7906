"""The message by which a client says who it is once a consumer has accepted, as the consumer's own source reads it: nothing of it is run."""

import ast
import inspect
import json
import re

from .frames import shown
from .spoken import compared, index, literal, sources_of

# what stands for the token in a message
HOLE = "{token}"
# keys of a message that hold what tells who somebody is
TOKENS = re.compile(r"^(?:(?:auth|access|id|api|bearer|user|session)[_-]?)?(?:token|jwt|ticket|credentials?)$|^(?:bearer|authorization|api_?key)$", re.I)
# keys that do so in a message which is a greeting by its name: anywhere else they are keys of rows, of rooms, of anything
CREDENTIALS = re.compile(r"^(?:(?:auth|access|api|device|client|app|user|agent|session)[_-]?)?(?:keys?|secret|pass(?:word|phrase|code)|pin|signature)$", re.I)
# a key beside which a token alone says nothing
USERS = re.compile(r"^(?:user(?:[_-]?(?:name|id))?|login|e-?mail|name|account)$", re.I)
# what such a message calls itself
NAMES = ("auth", "authenticate", "authentication", "authorize", "authorization", "login", "identify", "token", "jwt")
OPENINGS = ("hello", "handshake", "init", "connect", "register")
# what takes a bare token, by its name
TAKES = re.compile(r"token|jwt|auth|decode", re.I)
# where a consumer knows already who comes
KNOWN = re.compile(r"""scope(?:\[|\.get\()["']user["']""")
# what only passes a value on
PASSED = ("send", "send_json", "group_add", "group_send", "group_discard", "close", "str", "int", "len", "print", "debug", "info", "warning")
# with these an application says that it doesn't know who comes
LOGIN = (1008, 3000, 3003, 4001, 4003, 4401, 4403)
BEFORE = ("__init__", "connect", "websocket_connect", "disconnect", "websocket_disconnect")


def greeting(consumer):
    """
    The first message that a consumer wants: its text with a hole for the token (None where the source doesn't tell all of
    it), whether the consumer closes without one, and the line that reads it. None where it reads no token from a message.
    """
    sources = [source for source in sources_of(consumer) if source.is_own and isinstance(source.kind, type)]
    functions = [(source, function) for source in sources for function in source.functions if function.name not in BEFORE]
    found = [(source, function, node, path) for source, function in functions for node, path in paths_read(function)]
    read = [(source, node, path) for source, _, node, path in found if TOKENS.match(path[-1])]
    names, isolated = NAMES, True
    if not read:
        closers = {"close"} | {function.name for _, function in functions if closes(function)}
        greeted = [(one, greetings(one[0], one[1])) for one in found if CREDENTIALS.match(one[3][-1]) and refuses(one[1], one[2], closers)]
        for (source, function, node, path), names in [each for each in greeted if each[1]][:1]:
            read = [(source, node, path)]
            isolated = not any(USERS.match(other[-1]) for _, other in paths_read(function))
    named = [(key, name) for source, function in functions for name in names for key, _ in compared(source, function, name)]
    bare = [(source, node) for source, function in functions for node in bare_tokens(function)]
    if not read and not bare:
        return None
    source, node, path = read[0] if read else bare[0] + ((),)
    text = (worded(path, named, functions) if isolated else None) if read else HOLE
    needed = any(closes(function) for _, function in functions) and not any(KNOWN.search(each.text) for each in sources)
    return {"text": text, "needed": needed, **place_of(source, node)}


def greetings(source, function):
    """The names of greetings by which a function takes the message of a client that has just come: it tells it from others, or is called after it."""
    names = [name for name in NAMES + OPENINGS if any(compared(source, function, name))]
    return names or [name for name in NAMES + OPENINGS if re.search(r"(?:^|_)%s(?:_|$)" % name, function.name.strip("_")) and name not in ("token", "jwt")]


def refuses(function, read, closers):
    """Whether a consumer may close the socket for what it has read: in the same branch, by itself or by a method that does."""
    around = function.body
    for node in ast.walk(function):
        # the inner ones come last
        for body in [node.body] if isinstance(node, ast.If) else [case.body for case in getattr(node, "cases", ())]:
            if any(inner is read for part in body for inner in ast.walk(part)):
                around = body
    nodes = [node for part in around for node in ast.walk(part)]
    called = [(getattr(node.func, "attr", None) or getattr(node.func, "id", None), node) for node in nodes if isinstance(node, ast.Call)]
    if not any(name in closers for name, _ in called) or not is_checked(read, nodes, called):
        return False
    # a bare key may as well be that of a room, or of a row that isn't there
    return not re.match("keys?$", (path_of(read, {}) or ("",))[-1], re.I) or any(isinstance(node, ast.Constant) and node.value in LOGIN for node in nodes)


def is_checked(read, nodes, called):
    """Whether what was read is handed to something that may know it, or is compared with a value; that it is there says nothing."""
    given = [target for node in nodes if isinstance(node, ast.Assign) and node.value is read for target in node.targets]
    names = {getattr(target, "attr", None) or getattr(target, "id", None) for target in given}

    def is_it(node):
        return node is read or (getattr(node, "attr", None) or getattr(node, "id", None)) in names

    asked = any(is_it(part) for name, call in called if name not in PASSED for part in call.args + [word.value for word in call.keywords])
    return asked or any(
        isinstance(node, ast.Compare) and any(map(is_it, [node.left] + node.comparators))
        and not any(isinstance(side, ast.Constant) and not side.value for side in [node.left] + node.comparators)
        for node in nodes)


def worded(path, named, functions):
    """The message as JSON; None where it has to say what kind it is, and nothing tells how."""
    kinds = {found[-1] for _, function in functions for _, found in paths_read(function) if found[-1] in ("type", "action", "event", "kind", "op", "cmd", "command")}
    key, name = next(((key, name) for key, name in named if key), (None, None))
    if key is None and named and len(kinds) == 1:
        # a table of what to do
        key, name = kinds.copy().pop(), named[0][1]
    if key is None and (named or kinds):
        return None
    message = {} if key is None else {key: name}
    inner = message
    for part in path[:-1]:
        inner = inner.setdefault(part, {})
        if not isinstance(inner, dict):
            return None
    inner[path[-1]] = HOLE
    return json.dumps(message)


def paths_read(function):
    """Keys that are read from a message, one within another: `content["payload"]["token"]`, also by a name in between."""
    names = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = path_of(node.value, {})
    for node in ast.walk(function):
        path = path_of(node, names)
        if path:
            yield node, path
        if type(node).__name__ == "MatchMapping":  # Python 3.10
            for key in node.keys:
                if isinstance(literal(key), str):
                    yield node, (literal(key),)


def path_of(node, names):
    """The keys of one expression, the outermost first; nothing for any other, or for what isn't read but written."""
    keys = []
    while True:
        if isinstance(node, ast.Await):
            node = node.value
        elif isinstance(node, ast.Subscript) and isinstance(index(node), str) and isinstance(node.ctx, ast.Load):
            keys.append(index(node))
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop") and node.args:
            if not isinstance(literal(node.args[0]), str):
                return ()
            keys.append(literal(node.args[0]))
            node = node.func.value
        else:
            break
    if not keys or not isinstance(node, ast.Name):
        # `self.scope["token"]`, or no key at all
        return ()
    return tuple(names.get(node.id) or ()) + tuple(reversed(keys))


def bare_tokens(function):
    """Where the text of a message is taken for a token as it is: `AccessToken(text_data)`, `self.user_of(key=text_data)`."""
    if function.name not in ("receive", "websocket_receive"):
        return
    texts = {"text_data"} | {argument.arg for argument in function.args.args[1:2]}
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            given = list(node.args) + [keyword.value for keyword in node.keywords]
            owner = ast.dump(node.func)
            if name not in ("loads", "receive") and TAKES.search(owner) and any(isinstance(each, ast.Name) and each.id in texts for each in given):
                yield node


def closes(function):
    return any(isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "close" for node in ast.walk(function))


def place_of(source, node):
    try:
        return {"file": shown(inspect.getsourcefile(source.kind)), "line": inspect.getsourcelines(source.kind)[1] + node.lineno - 1}
    except (OSError, TypeError):
        return {"file": None, "line": None}
