"""A token for a user of the project, by what its own packages mint, and where its source reads one."""

import ast
import datetime
import inspect
import re
import sys

from .borrowed import LIFE, database_elsewhere, keep
from .frames import is_own
from .identity import name_of
from .telling import tell

# what a middleware says that a token of each kind is read by
KINDS = (("knox", ("knox",)), ("authtoken", ("rest_framework.authtoken",)),
         ("simplejwt", ("rest_framework_simplejwt",)), ("jwt", ("import jwt", "from jwt")))
# how far from a middleware or a consumer the module may be that knows what a token is
DEEPEST = 4
NOTHING = "nothing that it is made of reads a token of a package that is installed"
# how an Authorization header begins
SCHEMES = ("bearer", "token", "jwt")
# what a subprotocol that a token follows is called
WORDS = ("access_token", "access-token", "bearer", "jwt", "token", "authorization", "auth")
# what a module speaks of that reads anything of a client
SENT = re.compile("query_string|parse_qs|QueryDict|cookie|headers|subprotocol", re.I)
# how a cookie is looked for in its header: `fleet_access=([^;]+)`
COOKIE = re.compile(r"([\w-]+)=\([^()]*[\[.\\]")
# keys of a scope that lead to what a client sends
SOURCES = (("query", ("query_string", "parse_qs", "QueryDict")), ("cookie", ("cookies", "parse_cookie", "SimpleCookie", "BaseCookie")), ("header", ("headers",)))


def facts(middleware, consumers, user, anywhere, lasting):
    """
    The token, and where it goes, the likeliest place first; without a user only the places.
    `lasting`: the account is the tool's own, and so is what is kept for it.
    """
    readers = [each if inspect.isfunction(each) else type(each) for each in middleware] + consumers
    modules = own_modules(readers, 1)
    sources = list(map(source_of, modules))
    places = [place for module, source in zip(modules, sources) for place in places_in(module, source)]
    told = {"places": [place for number, place in enumerate(places) if place not in places[:number]]}
    if user is None:
        tell("token", **told)
        return
    # what a token is may stand further away than where it is read
    kind = kind_of("\n".join(sources)) or kind_of("\n".join(map(source_of, own_modules(readers, DEEPEST))))
    if kind is None:
        tell("token", token=None, why=NOTHING if sources else "djangorestframework-simplejwt is not installed", user=name_of(user), **told)
        return
    place = None if anywhere or kind not in KEPT else elsewhere(kind, user)
    why = "tokens are kept on %s, which is another machine" % place if place else None
    token = None if place else MAKERS[kind](user, lasting)
    tell("token", token=token, kind=kind, why=why, elsewhere=place, user=name_of(user), **told)


def own_modules(readers, deepest):
    """The project's own modules that these are written in, and those that they use, so many steps away."""
    names = [base.__module__ for kind in readers for base in getattr(kind, "__mro__", (kind,)) if hasattr(base, "__module__")]
    seen, found, last = set(), [], []
    for step in range(deepest + 1):
        if step:
            values = [value for module in last for value in list(vars(module).values())]
            names = [value.__name__ if inspect.ismodule(value) else value.__module__ for value in values
                     if inspect.isfunction(value) or inspect.isclass(value) or inspect.ismodule(value)]
        fresh = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(fresh)
        last = [module for module in map(sys.modules.get, fresh) if getattr(module, "__file__", None) and is_own(module.__file__)]
        found += last
    return found


def source_of(module):
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):  # compiled, or empty
        return ""


def kind_of(text):
    """The kind of token that the sources read, of those that can be had; where no source could be read, the one that is installed."""
    there = [kind for kind, _ in KINDS if is_installed(kind)]
    read = [kind for kind, words in KINDS if kind in there and any(word in text for word in words)]
    return (read or [kind for kind in there if kind == "simplejwt" and not text] or [None])[0]


