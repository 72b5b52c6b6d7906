"""A path that a WebSocket route takes, its parameters filled: by a row that is there where a name tells the model, else by converter or pattern."""

import inspect
import re

try:
    from re import _parser as parser  # Python 3.11
except ImportError:
    import sre_parse as parser

UUID = "00000000-0000-4000-8000-000000000000"
CONVERTERS = {"IntConverter": "1", "UUIDConverter": UUID, "SlugConverter": "example", "StringConverter": "example", "PathConverter": "example"}
# what a repeated sign is tried as, before one that merely fits
WORDS = ("example", UUID, "1")
SIGNS = "a1A-_.~:@" + "".join(map(chr, range(33, 127)))
MOST_REPEATS = 200
# parameters that are who the page is, and what stands in their place for the launcher to fill in
CREDENTIALS = ("token", "jwt", "access", "access_token", "auth_token")
TOKEN_PLACE = "election-dev-token"
CATEGORIES = {"DIGIT": r"\d", "NOT_DIGIT": r"\D", "WORD": r"\w", "NOT_WORD": r"\W", "SPACE": r"\s", "NOT_SPACE": r"\S"}


def sample(patterns, consumer, unfilled):
    """A path for the patterns of a route, from the outermost router's to its own; None where one can't be filled. What nothing tells goes into `unfilled`."""
    path = ""
    for pattern in patterns:
        try:
            part = filled(pattern, lambda name: told(name, consumer, unfilled))
        except Exception:  # a pattern of another kind, or one that nothing short fits
            return None
        if pattern.match(part) is None:
            return None
        path += part
    return "/" + path


def filled(pattern, known):
    route = getattr(pattern, "_route", None)
    if route is None:
        tree = parser.parse(str(pattern._regex))
        names = {number: name for name, number in tree.state.groupdict.items()}
        return text_of(tree, lambda number: known(names.get(number)))

    def value(match):
        name = match.group("name")
        return known(name) or of_converter(pattern.converters[name])

    return re.sub(r"<(?:[^>:]+:)?(?P<name>[^>]+)>", value, str(route))


def of_converter(converter):
    known = CONVERTERS.get(type(converter).__name__)
    return known if known is not None else text_of(parser.parse(converter.regex), lambda number: None)


def text_of(nodes, group):
    """A short text that a parsed pattern takes; `group` may know a value for a group's number."""
    text = ""
    for op, value in nodes:
        op = str(op)
        if op == "LITERAL":
            text += chr(value)
        elif op in ("ANY", "NOT_LITERAL", "IN"):
            text += next(sign for sign in SIGNS if takes(op, value, sign) and sign != "/")
        elif op.endswith("_REPEAT"):
            text += repeated(*value, group=group)
        elif op in ("SUBPATTERN", "ATOMIC_GROUP"):
            known = group(value[0]) if op == "SUBPATTERN" else None
            text += known if known is not None else text_of(value[-1] if op == "SUBPATTERN" else value, group)
        elif op == "BRANCH":
            text += text_of(value[1][0], group)
    return text


def repeated(least, most, nodes, group):
    (op, value), *others = nodes
    if not others and str(op) in ("ANY", "NOT_LITERAL", "IN"):
        for word in WORDS:
            if least <= len(word) <= most and all(takes(str(op), value, sign) for sign in word):
                return word
    # what may be left out is, but for the whole of a parameter
    return text_of(nodes, group) * min(max(least, 1 if str(op) in ("ANY", "IN") else 0), MOST_REPEATS)


def takes(op, value, sign):
    if op != "IN":
        return op == "ANY" or ord(sign) != value
    negated = str(value[0][0]) == "NEGATE"
    return negated != any(is_in(str(kind), what, sign) for kind, what in value if str(kind) != "NEGATE")


def is_in(kind, what, sign):
    if kind == "RANGE":
        return what[0] <= ord(sign) <= what[1]
    if kind == "CATEGORY":
        return re.match(CATEGORIES[str(what).replace("CATEGORY_", "", 1)], sign) is not None
    return ord(sign) == what


def told(name, consumer, unfilled):
    """What a parameter of this name stands for; None, and a word in `unfilled`, where nothing tells."""
    if name is None or name.lower() in CREDENTIALS:
        return name and TOKEN_PLACE
    value, empty = row_value(name, consumer)
    if value is None:
        unfilled.append({"name": name, "model": empty})
    return value


def row_value(name, consumer):
    """The value of a parameter in a row that is there, only read, and the model whose table has none; its name, or the consumer's source, tells the model."""
    from django.apps import apps

    base, _, last = name.lower().rpartition("_")
    # `motion_id`, `motion_pk`, `motion_slug`: the model's name, and which of its fields; `pk` and `motion` alone as well
    field, model_name = (last, base) if last in ("id", "pk", "slug", "uuid") else ("pk", name.lower().replace("_", ""))
    models = [model for model in apps.get_models() if model.__name__.lower() == model_name.replace("_", "")]
    if not models and name.lower() in ("id", "pk", "slug", "uuid", "code", "name"):
        try:
            source = inspect.getsource(consumer)
        except (OSError, TypeError):  # it has none of its own
            return None, None
        field, models = name.lower(), [model for model in apps.get_models() if re.search(r"\b%s\b" % model.__name__, source)]
    empty = None
    for model in models:
        try:
            names = {each.name for each in model._meta.get_fields()}
            value = model._default_manager.order_by("pk").values_list(field if field in names else "pk", flat=True).first()
        except Exception:  # no table yet, no database
            continue
        if value is not None:
            return str(value), None
        empty = empty or model._meta.label
    return None, empty
