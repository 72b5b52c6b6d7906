"""What an ASGI application hands a socket on to: wrappers are looked through, whatever they are made of."""

import functools
import inspect
import types

# so far and so wide is looked: an application may hold anything
DEEPEST, MOST = 10, 400


def ways(application):
    """Each application that is reached, the nearest first, as the way to it: from the outermost to itself."""
    waiting, seen = [(application,)], {id(application)}
    for way in waiting:
        yield way
        if len(way) >= DEEPEST or consumer_of(way[-1]):
            continue
        for found in beneath(way[-1]):
            if id(found) not in seen and may_be_application(found) and len(seen) < MOST:
                seen.add(id(found))
                waiting.append(way + (found,))


def consumer_of(callback):
    """The consumer's class, of what as_asgi() gave or of the class itself."""
    found = getattr(callback, "consumer_class", callback)
    return found if isinstance(found, type) else None


def may_be_application(found):
    if not callable(found) or isinstance(found, (type, types.ModuleType, types.BuiltinFunctionType)):
        return False
    # what Django and the standard library are made of leads nowhere
    module = str(getattr(found if inspect.isroutine(found) else type(found), "__module__", ""))
    return not module.startswith(("django.", "asgiref.", "asyncio", "functools")) or hasattr(found, "application") or not inspect.isroutine(found)


def beneath(wrapper):
    """What an application holds, or names in its code."""
    if inspect.ismethod(wrapper):
        return [wrapper.__self__]
    if isinstance(wrapper, functools.partial):
        return flat((wrapper.func, wrapper.args, wrapper.keywords))
    if inspect.isfunction(wrapper):
        return flat(used_by(wrapper))
    held = list(getattr(wrapper, "__dict__", {}).values())
    held += [getattr(wrapper, name, None) for kind in type(wrapper).__mro__ for name in slots_of(kind)]
    call = inspect.getattr_static(type(wrapper), "__call__", None)
    return flat(held + (list(used_by(call)) if inspect.isfunction(call) else []))


def slots_of(kind):
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else slots


def used_by(function):
    """What a function has closed over, was given as defaults, and names of its module."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue
    yield from (function.__defaults__, function.__kwdefaults__, getattr(function, "__wrapped__", None))
    codes = [function.__code__]
    for code in codes:
        codes += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        yield from (function.__globals__.get(name) for name in code.co_names)


def flat(values):
    """The values, and those of a list or a dict among them."""
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, (list, tuple)):
            yield from value
        else:
            yield value
