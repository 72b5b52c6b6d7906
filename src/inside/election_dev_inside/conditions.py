"""What conditions and paths of the settings come to, as far as their syntax and the environment tell."""

import ast
import os
import re
import sys

PRODUCTION = re.compile(r"^(prod|production|live|stag(e|ing)|deploy(ed)?|release|ci|heroku|docker)$", re.I)
TRUE = ("1", "true", "yes", "on", "y", "t")
EXAMPLES = re.compile(r"\.?env\.(example|sample|template|dist|dev\.example)$")


def upwards(folder):
    """A folder, and those that it lies in."""
    before = None
    while folder != before:
        yield folder
        folder, before = os.path.dirname(folder), folder


def name_of(node):
    return getattr(node, "attr", None) or getattr(node, "id", None)


class Conditions:
    def __init__(self):
        # what was assigned to a name first, and in which file
        self.values = {}

    def truth(self, node, depth=0):
        """Whether it holds; None where that can't be told. A DEBUG that the environment is to say is taken for true: that is how it is developed."""
        if depth > 8 or node is None:
            return None
        if isinstance(node, ast.Constant):
            return bool(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand, depth + 1)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            each, ends = [self.truth(value, depth + 1) for value in node.values], isinstance(node.op, ast.Or)
            return ends if ends in each else None if None in each else not ends
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self.compared(node.left, node.ops[0], node.comparators[0], depth)
        if isinstance(node, (ast.Name, ast.Attribute)):
            value = self.values.get(name_of(node), (None,))[0]
            known = self.truth(value, depth + 1)
            return True if known is None and re.search(r"(^|_)DEBUG$", name_of(node)) else known
        if isinstance(node, ast.Call):
            function = name_of(node.func)
            if function in ("exists", "isfile", "is_file"):
                return True
            if function == "bool" and isinstance(node.func, ast.Name) and node.args:
                return self.truth(node.args[0], depth + 1)
            asked = self.asked(node)
            if asked is not None:
                name, default = asked
                if name in os.environ:
                    return os.environ[name].lower() in TRUE if function == "bool" or node.keywords else bool(os.environ[name])
                if default is None and function not in ("get", "getenv"):
                    return True if name.endswith("DEBUG") else None
                return self.truth(default, depth + 1) if default is not None else False
        return None

    def compared(self, left, operator, right, depth):
        is_in, negated = isinstance(operator, (ast.In, ast.NotIn)), isinstance(operator, (ast.NotEq, ast.NotIn, ast.IsNot))
        if is_in and name_of(right) in ("environ", "argv"):
            if name_of(right) == "argv":
                return negated
            name = (self.text(left, depth + 1) or (None,))[0]
            return (name in os.environ) != negated if isinstance(name, str) else None
        if not isinstance(operator, (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)):
            return None
        known = self.text(left, depth + 1)
        others = right.elts if isinstance(right, (ast.Tuple, ast.List, ast.Set)) else [right]
        words = [other.value for other in others if isinstance(other, ast.Constant)]
        if len(words) != len(others):
            return None
        if known is None:
            debug = isinstance(left, ast.Name) and words in ([True], [False]) and self.truth(left, depth + 1)
            if isinstance(debug, bool) and words in ([True], [False]):
                return (debug is words[0]) != negated
            return negated if words and all(isinstance(word, str) and PRODUCTION.match(word) for word in words) else None
        return (known[0] in words) != negated

    def text(self, node, depth=0):
        """A value in a tuple of its own; None where it can't be told."""
        if depth > 8 or node is None:
            return None
        if isinstance(node, ast.Constant):
            return (node.value,)
        if isinstance(node, (ast.Name, ast.Attribute)):
            if (name_of(getattr(node, "value", None)), name_of(node)) in (("sys", "platform"), ("os", "name")):
                return (sys.platform if name_of(node) == "platform" else os.name,)
            return self.text(self.values.get(name_of(node), (None,))[0], depth + 1)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("lower", "upper", "strip", "casefold"):
                inner = self.text(node.func.value, depth + 1)
                return (getattr(inner[0], node.func.attr)(),) if inner and isinstance(inner[0], str) else None
            asked = self.asked(node)
            if asked is not None:
                name, default = asked
                if name in os.environ:
                    return (os.environ[name],)
                return self.text(default, depth + 1) if default is not None else (None,) if name_of(node.func) in ("get", "getenv") else None
        return None

    def asked(self, node):
        """A variable that is asked for, and the default that it has."""
        name = getattr((node.args or [None])[0], "value", None)
        owner = name_of(getattr(node.func, "value", None))
        if not isinstance(name, str) or not (name_of(node.func) in ("getenv", "config", "env", "bool", "str") or owner in ("environ", "env")):
            return None
        return name, next((word.value for word in node.keywords if word.arg == "default"), (node.args[1:] or [None])[0])

    def nearest(self, file):
        """The `.env` that is found from a file upwards; where there is none, the one that would be beside its example, or beside manage.py."""
        for folder in upwards(os.path.dirname(os.path.abspath(file))):
            if os.path.isfile(os.path.join(folder, ".env")):
                return os.path.join(folder, ".env")
        for folder in upwards(os.getcwd()):
            names = os.listdir(folder)
            if any(EXAMPLES.match(name) for name in names):
                return os.path.join(folder, ".env")
            if ".git" in names:
                break
        return os.path.abspath(".env")

    def path(self, node, file):
        """A path that is written out, absolute."""
        found = self.part(node, file, 0)
        return None if found is None else os.path.abspath(found)

    def part(self, node, file, depth):
        def inner(each, where=file):
            return self.part(each, where, depth + 1)

        if depth > 12 or node is None:
            return None
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            value, where = (node, file) if node.id == "__file__" else self.values.get(node.id, (None, file))
            return os.path.abspath(file) if value is node else inner(value, where)
        if isinstance(node, ast.Attribute):
            return up(inner(node.value), 1) if node.attr == "parent" else None
        if isinstance(node, ast.Subscript):
            index = getattr(node.slice, "value", None)
            index = getattr(index, "value", index)
            is_parents = name_of(node.value) == "parents" and isinstance(index, int)
            return up(inner(node.value.value), index + 1) if is_parents else None
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Sub) and isinstance(node.right, ast.Constant):
                return up(inner(node.left), node.right.value)
            return joined([inner(node.left), inner(node.right)]) if isinstance(node.op, ast.Div) else None
        if not isinstance(node, ast.Call):
            return None
        function, parts = name_of(node.func), [inner(each) for each in node.args]
        if function in ("Path", "str", "abspath", "realpath", "normpath", "fspath"):
            return joined(parts) if parts else "."
        if function in ("resolve", "absolute"):
            return inner(node.func.value)
        if function == "dirname":
            return up(parts[0], 1) if parts else None
        if function == "join":
            return joined(parts)
        if function in ("joinpath", "path"):
            return joined([inner(node.func.value)] + parts)
        # an environ.Path is called with what is below it
        return joined([inner(node.func)] + parts) if isinstance(node.func, ast.Name) else None


def up(path, times):
    for _ in range(times):
        path = None if path is None else os.path.dirname(path)
    return path


def joined(parts):
    return None if None in parts else os.path.join(*parts)
