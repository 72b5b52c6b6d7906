"""Modules that the project's own import and nobody has: read as syntax, so that all of them are known in one go and none of it runs."""

import ast
import importlib.util
import os
import re
import time

from .folder import HERE
from .telling import tell

MOST, SECONDS = 400, 1.5
# what Django imports by itself of each app (django/apps/config.py, django/contrib/admin)
OF_APPS = ("", ".apps", ".models", ".admin")
LISTS = ("APPS", "MIDDLEWARE")


def tell_missing(names):
    """Modules that are nowhere."""
    missing = {}
    for file, _, wanted in modules_from(names):
        for name, line in wanted:
            top = name.split(".")[0]
            if top not in missing and not is_own(top) and not is_there(top):
                missing[top] = {"module": top, "file": file, "line": line}
    tell("imports", missing=list(missing.values()))


def tell_samples(names):
    """Modules of the project that aren't there while what they are to be copied from is; an import of one may be allowed to fail."""
    found = {}
    for file, tree, _ in modules_from(names, named=False):
        for module, line in wanted_by(tree, file, module_of(file), False, allowed=True):
            parts = module.split(".")
            for depth in range(1, len(parts) + 1):
                name = ".".join(parts[:depth])
                if not os.path.isdir(os.path.join(HERE, *parts[:depth])):
                    sample = None if name in found or file_of(name) else sample_of(os.path.join(*parts[:depth]))
                    if sample:
                        found[name] = {"module": name, "file": file, "line": line, "path": os.path.join(*parts[:depth]) + ".py", "sample": sample}
                    break
    tell("samples", modules=list(found.values()))


def module_of(file):
    return os.path.splitext(file)[0].replace(os.sep, ".").replace(".__init__", "")


def sample_of(path):
    """`local_settings.py.sample`, `local_settings.example.py`, `example_local_settings.py` …"""
    folder, name = os.path.split(path)
    word = "(?:sample|example|dist|template|tmpl|default|skel|orig)"
    fits = re.compile(r"%s[._-](?:py[._-])?%s(?:\.py)?$|%s[._-]%s\.py$" % (re.escape(name), word, word, re.escape(name)))
    try:
        names = sorted(os.listdir(os.path.join(HERE, folder)))
    except OSError:
        return None
    return next((os.path.join(folder, each) for each in names if fits.match(each)), None)


def modules_from(names, named=True):
    """The project's modules from these on, as an import goes through them: file, syntax, and what each of them wants."""
    end = time.monotonic() + SECONDS
    waiting, seen = [name for name in names if name], set()
    while waiting and len(seen) < MOST and time.monotonic() < end:
        name = waiting.pop(0)
        file = file_of(name)
        tree = None if file is None or file in seen else syntax_of(file)
        if tree is None:
            continue
        seen.add(file)
        wanted = list(wanted_by(tree, file, name, named))
        yield file, tree, wanted
        for module, _ in wanted:
            if is_own(module.split(".")[0]):
                waiting += [module, module.rpartition(".")[0]]


def syntax_of(file):
    try:
        with open(os.path.join(HERE, file), "rb") as source:
            return ast.parse(source.read(1 << 20))
    except (OSError, SyntaxError, ValueError):
        return None


def file_of(name):
    """The file of a module below the working folder, which is first on the path."""
    path = os.path.join(*name.split("."))
    return next((file for file in (path + ".py", os.path.join(path, "__init__.py")) if os.path.isfile(os.path.join(HERE, file))), None)


def is_own(top):
    return os.path.isfile(os.path.join(HERE, top + ".py")) or os.path.isdir(os.path.join(HERE, top))


def is_there(top):
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):  # one that stands in sys.modules without a spec
        return True


def wanted_by(tree, file, name, named, allowed=False):
    """Modules that a file imports as it is imported itself, with their lines; of settings also those that they name, where `named` asks for these. `allowed`: those as well whose import may fail."""
    package = name if os.path.basename(file) == "__init__.py" else name.rpartition(".")[0]
    for node in run_at_import(tree.body, allowed):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join(up + ([node.module] if node.module else []))
            for alias in node.names:
                yield ("%s.%s" % (base, alias.name)).strip("."), node.lineno
        elif named and isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            yield from named_by(node)


def run_at_import(body, allowed=False):
    """The statements that run with the import and have to succeed: none of a function, none whose failure is caught."""
    for node in body:
        yield node
        if not allowed and isinstance(node, ast.Try) and any(catches_import(handler) for handler in node.handlers):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from run_at_import(node.orelse, allowed)
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.ClassDef)):
            for part in ("body", "orelse", "finalbody"):
                yield from run_at_import(getattr(node, part, []), allowed)


def catches_import(handler):
    return handler.type is None or any(word in ast.dump(handler.type) for word in ("ImportError", "ModuleNotFound", "'Exception'"))


def named_by(node):
    """What settings name: an app or a middleware of a list, which has to be there; and whatever else is a module of the project."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()]
    if not names or node.value is None:
        return
    is_list = any(name.endswith(LISTS) for name in names)
    for value in ast.walk(node.value):
        text = value.value if isinstance(value, ast.Constant) else None
        if not isinstance(text, str) or not all(part.isidentifier() for part in text.split(".")):
            continue
        if is_list:
            for part in OF_APPS:
                yield text + part, value.lineno
        elif "." in text and is_own(text.split(".")[0]):
            yield text, value.lineno
