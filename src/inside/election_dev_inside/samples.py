"""A path that a WebSocket route takes, its parameters filled: by a row that is there where a name tells the model, else by converter or pattern."""

import inspect
import re
from urllib.parse import quote

from .lookups import lookups

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
# how long a text may be that is held against a pattern which backtracks: some 10 ms
MOST_SIGNS = 16
# parameters that are who the page is, and what stands in their place for the launcher to fill in
CREDENTIALS = ("token", "jwt", "access", "access_token", "auth_token")
TOKEN_PLACE = "election-dev-token"
# what stands in a path as it is (RFC 3986, section 3.3), with the slashes of the route
SAFE = "/:@!$&'()*+,;=~"
# what nobody gives away, and no path is filled with
PRIVATE = re.compile("pass|secret|token|api_?key|private_?key|session_?key", re.I)
# keys that the database counts by itself
SERIAL = ("AutoField", "BigAutoField", "SmallAutoField")
# apps whose rows are credentials
PRIVATE_APPS = ("sessions", "authtoken", "knox", "token_blacklist")
CATEGORIES = {"DIGIT": r"\d", "NOT_DIGIT": r"\D", "WORD": r"\w", "NOT_WORD": r"\W", "SPACE": r"\s", "NOT_SPACE": r"\S"}


class Sample:
    """How a path for a route was come by."""

    def __init__(self, consumer, row=0):
        self.path = None
        # parameters whose value is made up, with the model whose table has no row where the name tells one, and what a row of it would need
        self.unfilled = []
        # the names of the models that its parameters are of
        self.models = []
        # which of the rows that are there; None: of none
        self._consumer, self._row = consumer, row

    def value(self, name, made_up):
        """The value of a parameter, made up where nothing knows it."""
        if name is not None and name.lower() in CREDENTIALS:
            return TOKEN_PLACE
        value, asked = row_value(name, self._consumer, self._row) if self._row is not None else (None, None)
        if asked is not None:
            self.models.append(asked[0].__name__)
        if value is not None:
            return value
        value = made_up()
        self.unfilled.append(dict(wanted(*asked) if asked is not None else {"model": None}, name=name or "a part", value=value))
        return value

    def fill(self, patterns):
        """Whether the patterns take what they are filled with."""
        path = ""
        for pattern in patterns:
            try:
                part = filled(pattern, self.value)
                # nothing stops a match that backtracks, and the server waits for it
                if len(part) > (MOST_SIGNS if backtracks(parser.parse(pattern.regex.pattern)) else MOST_REPEATS):
                    return False
            except Exception:  # a pattern of another kind, or one that nothing short fits
                return False
            if pattern.match(part) is None:
                return False
            path += quote(part, safe=SAFE)
        self.path = "/" + path
        return True


def sample(patterns, consumer):
    """A path for the patterns of a route, from the outermost router's to its own, where one can be made."""
    # a row may hold what the pattern doesn't take
    for row in (0, 1, 2, 3, None):
        made = Sample(consumer, row)
        if made.fill(patterns):
            break
    return made


def backtracks(nodes, repeated=False):
    """Whether a match may take exponential time: what is repeated has a choice in it, another repeat or a branch, as in `(a+)+`."""
    for op, value in nodes:
        op = str(op)
        if op in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = value
            if (repeated and least != most) or backtracks(inner, most > 1 and not delimited(inner)):
                return True
        elif op == "BRANCH":
            if repeated or any(backtracks(each) for each in value[1]):
                return True
        elif op in ("SUBPATTERN", "ASSERT", "ASSERT_NOT") and backtracks(value[-1], repeated):
            return True
    return False


def delimited(nodes):
    """Whether each round of a repeat is told by a sign that stands in it once, as in `(?:-[a-z]+)*`: then it can match in one way only."""
    if len(nodes) == 1 and str(nodes[0][0]) == "SUBPATTERN":
        return delimited(nodes[0][1][-1])
    if any(str(op) == "BRANCH" for op, _ in nodes):
        return False
    signs = [chr(value) for op, value in (nodes[0], nodes[-1]) if str(op) == "LITERAL"]
    repeats = [value[2] for op, value in nodes if str(op).endswith("_REPEAT")]
    return any(all(len(inner) == 1 and not takes_all(inner[0], sign) for inner in repeats) for sign in signs)


def takes_all(node, sign):
    op, value = node
    return str(op) not in ("IN", "ANY", "NOT_LITERAL") or takes(str(op), value, sign)