def is_installed(kind):
    from django.apps import apps

    if kind in ("knox", "authtoken"):
        return apps.is_installed("knox" if kind == "knox" else "rest_framework.authtoken")
    try:
        __import__("rest_framework_simplejwt.tokens" if kind == "simplejwt" else "jwt")
    except ImportError:
        return False
    return True


def simplejwt(user, _):
    """Nothing is stored."""
    from rest_framework_simplejwt.tokens import AccessToken

    token = AccessToken.for_user(user)
    token.set_exp(lifetime=datetime.timedelta(seconds=LIFE))
    return str(token)


def authtoken(user, lasting):
    """A user has one and no more: whoever logs in meanwhile gets this one, and would be logged out with it."""
    from rest_framework.authtoken.models import Token

    token = Token.objects.filter(user=user).first()
    if token is None:
        token = Token.objects.create(user=user)
        if not lasting:
            keep(token)
    return token.key


def knox(user, _):
    from knox.models import AuthToken

    made, token = AuthToken.objects.create(user, expiry=datetime.timedelta(seconds=LIFE))
    keep(made)
    return token


def jwt(user, _):
    """With the claims that projects which read one by themselves go by; nothing is stored."""
    import time

    import jwt as library
    from django.conf import settings

    now, key = int(time.time()), user.pk if isinstance(user.pk, int) else str(user.pk)
    claims = {"user_id": key, "id": key, "sub": str(key), "username": str(user.get_username()), "email": getattr(user, "email", ""),
              "token_type": "access", "iat": now, "exp": now + LIFE}
    token = library.encode(claims, settings.SECRET_KEY, algorithm="HS256")
    return token.decode() if isinstance(token, bytes) else token


def elsewhere(kind, user):
    """The machine that a token would be written to, where it isn't this one."""
    if kind == "knox":
        from knox.models import AuthToken as model
    else:
        from rest_framework.authtoken.models import Token as model

        if model.objects.filter(user=user).exists():
            return None
    return database_elsewhere(model)


# those that are rows of a table
KEPT = ("authtoken", "knox")
MAKERS = {"simplejwt": simplejwt, "authtoken": authtoken, "knox": knox, "jwt": jwt}


def places_in(module, source):
    """Where a module reads a token: in the query, a cookie, a header or a subprotocol, and by what name."""
    # most modules have nothing to do with what a client sends
    if not SENT.search(source):
        return []
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    reading = Reading(module, source)
    reading.visit(tree)
    return reading.places()


