"""Watches a check at work: the files it writes for the adapter, and what it asks of it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import METHODS, OPTIONAL_METHODS
from conformance.backends.discovery import Selected
from conformance.backends.guard import is_looking
from conformance.backends.subject import Subject
from conformance.failures.capsule import MOST_BYTES, Input, file_hash, plain_name

_WATCHED = OPTIONAL_METHODS.union(*METHODS.values())
_MOST_CALLS = 20


class WatchedAdapter:
    """Stands before an adapter, and notes every call of a method of the protocol."""

    def __init__(self, adapter: Any, calls: deque[Mapping[str, Any]]) -> None:
        self._adapter = adapter
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        held = getattr(self._adapter, name)
        if name not in _WATCHED or not callable(held):
            return held

        def noted(*arguments: Any, **named: Any) -> Any:
            if is_looking():
                return held(*arguments, **named)
            asked = [described(one) for one in arguments] + [{key: described(one)} for key, one in named.items()]
            self._calls.append({"method": name, "arguments": asked})
            return held(*arguments, **named)

        return noted


def described(value: Any) -> Any:
    """Return an argument of an adapter in plain JSON types: requests whole, arrays by dtype and shape."""
    if value is None or isinstance(value, bool | int | float | str):
        return value if not isinstance(value, float) or np.isfinite(value) else repr(value)
    if isinstance(value, Path):
        return value.name
    if isinstance(value, np.ndarray):
        return f"array {value.dtype} {value.shape}"
    if isinstance(value, Mapping):
        return {str(key): described(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [described(held) for held in value]
    if dataclasses.is_dataclass(value) and type(value).__module__ == "conformance.adapter":
        held = {one.name: described(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return {type(value).__name__: held}
    return f"a {type(value).__name__}"


class WatchedSubject(Subject):
    """A subject that remembers every file which the check wrote for the adapter, and the last calls.

    What a first look writes and asks is not the check's.

    Attributes
    ----------
    written : dict of Path to Input
        Every file as it was written.
    calls : deque of Mapping
        Method and arguments of the last calls, in plain JSON types.
    """

    def __init__(self, selected: Selected, folder: Path) -> None:
        super().__init__(selected, folder)
        self.written: dict[Path, Input] = {}
        self._of_looks: set[Path] = set()
        self.calls: deque[Mapping[str, Any]] = deque(maxlen=_MOST_CALLS)
        self.adapter = WatchedAdapter(self.adapter, self.calls)

    def write(self, arrays: Mapping[str, Any], name: str = "scan.npz") -> Path:
        """Write as every subject does, and remember."""
        path = super().write(arrays, name)
        if is_looking():
            self._of_looks.add(path)
            return path
        self.written[path] = _input_from(path, made=True)
        return path

    def inputs(self) -> tuple[Input, ...]:
        """Every archive below the folder: as the check wrote it, and as it is now where that differs."""
        found = list(self.written.values())
        for path in sorted(self.folder.rglob("*.npz")):
            before = self.written.get(path)
            if path.is_file() and path not in self._of_looks and (before is None or file_hash(path) != before.sha256):
                found.append(_input_from(path, made=False))
        numbered, room = [], MOST_BYTES
        for number, one in enumerate(found[:1000]):
            room -= len(one.content or b"")
            numbered.append(replace(one, name=f"{number:02d}-{one.name}", content=one.content if room >= 0 else None))
        return tuple(numbered)


def _input_from(path: Path, *, made: bool) -> Input:
    name = plain_name(path.name)
    if path.stat().st_size > MOST_BYTES:
        return Input(name, file_hash(path), made, None)
    content = path.read_bytes()
    return Input(name, hashlib.sha256(content).hexdigest(), made, content)
