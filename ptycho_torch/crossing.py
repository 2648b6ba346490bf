"""Errors and warnings as values: whole after being pickled, copied, or told as text by a worker of a DataLoader."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_MARK = "\nAttributes of the error: "
_PLAIN = (str, int, float, bytes, type(None))


class _Retold(type):
    """Makes an error from the text that a DataLoader hands over, whatever its class asks for otherwise."""

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        if not named and len(arguments) == 1 and isinstance(arguments[0], str) and _MARK in arguments[0]:
            told, _, values = arguments[0].rpartition(_MARK)
            return _from_text(cls, told, values)
        return super().__call__(*arguments, **named)


class Crossing(BaseException, metaclass=_Retold):
    """Base of every error and warning that keeps its class, message, attributes, notes and cause in another process.

    A subclass takes what arguments it likes: none of them is asked for again. Its attributes must be picklable, or
    left out by :meth:`values`. A cause of a foreign class becomes a RuntimeError that tells its name and its message.
    """

    def values(self) -> dict[str, Any]:
        """Attributes that cross, by name."""
        reduced = super().__reduce__()
        return dict(reduced[2]) if isinstance(reduced, tuple) and len(reduced) > 2 else {}

    def __reduce__(self) -> tuple[Any, ...]:
        chain = {"__cause__": _carried(self.__cause__), "__suppress_context__": self.__suppress_context__}
        return _anew, (type(self), self.args), self.values() | chain

    def __str__(self) -> str:
        # The text is all that a DataLoader takes from its worker, so there it holds the attributes as well.
        return super().__str__() + (_MARK + _as_json(self) if _in_worker() else "")


def _anew(kind: type[BaseException], arguments: tuple[Any, ...]) -> Any:
    """Return an error without calling the constructors of our own classes."""
    error = kind.__new__(kind, *arguments)
    made_by = next(vars(base)["__init__"] for base in kind.__mro__ if _is_builtin(base) and "__init__" in vars(base))
    made_by(error, *arguments)
    return error


def _carried(cause: BaseException | None) -> BaseException | None:
    if cause is None or isinstance(cause, Crossing):
        return cause
    if _is_builtin(type(cause)) and not vars(cause) and all(isinstance(one, _PLAIN) for one in cause.args):
        return cause
    return RuntimeError(f"{type(cause).__module__}.{type(cause).__qualname__}: {cause}")


def _is_builtin(kind: type) -> bool:
    return kind.__module__ == "builtins"


def _in_worker() -> bool:
    info = getattr(sys.modules.get("torch.utils.data"), "get_worker_info", None)
    return info is not None and info() is not None


def _as_json(error: Crossing) -> str:
    def known(value: Any) -> Any:
        return {"path": str(value)} if isinstance(value, Path) else None

    return json.dumps([error.args, error.values()], default=known)


def _from_text(kind: Any, told: str, values: str) -> Any:
    (arguments, attributes), _ = json.JSONDecoder(object_hook=_path_or_mapping).raw_decode(values)
    error = _anew(kind, tuple(arguments))
    for name, value in attributes.items():
        setattr(error, name, value)
    error.add_note(told)
    return error


def _path_or_mapping(found: dict[str, Any]) -> Any:
    return Path(found["path"]) if set(found) == {"path"} else found
