"""What the sources say of groups, read as syntax: nothing of the project is run for it."""

import ast
import os
import time
import warnings

from .folder import HERE
from .telling import tell

SKIPPED = {"venv", ".venv", "env", "node_modules", "site-packages", "dist-packages", "migrations", "tests", "test", "__pycache__"}
# decorators of what a worker runs, by the package that they come from
WORKERS = {
    "celery": ("Celery", {"shared_task", "task", "periodic_task"}),
    "dramatiq": ("Dramatiq", {"actor"}),
    "rq": ("RQ", {"job"}),
    "django_rq": ("RQ", {"job"}),
}
MOST_FILES, MOST_BYTES, MOST_SECONDS = 2000, 1_000_000, 1.0


def files():
    count = 0
    for folder, folders, names in os.walk(HERE):
        folders[:] = sorted(
            name for name in folders
            if name not in SKIPPED and not name.startswith(".") and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        for name in sorted(names):
            if name.endswith(".py"):
                count += 1
                if count > MOST_FILES:
                    return
                yield os.path.relpath(os.path.join(folder, name), HERE)


def parse(path):
    try:
        place = os.path.join(HERE, path)
        # a FIFO waits for its writer, a device may never end
        if not os.path.isfile(place) or os.path.getsize(place) > MOST_BYTES:
            return None
        with open(place, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read(), path)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def dotted(node):
    """The names of `a.b.c`; nothing for anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id] + names[::-1] if isinstance(node, ast.Name) else []


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def assigned(body):
    """Names that are assigned once in a body, with what they are assigned."""
    found, again = {}, set()
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) and node.value else []
        for target in targets:
            if isinstance(target, ast.Name):
                if target.id in found:
                    again.add(target.id)
                found[target.id] = node.value
    return {name: value for name, value in found.items() if name not in again}


class Module:
    """The constants, classes and imports of one file."""

    def __init__(self, path, tree):
        self.path, self.tree = path, tree
        parts = os.path.splitext(path)[0].split(os.sep)
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.constants = assigned(tree.body)
        self.classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        self.imports = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.imports[alias.asname or alias.name.split(".")[0]] = (alias.name if alias.asname else alias.name.split(".")[0], None)
            elif isinstance(node, ast.ImportFrom):
                package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
                base = package[:len(package) - node.level + 1] if node.level else []
                source = ".".join(base + ([node.module] if node.module else []))
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (source, alias.name)


class Sources:
    def __init__(self, settings):
        self.settings, self.modules = settings, {}
        self.sends, self.adds, self.handlers = [], [], []
        # who runs the functions that a task of a worker calls, by module and name
        self.called = {}

    def read(self):
        end = time.monotonic() + MOST_SECONDS
        for path in files():
            if time.monotonic() > end:
                break
            tree = parse(path)
            if tree is not None:
                module = Module(path, tree)
                self.modules[module.name] = module
        for module in self.modules.values():
            is_command = os.sep.join(("management", "commands", "")) in module.path
            self.visit(module, module.tree, None, {}, "command" if is_command else None)
        for send in self.sends:
            inside = send.pop("inside")
            send["by"] = send["by"] or self.called.get(inside)

    def visit(self, module, node, owner, local, by, inside=None):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                self.take_class(module, child)
                self.visit(module, child, child, local, by, inside)
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = assigned([part for part in ast.walk(child) if isinstance(part, (ast.Assign, ast.AnnAssign))])
                worker = by or self.worker(module, child)
                self.visit(module, child, owner, dict(local, **inner), worker, inside or (module.name, child.name))
            else:
                if isinstance(child, ast.Call):
                    self.take_call(module, child, owner, local, by, inside)
                self.visit(module, child, owner, local, by, inside)

    def worker(self, module, function):
        """What runs a function that is decorated as a task: Celery, say."""
        for decorator in function.decorator_list:
            names = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
            source, _ = module.imports.get(names[0], ("", None)) if names else ("", None)
            made = module.constants.get(names[0]) if names else None
            if isinstance(made, ast.Call):
                source = (dotted(made.func) or [""])[-1].lower()
            for package, (name, tasks) in WORKERS.items():
                if names and names[-1] in tasks and package in source.split("."):
                    return None if name == "Celery" and self.is_eager() else name
        return None

    def is_eager(self):
        """Tasks that are run where they are called need no worker."""
        return any(getattr(self.settings, name, False) for name in ("CELERY_TASK_ALWAYS_EAGER", "CELERY_ALWAYS_EAGER"))

    def take_call(self, module, call, owner, local, by, inside):
        function = call.func
        # async_to_sync(layer.group_send)(group, message)
        if isinstance(function, ast.Call) and function.args:
            function = function.args[0]
        name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
        names = dotted(call.func)
        if by is not None and names:
            source, original = module.imports.get(names[0], (module.name, names[0]))
            # `from . import services` and `services.announce()`
            place = (source, original) if len(names) == 1 else ("%s.%s" % (source, original) if original else source, names[1])
            self.called.setdefault(place, by)
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        arguments = list(call.args)
        if not name.endswith(("group_send", "group_add")) or not (arguments or keywords):
            return
        group = self.string(module, keywords.get("group") or (arguments[0] if arguments else None), owner, local)
        where = {"file": module.path, "line": call.lineno, "group": group}
        if name.endswith("group_add"):
            self.adds.append(where)
            return
        message = keywords.get("message") or (arguments[1] if len(arguments) > 1 else None)
        if isinstance(message, ast.Name):
            message = local.get(message.id) or module.constants.get(message.id)
        kind = None
        if isinstance(message, ast.Dict):
            for key, value in zip(message.keys, message.values):
                if key is not None and literal(key) == "type":
                    kind = self.string(module, value, owner, local)
        elif isinstance(message, ast.Call) and dotted(message.func) == ["dict"]:
            kind = next((self.string(module, word.value, owner, local) for word in message.keywords if word.arg == "type"), None)
        self.sends.append(dict(where, type=kind, by=by, inside=inside))

    def string(self, module, node, owner, local, depth=0):
        """The string that an expression is, where reading alone tells it."""
        if node is None or depth > 8:
            return None
        if literal(node) is not None:
            return literal(node)
        names = dotted(node)
        if len(names) == 1:
            if names[0] in local:
                return self.string(module, local[names[0]], owner, {}, depth + 1)
            return self.constant(module, names[0], depth)
        if len(names) == 2:
            first, second = names
            if first in ("self", "cls") and owner is not None:
                return self.attribute(module, owner, second, depth)
            if first in module.classes:
                return self.attribute(module, module.classes[first], second, depth)
            source, name = module.imports.get(first, (None, None))
            if source == "django.conf" and name == "settings":
                value = getattr(self.settings, second, None)
                return value if isinstance(value, str) else None
            inner = self.modules.get("%s.%s" % (source, name) if name else source)
            if inner is not None:
                return self.constant(inner, second, depth)
            found = self.modules.get(source)
            if found is not None and name in found.classes:
                return self.attribute(found, found.classes[name], second, depth)
        return None

    def constant(self, module, name, depth):
        if name in module.constants:
            return self.string(module, module.constants[name], None, {}, depth + 1)
        source, original = module.imports.get(name, (None, None))
        found = self.modules.get(source)
        return self.constant(found, original, depth + 1) if found is not None and original and depth < 8 else None

    def attribute(self, module, owner, name, depth):
        """A class attribute, or what `__init__` or `connect` alone give to self."""
        inside = assigned(owner.body)
        if name in inside:
            return self.string(module, inside[name], None, {}, depth + 1)
        given = [
            part for part in ast.walk(owner)
            if isinstance(part, ast.Assign) and any(dotted(target) == ["self", name] for target in part.targets)
        ]
        if len(given) == 1:
            return self.string(module, given[0].value, owner, {}, depth + 1)
        if given or depth > 8:
            return None
        for base_module, base in self.bases(module, owner):
            found = self.attribute(base_module, base, name, depth + 1)
            if found is not None:
                return found
        return None

    def bases(self, module, owner):
        """The base classes that are the project's own."""
        for base in owner.bases:
            names = dotted(base)
            if len(names) == 1 and names[0] in module.classes and module.classes[names[0]] is not owner:
                yield module, module.classes[names[0]]
            elif names:
                source, original = module.imports.get(names[0], (None, None))
                found = self.modules.get(source) or self.modules.get("%s.%s" % (source, original))
                wanted = original if len(names) == 1 else names[-1]
                if found is not None and wanted in found.classes:
                    yield found, found.classes[wanted]

    def take_class(self, module, owner):
        if not any("Consumer" in (dotted(base) or [""])[-1] for base in owner.bases):
            return
        methods = sorted(self.methods(module, owner, 0))
        self.handlers.append({"file": module.path, "line": owner.lineno, "consumer": owner.name, "methods": methods})

    def methods(self, module, owner, depth):
        found = {
            node.name for node in owner.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_")
        }
        if depth < 8:
            for base_module, base in self.bases(module, owner):
                found |= self.methods(base_module, base, depth + 1)
        return found


def broadcasts(settings):
    sources = Sources(settings)
    sources.read()
    # a fact is one line, and a line has its bounds
    tell("broadcasts", sends=sources.sends[:150], adds=sources.adds[:150], handlers=sources.handlers[:80])
