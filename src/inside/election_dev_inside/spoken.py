"""What a consumer takes, as its source says it: read as syntax, nothing of it is run."""

import ast
import inspect
import re
import sys
import textwrap

# what a name of a subprotocol may consist of (RFC 6455, section 4.1, and RFC 2616's tokens)
TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+$")
# attributes and parameters that hold the names of subprotocols
DECLARED = re.compile("(?:subprotocols?|protocols)$", re.I)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOKS_UP = re.compile(r"\.objects\b|_default_manager\b|get_object_or_404|\.aget\(")


class Source:
    """One class of a consumer (or the function that it is), with its syntax."""

    def __init__(self, kind, text):
        self.kind, self.text = kind, text
        self.code = textwrap.dedent(text)
        self.tree = ast.parse(self.code)
        self.functions = [node for node in ast.walk(self.tree) if isinstance(node, FUNCTIONS)]
        self.is_own = "-packages" not in (inspect.getsourcefile(kind) or "")
        self.names = vars(sys.modules.get(kind.__module__, object()))


def sources_of(consumer):
    """The classes of a consumer, but for those of Channels itself, which take whatever comes."""
    kinds = consumer.__mro__ if isinstance(consumer, type) else (consumer if inspect.isfunction(consumer) else type(consumer),)
    for kind in kinds:
        if str(getattr(kind, "__module__", "")).split(".")[0] in ("channels", "builtins", "typing", "abc"):
            continue
        try:
            yield Source(kind, inspect.getsource(kind))
        except (OSError, TypeError, SyntaxError, ValueError):  # without a source
            continue


def looks_up(consumer):
    """Whether the project's own source of a consumer asks for rows where it is connected: in connect(), and in what that calls."""
    own = [source for source in sources_of(consumer) if source.is_own]
    if not isinstance(consumer, type):
        return any(LOOKS_UP.search(source.text) for source in own)
    methods = [(node.name, ast.get_source_segment(source.code, node) or "") for source in own for node in source.functions]
    reached, waiting = set(), {"connect", "websocket_connect"}
    while waiting:
        reached |= waiting
        texts = [text for name, text in methods if name in waiting]
        if any(LOOKS_UP.search(text) for text in texts):
            return True
        waiting = {name for name, _ in methods if any(re.search(r"\b%s\b" % name, text) for text in texts)} - reached
    return False


# --- the ping of a page: {"type": "ping"}


def answers_ping(consumer):
    """
    Whether a consumer tells {"type": "ping"} from other messages and has a pong for it. One that reads a key which
    that message lacks would be dead before it came to this, so it doesn't count.
    """
    sources = list(sources_of(consumer))
    if not any(re.search("pong", source.text, re.I) for source in sources):
        return False
    functions = [(source, function) for source in sources for function in source.functions]
    tells = [(function, list(compared(source, function))) for source, function in functions]
    reads = {key for _, function in functions for key, _ in keys_read(function)}
    for function, found in tells:
        for place, line in found:
            key = place or ("type" if "type" in reads else None)
            if key == "type" and all(survives(other, line if other is function else None) for other, _ in tells):
                return True
    return False


def survives(function, line):
    """Whether a function gets to this line with a message of no other keys; None: it is only passed through, where it receives."""
    if line is None and function.name not in ("receive", "receive_json", "websocket_receive", "decode_json"):
        return True
    return not any(isinstance(node, ast.Subscript) and key != "type" and (line is None or node.lineno < line)
                   for key, node in keys_read(function) if isinstance(getattr(node, "ctx", ast.Load()), ast.Load))