class Reading(ast.NodeVisitor):
    """Goes through a module for keys that are looked up in what a client sends."""

    def __init__(self, module, source):
        self.module, self.source = module, source
        self.assigned = {}
        self.values = {}
        self.found = []
        self.texts = []
        self.prefixes = []
        self.subprotocols = False

    def visit_Assign(self, node):
        for target in node.targets:
            name = getattr(target, "id", None) or getattr(target, "attr", None)
            if name:
                self.assigned[name] = self.written(node.value)
                self.values[name] = node.value
        self.generic_visit(node)

    def visit_Constant(self, node):
        text = text_of(node.value)
        if text is not None:
            self.texts.append(text)
            # a pattern that is looked for in the whole header of cookies
            pattern = COOKIE.search(text)
            if pattern and "cookie" in self.source.lower():
                self.found.append(("cookie", pattern.group(1)))
            self.subprotocols = self.subprotocols or text.lower() in ("subprotocols", "sec-websocket-protocol")

    def visit_Subscript(self, node):
        # Python 3.8 has an index around the key
        self.look_up(node.value, getattr(node.slice, "value", node.slice) if type(node.slice).__name__ == "Index" else node.slice)
        self.generic_visit(node)

    def visit_Call(self, node):
        name = getattr(node.func, "attr", None)
        if node.args and name in ("get", "pop", "getlist"):
            self.look_up(node.func.value, node.args[0])
        if node.args and name in ("startswith", "removeprefix"):
            prefix = self.value_of(node.args[0])
            if prefix and prefix[-1] == "=" and "cookie" in self.source.lower():
                self.found.append(("cookie", prefix[:-1]))
            elif prefix and prefix not in self.prefixes:
                self.prefixes.append(prefix)
        self.generic_visit(node)

    def visit_Compare(self, node):
        for each in (node.left, *node.comparators):
            text = text_of(getattr(each, "value", None))
            # `if name == b"authorization"`, in a walk through the headers
            if text and (text.lower() == "authorization" or text.lower().startswith("x-")):
                self.found.append(("header", text))
        self.generic_visit(node)

    def look_up(self, base, key):
        name, text = self.value_of(key), self.written(base)
        for _ in range(3):
            text = " ".join([text] + [value for variable, value in self.assigned.items() if variable in text.replace(".", " ").replace("(", " ").split()])
        place = next((place for place, words in SOURCES if any(word in text for word in words)), None)
        if name and place and name.lower() not in ("query_string", "cookies", "headers", "cookie", "host", "origin", "sec-websocket-protocol"):
            self.found.append((place, name))

    def value_of(self, node):
        """A text that stands there, or that a name of the module, of a class in it or a setting has."""
        return text_of(self.constant(node))

    def constant(self, node, depth=0):
        """What an expression is, where names and settings alone tell it: nothing of the project is called."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            value = vars(self.module).get(node.id)
            return value if value is not None or depth > 3 else self.constant(self.values.get(node.id), depth + 1)
        if isinstance(node, ast.Attribute):
            if getattr(node.value, "id", None) in ("self", "cls"):
                kinds = [kind for kind in vars(self.module).values() if inspect.isclass(kind) and node.attr in vars(kind)]
                return vars(kinds[0])[node.attr] if kinds else None if depth > 3 else self.constant(self.values.get(node.attr), depth + 1)
            return self.member(self.constant(node.value, depth), node.attr)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "getattr" and len(node.args) > 1:
            found = self.member(self.constant(node.args[0], depth), text_of(self.constant(node.args[1], depth)) or "")
            return self.constant(node.args[2], depth) if found is None and len(node.args) > 2 else found
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "get" and node.args:
            values = self.constant(node.func.value, depth)
            found = values.get(self.constant(node.args[0], depth)) if type(values) is dict else None
            return self.constant(node.args[1], depth) if found is None and len(node.args) > 1 else found
        if isinstance(node, ast.Subscript):
            values = self.constant(node.value, depth)
            key = getattr(node.slice, "value", node.slice) if type(node.slice).__name__ == "Index" else node.slice
            return values.get(self.constant(key, depth)) if type(values) is dict else None
        return None

    @staticmethod
    def member(owner, name):
        from django.conf import settings

        return getattr(settings, name, None) if owner is settings else vars(owner).get(name) if inspect.ismodule(owner) or inspect.isclass(owner) else None

    def written(self, node):
        return ast.get_source_segment(self.source, node) or ""

    def places(self):
        known = [text.strip().lower() for text in self.texts]
        schemes = [scheme for scheme in SCHEMES if scheme in known]
        for place, name in self.found:
            if place == "header":
                for scheme in schemes if name.lower() == "authorization" and schemes else [None]:
                    yield {"in": "header", "name": name, "prefix": scheme and scheme.upper() if scheme == "jwt" else scheme and scheme.title()}
            else:
                yield {"in": place, "name": name, "prefix": None}
        if self.subprotocols:
            for prefix in self.prefixes:
                yield {"in": "subprotocol", "name": None, "prefix": prefix}
            for word in WORDS:
                if word in known:
                    yield {"in": "subprotocol", "name": next(text for text in self.texts if text.strip().lower() == word), "prefix": None}
            yield {"in": "subprotocol", "name": None, "prefix": None}


def text_of(value):
    if isinstance(value, bytes):
        value = value.decode("latin1")
    return value if isinstance(value, str) and len(value) < 100 else None
