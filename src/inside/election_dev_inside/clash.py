"""Two distributions that don't fit each other, seen where the import of one fails in its own code: what they ask of each other may allow it all the same."""

import importlib.metadata
import os
import re
import traceback

from .telling import tell

NAMED = re.compile(r"No module named '([\w.]+)'|cannot import name '\w+' from '([\w.]+)'|module '([\w.]+)' has no attribute")


def tell_clash(error):
    """Tells the distribution whose import fails, and the installed one that it fails for."""
    while error is not None and not isinstance(error, (ImportError, AttributeError, TypeError)):
        error = error.__cause__ or error.__context__
    frames = [frame for frame in traceback.extract_tb(getattr(error, "__traceback__", None)) if "importlib" not in frame.filename]
    if not frames:
        return
    importer, other = installed_at(frames[-1].filename), None
    if importer is None:
        return
    asked = {normal(re.match(r"[\w.-]+", each).group()): each for each in importer.requires or [] if "extra ==" not in each}
    match = NAMED.search(str(error))
    module = next(name for name in match.groups() if name) if match else ""
    for name in [normal(module.split(".")[0])] + (list(asked) if len(asked) == 1 else []):
        other = other or installed(name)
    if other is None or normal(other.metadata["Name"]) == normal(importer.metadata["Name"]):
        return
    tell("clash", importer=named(importer), other=named(other), asks=asked.get(normal(other.metadata["Name"])),
         type=type(error).__name__, message=str(error)[:300], file=os.path.basename(frames[-1].filename), line=frames[-1].lineno)


def named(distribution):
    return {"name": distribution.metadata["Name"], "version": distribution.version}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(name):
    try:
        return importlib.metadata.distribution(name) if name else None
    except importlib.metadata.PackageNotFoundError:
        return None


def installed_at(path):
    """The distribution that a file belongs to."""
    for distribution in importlib.metadata.distributions():
        base = str(distribution.locate_file("")).rstrip(os.sep) + os.sep
        if path.startswith(base) and any(str(file) == path[len(base):].replace(os.sep, "/") for file in distribution.files or []):
            return distribution
    return None
