"""By which field of which model a consumer looks up what a parameter of its path names: read as syntax, nothing of it is run."""

import ast

from .spoken import index, literal, sources_of

QUERIES = ("get", "aget", "filter", "get_or_create", "aget_or_create", "get_object_or_404", "aget_object_or_404")


def lookups(parameter, consumer):
    """`(names, field, fixed)` of each query: the names that it is reached by, a model's among them; `slug`, `slug__iexact`, `room__pk`; what else it asks for."""
    sources = [source for source in sources_of(consumer) if source.is_own]
    known = names_of(parameter, sources)
    for source in sources:
        for call in calls(source):
            called = unwrapped(call)
            names = chain(called)
            if not names or names[-1] not in QUERIES:
                continue
            # get_object_or_404(Room, slug=…), and Room.objects.get(slug=…)
            reached = chain(call.args[0]) if names[-1].endswith("_or_404") and call.args else names[:-1]
            fixed = {each.arg: each.value.value for each in call.keywords if each.arg and isinstance(each.value, ast.Constant)}
            for keyword in call.keywords:
                if keyword.arg is not None and is_value(keyword.value, parameter, known):
                    yield reached, keyword.arg, fixed


def names_of(parameter, sources):
    """The variables, attributes and arguments of the consumer's own methods that hold a parameter: `room`, `self.room`."""
    known = set()
    methods = {function.name: function for source in sources for function in source.functions}
    before = None
    while before != len(known):
        before = len(known)
        for source in sources:
            for node in ast.walk(source.tree):
                targets, value = assigned(node)
                if value is not None and is_value(value, parameter, known) and not asks(value):
                    known.update(filter(None, map(key, targets)))
            for call in calls(source):
                method = methods.get((chain(unwrapped(call)) or [""])[-1])
                if method is None:
                    continue
                arguments = [each.arg for each in method.args.args if each.arg not in ("self", "cls")]
                given = list(zip(arguments, call.args)) + [(each.arg, each.value) for each in call.keywords]
                known.update(name for name, value in given if name is not None and is_value(value, parameter, known))
    return known


def asks(node):
    """Whether something is asked of the database for a value: what is found is no parameter."""
    return any(isinstance(each, ast.Attribute) and each.attr in ("objects", "_default_manager") for each in ast.walk(node))


def assigned(node):
    """What a statement or expression gives a value to, and the value."""
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, ast.AnnAssign) or type(node).__name__ == "NamedExpr":
        return [node.target], node.value
    return [], None


def is_value(node, parameter, known):
    """Whether an expression is the parameter, or a conversion of it; a text that it is a part of is another value."""
    parts = list(ast.walk(node))
    if any(isinstance(each, (ast.JoinedStr, ast.BinOp)) for each in parts):
        return False
    return any(key(each) in known or key_read(each) == parameter for each in parts)


def key_read(node):
    """The key of `kwargs["key"]` and of `kwargs.get("key")`, of the route's own parameters alone: a message has keys of its own."""
    is_get = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args
    owner = node.value if isinstance(node, ast.Subscript) else node.func.value if is_get else None
    if owner is None or not any("kwargs" in word or word == "url_route" for word in words(owner)):
        return None
    return index(node) if isinstance(node, ast.Subscript) else literal(node.args[0])


def words(node):
    for each in ast.walk(node):
        word = getattr(each, "id", None) or getattr(each, "attr", None) or literal(each)
        if isinstance(word, str):
            yield word


def key(node):
    if isinstance(node, ast.Name):
        return node.id
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return "self." + node.attr if is_own else None


def calls(source):
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def unwrapped(call):
    """What is called: `get` of `sync_to_async(Room.objects.get)(…)` as well."""
    func = call.func
    return func.args[0] if isinstance(func, ast.Call) and func.args else func


def chain(node):
    """The names of `Room.objects.select_related("owner").get`, from the first."""
    names = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return names[::-1]
    return [node.id] + names[::-1]
