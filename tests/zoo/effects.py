"""What can be compared of an observation: what was told, arrays in results and arguments, and the files written."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.evidence.tensors import as_numpy
from tests.zoo.observation import Observation

GIVES_SCANS = frozenset({"load", "assemble", "measure", "split"})
Values = dict[str, NDArray[Any]]


@dataclass
class Effects:
    """What can be compared of an observation, by where it stands."""

    told: tuple[str, ...]
    values: Values


def scans_in(result: Any) -> tuple[Any, ...]:
    """Scans in the result of a method that gives one or several."""
    return () if result is None else tuple(result) if isinstance(result, tuple) else (result,)


def effects_of(
    adapter: Any,
    name: str,
    seen: Observation,
    given: Any,
    folders: Sequence[Path],
    renamed: Mapping[str, str] | None = None,
) -> Effects:
    """Gather what can be compared of a call.

    Parameters
    ----------
    adapter : Adapter
        Whose call it was; it knows the arrays of its scans.
    name : str
        Method.
    seen : Observation
    given : object
        Arguments as the call left them.
    folders : sequence of Path
        Folders that the call may have written in.
    renamed : Mapping of str to str, optional
        Paths of copies, and the paths that stand for them.
    """

    def plain(text: str) -> str:
        for copy, place in (renamed or {}).items():
            text = text.replace(copy, place)
        # What is written beside its place bears a name that differs from call to call.
        return re.sub(r"\.\w+\.draft\b", ".draft", text)

    # The text of a warning may hold a name that differs from call to call.
    told = [f"warned {one.category.__name__}" for one in seen.warned]
    told += [f"printed {plain(seen.printed)!r}"] if seen.printed else []
    told += ["global random state"] if seen.random_changed else []
    told += [f"file {name} in the working directory" for name in seen.created]
    result = seen.result
    if seen.error is not None:
        remedy = getattr(seen.error, "remedy", None)
        told.append(plain(f"raised {type(seen.error).__name__}: {seen.error} ({remedy})"))
    elif name in GIVES_SCANS:
        result = [_arrays_of(adapter, scan) for scan in scans_in(result)]
    values = _flat(result, "result") | _flat(given, "argument") | _files(folders)
    return Effects(tuple(told), {plain(key): value for key, value in values.items()})


def _arrays_of(adapter: Any, scan: Any) -> Any:
    try:
        return adapter.arrays(scan)
    except Exception as error:  # noqa: BLE001 - a scan that cannot be read is a difference too
        return type(error).__name__


def _flat(value: Any, name: str) -> Values:
    """Copies of every array in a value by where it stands; all else as text with its type."""
    if isinstance(value, Mapping):
        parts = [(f"{name}[{key!r}]", held) for key, held in value.items()]
    elif is_dataclass(value) and not isinstance(value, type):
        parts = [(f"{name}.{key}", held) for key, held in vars(value).items()]
    elif isinstance(value, list | tuple):
        parts = [(f"{name}[{number}]", held) for number, held in enumerate(value)]
    elif isinstance(value, np.ndarray | np.generic) or hasattr(value, "detach") or hasattr(value, "device"):
        return {name: np.array(as_numpy(value))}
    elif value is None or isinstance(value, str | bool | int | float | complex):
        return {name: np.array(f"{type(value).__name__}: {value!r}")}
    elif isinstance(value, Path):
        return {name: np.array("a path")} if name.startswith("argument") else {name: np.array(repr(value))}
    else:
        return {}
    found: Values = {}
    for place, held in parts:
        found |= _flat(held, place)
    return found


def _files(folders: Sequence[Path]) -> Values:
    found: Values = {}
    for number, folder in enumerate(folders):
        for path in sorted(folder.rglob("*")):
            found |= _content(path, f"folder {number}: {path.relative_to(folder)}")
    return found


def _content(path: Path, name: str) -> Values:
    if path.is_dir():
        return {name: np.array("a folder")}
    try:
        with zipfile.ZipFile(path) as archive:
            methods = np.array([info.compress_type for info in archive.infolist()])
        with np.load(path, allow_pickle=False) as archive:
            members = {f"{name}[{member}]": archive[member] for member in archive.files}
        return members | {f"{name} methods": methods}
    except Exception:  # noqa: BLE001 - whatever is no archive of arrays is compared as bytes
        return {name: np.frombuffer(path.read_bytes(), np.uint8)}


def difference_of(seen: Effects, expected: Effects) -> str:
    """Where two calls differ first; empty when they do not."""
    if seen.told != expected.told:
        return next((told for told in (*seen.told, *expected.told) if told not in expected.told), "what it told")
    if seen.values.keys() != expected.values.keys():
        return ", ".join(sorted(seen.values.keys() ^ expected.values.keys())[:2])
    for name, values in seen.values.items():
        other = expected.values[name]
        if values.dtype != other.dtype or values.shape != other.shape or not _equal(values, other):
            return name
    return ""


def _equal(left: NDArray[Any], right: NDArray[Any]) -> bool:
    return bool(np.array_equal(left, right, equal_nan=left.dtype.kind in "fc"))
