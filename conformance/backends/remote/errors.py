"""Errors and warnings of a backend that lives elsewhere, made here from what is told of them."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

Said = Mapping[str, Any]
_classes: dict[str, type[BaseException]] = {}


def made(said: Said, value: Callable[[Any], Any]) -> BaseException:
    """Make an error as it was where it was raised: class, bases, text, attributes, and what crossing makes of it.

    Parameters
    ----------
    said : Mapping
        An error of the protocol.
    value : callable
        Makes a value of the protocol.
    """
    told = {**said, "attributes": {name: value(one) for name, one in said["attributes"].items()}}
    return _made(told)


def _made(told: Said) -> BaseException:
    kind = _class_of(told["class"])
    error = kind.__new__(kind)
    error.args = (told["message"],)
    for name, held in told["attributes"].items():
        with contextlib.suppress(AttributeError, TypeError):
            setattr(error, name, held)
    error.__dict__["_told"] = told
    return error


def _text(error: Any) -> str:
    told = vars(error)["_told"]
    if not told.get("sayable", True):
        raise RuntimeError(told["message"])
    return str(told["message"])


def _crossed(error: Any, way: str) -> Said:
    told: Said = vars(error)["_told"]
    said = told.get("crossing", {}).get(way)
    if said is None:
        return told
    if "failed" in said:
        raise _made(_plain(said["failed"]))
    return _plain(said["back"])


def _plain(said: Said) -> Said:
    attributes = {name: one for name, one in said["attributes"].items() if not isinstance(one, dict)}
    return {**said, "attributes": attributes}


def _reduce(error: Any) -> tuple[Any, ...]:
    return _made, (_crossed(error, "pickled"),)


def _copy(error: Any) -> Any:
    return _made(_crossed(error, "copied"))


def _deepcopy(error: Any, _: Any) -> Any:
    return _made(_crossed(error, "copied deeply"))


def _class_of(said: Said) -> type[BaseException]:
    """Return a class of that name and those bases; the same one for the same description."""
    key = repr(said)
    if key not in _classes:
        _classes[key] = _new_class(said)
    return _classes[key]


def _new_class(said: Said) -> type[BaseException]:
    methods = {"__str__": _text, "__reduce__": _reduce, "__copy__": _copy, "__deepcopy__": _deepcopy}
    if "builtin" in said:
        found = getattr(builtins, str(said["builtin"]), RuntimeError)
        kind = found if isinstance(found, type) and issubclass(found, BaseException) else RuntimeError
        return type(kind.__name__, (kind,), {**methods, "__module__": "builtins"})
    bases = tuple(dict.fromkeys(_base_of(one) for one in said["bases"])) or (Exception,)
    name = str(said["name"]).rpartition(".")[2]
    return type(name, bases, {**methods, "__module__": str(said["module"]), "__qualname__": str(said["name"])})


def _base_of(said: Said) -> type[BaseException]:
    if "builtin" in said:
        found = getattr(builtins, str(said["builtin"]), None)
        return found if isinstance(found, type) and issubclass(found, BaseException) else Exception
    return _class_of(said)