def compared(source, function, word="ping"):
    """Where something is compared with a word: the key that it was read from, where that can be told, and the line."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            sides = [node.left] + node.comparators
            if any(isinstance(side, ast.Dict) and word in strings(side.values, source) for side in sides):
                yield "type", node.lineno
            for side in sides:
                if word in strings(side, source):
                    yield next((key_of(other, function) for other in sides if other is not side), None), node.lineno
        elif isinstance(node, ast.Dict) and any(key is not None and word in strings(key, source) for key in node.keys):
            # a table of what to do
            yield None, node.lineno
        elif type(node).__name__ == "Match":  # Python 3.10
            for case in node.cases:
                pattern = case.pattern
                if type(pattern).__name__ == "MatchMapping":
                    for key, value in zip(pattern.keys, pattern.patterns):
                        if word in strings(getattr(value, "value", None), source):
                            yield getattr(key, "value", None), node.lineno
                elif any(word in strings(getattr(each, "value", None), source) for each in ast.walk(pattern)):
                    yield key_of(node.subject, function), node.lineno


def keys_read(function):
    """`x["key"]`, `x.get("key")` and `x.pop("key")` of a name."""
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(index(node), str):
            yield index(node), node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop") and node.args:
            if isinstance(node.func.value, ast.Name) and isinstance(literal(node.args[0]), str):
                yield literal(node.args[0]), node


def key_of(expression, function):
    """The key that an expression was read from, by itself or by the name that it was given."""
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    given = [node.value for node in ast.walk(function) if isinstance(node, ast.Assign)
             and any(isinstance(target, ast.Name) and target.id in names for target in node.targets)]
    given += [node.value for node in ast.walk(function) if type(node).__name__ == "NamedExpr" and node.target.id in names]
    for part in [expression] + given:
        found = next((key for key, _ in keys_read(ast.Module(body=[ast.Expr(value=part)], type_ignores=[]))), None)
        if found is not None:
            return found
    return None


# --- subprotocols


def subprotocols(consumer, given=None):
    """The subprotocols that a consumer wants a client to offer. `given`: what as_asgi() was called with."""
    sources = list(sources_of(consumer))
    found = [text for source in sources for text in demanded(source)]
    if not found and any("subprotocol" in source.text for source in sources):
        found = declared(consumer, sources, given or {})
    return list(dict.fromkeys(text for text in found if TOKEN.match(text)))


def demanded(source):
    """What it looks for among those that a client offers."""
    for function in source.functions:
        offered = offers(function)
        for node in ast.walk(function):
            sides = ()
            if isinstance(node, ast.Compare):
                sides = [node.left] + node.comparators
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
                sides = [node.left, node.right]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "intersection":
                sides = [node.func.value] + node.args
            if any(offered(side) for side in sides):
                for side in sides:
                    if not offered(side):
                        yield from strings(looped(side, function), source)


def looped(node, function):
    """Of the variable of a loop what it goes through: `for name in ("v3", "v2"): if name in offered`."""
    loops = [loop for loop in ast.walk(function) if isinstance(loop, (ast.For, ast.AsyncFor, ast.comprehension))]
    return next((loop.iter for loop in loops if isinstance(node, ast.Name) and getattr(loop.target, "id", None) == node.id), node)


def offers(function):
    """A test of expressions: whether it is what the client offers, or one of these."""
    names = set()

    def is_offered(node):
        return any(
            isinstance(part, ast.Name) and part.id in names
            or isinstance(part, ast.Subscript) and index(part) == "subprotocols"
            or isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "get"
            and part.args and literal(part.args[0]) == "subprotocols"
            for part in ast.walk(node))

    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and is_offered(node.value):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    for node in ast.walk(function):
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)) and is_offered(node.iter) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return is_offered


def declared(consumer, sources, given):
    """Those that it has by name where it is a library that chooses: given to as_asgi(), an attribute, a default, what it always accepts with."""
    kind = consumer if isinstance(consumer, type) else type(consumer)
    held = {} if isinstance(consumer, type) else vars(consumer)
    try:
        defaults = {name: one.default for name, one in inspect.signature(kind.__init__).parameters.items()}
    except (TypeError, ValueError):
        defaults = {}
    attributes = {name: value for each in reversed(kind.__mro__) for name, value in vars(each).items()}
    for values in (given, held, defaults, attributes):
        found = [text for name, value in values.items() if DECLARED.search(name) for text in texts(value)]
        if found:
            return found
    found = []
    for source in sources:
        for node in ast.walk(source.tree) if not source.is_own else ():
            if isinstance(node, ast.keyword) and node.arg == "subprotocol":
                found += strings(node.value, source)
            elif isinstance(node, ast.Dict):
                found += [text for key, value in zip(node.keys, node.values)
                          if key is not None and literal(key) == "subprotocol" for text in strings(value, source)]
    return found


# --- values


def literal(node):
    return node.value if isinstance(node, ast.Constant) else None


def index(subscript):
    # before Python 3.9 there is an Index around it
    return literal(subscript.slice.value if type(subscript.slice).__name__ == "Index" else subscript.slice)


def strings(node, source=None):
    """The strings that an expression is, or consists of, where reading alone tells it."""
    if isinstance(node, (list, tuple)):
        return [text for each in node for text in strings(each, source)]
    if isinstance(literal(node), str):
        return [literal(node)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return strings(node.elts, source)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "list", "tuple", "frozenset"):
        return strings(node.args, source)
    if source is None:
        return []
    if isinstance(node, ast.Name):
        return texts(source.names.get(node.id))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = source.kind if node.value.id in ("self", "cls") else source.names.get(node.value.id)
        return texts(inspect.getattr_static(owner, node.attr, None)) if owner is not None else []
    return []


def texts(value):
    values = value if isinstance(value, (list, tuple, set, frozenset)) else list(value) if isinstance(value, dict) else [value]
    return [str(each) for each in values if isinstance(each, str)]