def filled(pattern, value_of):
    route = getattr(pattern, "_route", None)
    if route is None:
        tree = parser.parse(str(pattern._regex))
        names = {number: name for name, number in tree.state.groupdict.items()}
        return text_of(tree, lambda number, made_up: value_of(names.get(number), made_up) if number is not None else made_up())

    def value(match):
        name = match.group("name")
        return value_of(name, lambda: of_converter(pattern.converters[name]))

    return re.sub(r"<(?:[^>:]+:)?(?P<name>[^>]+)>", value, str(route))


def of_converter(converter):
    known = CONVERTERS.get(type(converter).__name__)
    return known if known is not None else text_of(parser.parse(converter.regex), lambda number, made_up: made_up())


def text_of(nodes, group):
    """A short text that a parsed pattern takes; `group` may know a better value for a group's number than one that is made up."""
    text = ""
    for op, value in nodes:
        op = str(op)
        if op == "LITERAL":
            text += chr(value)
        elif op in ("ANY", "NOT_LITERAL", "IN"):
            text += next(sign for sign in SIGNS if takes(op, value, sign) and sign != "/")
        elif op.endswith("_REPEAT"):
            text += repeated(*value, group=group)
        elif op == "SUBPATTERN":
            text += group(value[0], lambda: text_of(value[-1], group))
        elif op == "ATOMIC_GROUP":
            text += text_of(value, group)
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



def row_value(name, consumer, row):
    """
    The value of a parameter in a row that is there, only read, and what it is of: the model, the name of the field, what else
    is asked for. Neither where the consumer's source, and its name, tell no model.
    """
    asked = []
    for model, field, fixed in models_of(name or "", consumer):
        if PRIVATE.search(field) or model._meta.app_label in PRIVATE_APPS:
            continue
        try:
            values, known = first_values(model, field.split("__"), fixed)
            # a table with rows that don't fit isn't empty
            if known and (values or not model._default_manager.exists()):
                asked.append((model, field, fixed))
        except Exception:  # no table yet, no database
            continue
        if values:
            return values[min(row, len(values) - 1)], (model, field, fixed)
    return None, asked[0] if asked else None


def wanted(model, field, fixed):
    """What a row needs that a consumer finds: of keys that the database gives out nothing is said, and a user is none of this."""
    from django.contrib.auth import get_user_model

    fields = {each.name: each for each in model._meta.concrete_fields}
    found = fields.get(field.split("__")[0] if field != "pk" else model._meta.pk.name)
    is_given = found is not None and not found.is_relation and found.get_internal_type() not in SERIAL
    plain = {name: value for name, value in fixed.items() if name in fields and isinstance(value, (str, int, bool))}
    if model is get_user_model():
        return {"model": model._meta.label}
    return {"model": model._meta.label, "field": found.name if is_given else None, "fixed": plain}


def first_values(model, path, fixed):
    """Values of a field in the first rows that have one, and whether the model has such a field: `slug`, `room__slug`, `slug__iexact`."""
    from django.core.exceptions import FieldError

    if path in (["id"], ["uuid"], ["slug"]) and path[0] not in {each.name for each in model._meta.get_fields()}:
        path = ["pk"]
    while path:
        name = "__".join(path)
        try:
            rows = model._default_manager.filter(**fixed).order_by("pk").values_list(name, flat=True)[:20]
            # an empty one makes another path, and these are gone before they are sent
            return [str(value) for value in rows if value is not None and str(value) not in ("", ".", "..")], True
        except FieldError:
            # the last part may be a lookup
            path = path[:-1]
    return [], False


def models_of(name, consumer):
    """The models that a parameter may be of, each with the name of the field."""
    from django.apps import apps

    every = list(apps.get_models())
    asked = [(model, field, fixed) for names, field, fixed in lookups(name, consumer) for model in every if model.__name__ in names]
    if asked:
        return asked
    name = name.lower()
    base, _, last = name.rpartition("_")
    # `motion_id`, `motion_slug`, `room_name`: the model's name and which of its fields; `motion` alone as well
    found = [(model, last, {}) for model in every if base and model.__name__.lower() == base.replace("_", "")]
    found += [(model, "pk", {}) for model in every if model.__name__.lower() == name.replace("_", "")]
    if not found and name in ("id", "pk", "slug", "uuid", "code", "name"):
        try:
            source = inspect.getsource(consumer)
        except (OSError, TypeError):  # it has none of its own
            return []
        found = [(model, name, {}) for model in every if re.search(r"\b%s\b" % model.__name__, source)]
    return found
