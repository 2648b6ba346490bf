"""Shows that a fault landed: the wrong code ran, and something came out that the right backend does not give.

What comes out of a call is its result or its error, what it changed in its arguments, what it printed and warned of,
the files it wrote, and the state in which it left the global random generators.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sys
import time
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.evidence.tensors import as_numpy
from tests.zoo.backends import ALL_METHODS
from tests.zoo.liar import LANDED_VARIABLE, Liar

GIVES_SCANS = frozenset({"load", "assemble", "measure", "split"})
WRITES = frozenset({"group", "save"})
"""Methods that may write files; all others must leave the folders they work in as they are."""
Values = dict[str, NDArray[Any]]


@dataclass
class Observation:
    """Everything that came out of one call."""

    result: Any = None
    error: Exception | None = None
    printed: str = ""
    warned: list[warnings.WarningMessage] = field(default_factory=list)
    random_changed: bool = False
    created: tuple[str, ...] = ()


@dataclass
class Effects:
    """What can be compared of an observation, by where it stands."""

    told: tuple[str, ...]
    values: Values


class Recorder:
    """Stands between the suite and a liar, and compares its overridden methods with the right ones until they differ.

    Parameters
    ----------
    liar : Liar
    right : Adapter
        A right backend of its own.
    scratch : Path
        Folder for copies of the files that a call works on.

    Attributes
    ----------
    landed : str
        What the fault changed first, such as ``group: coords_nn``; empty until then.
    seconds : float
        Time spent on comparing, which is none of the suite's.
    """

    def __init__(self, liar: Liar, right: Any, scratch: Path) -> None:
        self.liar, self.right, self.scratch = liar, right, scratch
        self.landed, self.seconds = "", 0.0
        self.overridden = overridden(type(liar))
        self._twins: dict[int, tuple[Any, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        held = getattr(self.liar, name)
        if name not in ALL_METHODS:
            return held
        return lambda *arguments, **named: self._call(name, arguments, named)

    def _call(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        # A scan that the liar made may show its fault in a method that does not lie.
        concerned = name in self.overridden or any(id(given) in self._twins for given in arguments)
        if self.landed or not concerned:
            return getattr(self.liar, name)(*arguments, **named)
        with self._unpaid():
            turns = 2 if _draws_afresh(arguments) else 1
            place = _Sandbox(self.scratch / f"{time.monotonic_ns()}", turns, copying=name in WRITES)
            pristine = self._copied(place, (arguments, named))
        seen = _observed(self.liar, name, arguments, named)
        if name == "batches" and seen.error is None:
            return self._stream(seen, (arguments, named), pristine, place)
        self._compare(name, seen, (arguments, named), pristine, place)
        return _passed_on(seen)

    def _stream(self, seen: Observation, given: Any, pristine: Any, place: _Sandbox) -> Iterator[Any]:
        """Hand batches on one by one, as they are asked for, and compare when there are no more."""
        batches, seen.result = iter(seen.result), []
        while True:
            batch = None
            with _watching(seen):
                batch = next(batches, None)
            if batch is None:
                break
            seen.result.append(batch)
            yield batch
        self._compare("batches", seen, given, pristine, place)
        _passed_on(seen)

    def _compare(self, name: str, seen: Observation, given: Any, pristine: Any, place: _Sandbox) -> None:
        with self._unpaid():
            self.landed = self.landed or self._difference(name, seen, given, pristine, place)
            place.close()

    @contextlib.contextmanager
    def _unpaid(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started

    def _difference(self, name: str, seen: Observation, given: Any, pristine: Any, place: _Sandbox) -> str:
        if self.liar.told or Path(os.environ.get(LANDED_VARIABLE, os.devnull)).is_file():
            return f"{name}: told by the liar"
        if place.touched():
            return f"{name}: file {place.touched()[0]}"
        effects = _effects(self.liar, name, seen, given, place.watched if place.copying else [])
        found = ""
        # Where the right backend draws afresh it is asked twice: what it does not give twice proves nothing.
        for turn in range(place.turns):
            mine = place.sandboxed(pristine, turn)
            right = _observed(self.right, name, *mine)
            if name == "batches" and right.error is None:
                with _watching(right):
                    right.result = list(right.result)
            if turn == 0 and name in GIVES_SCANS:
                self._pair(seen.result, right.result)
            expected = _effects(self.right, name, right, mine, place.copies(turn), place.renamed(turn))
            difference = _differs(effects, expected)
            if not difference:
                return ""
            found = found or difference
            if turn == 0:
                first = expected
            elif _differs(first, expected):
                return ""
        return f"{name}: {found}"

    def _pair(self, seen: Any, right: Any) -> None:
        for mine, other in zip(_scans_in(seen), _scans_in(right), strict=False):
            self._twins[id(mine)] = (mine, other)

    def _copied(self, place: _Sandbox, given: Any) -> Any:
        """Copies of arguments; a scan that the liar made stands for the right backend's scan of the same data."""
        if isinstance(given, np.ndarray):
            return given.copy()
        if isinstance(given, Mapping) and id(given) not in self._twins:
            return {name: self._copied(place, value) for name, value in given.items()}
        if type(given) in (list, tuple):
            return type(given)(self._copied(place, value) for value in given)
        if isinstance(given, Path):
            place.watch(given)
        elif is_dataclass(given) and not isinstance(given, type):
            return replace(given, **{name: self._copied(place, value) for name, value in vars(given).items()})
        return self._twins[id(given)][1] if id(given) in self._twins else given


class _Sandbox:
    """The folders that a call works in: copied before it ran where it may write, else only looked at."""

    def __init__(self, folder: Path, turns: int, *, copying: bool) -> None:
        self.folder, self.turns, self.copying = folder, turns, copying
        self.watched: list[Path] = []
        self._before: dict[str, tuple[int, int]] = {}

    def watch(self, path: Path) -> None:
        place = path if path.is_dir() else path.parent
        if place in self.watched or not place.is_dir():
            return
        for turn in range(self.turns if self.copying else 0):
            shutil.copytree(place, self._copy(len(self.watched), turn))
        self.watched.append(place)
        self._before = self._listed()

    def _listed(self) -> dict[str, tuple[int, int]]:
        found = [(path, path.stat()) for place in self.watched for path in place.rglob("*")]
        return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found if not path.is_dir()}

    def touched(self) -> list[str]:
        """Names of files that came, went or changed where none may."""
        if self.copying:
            return []
        return sorted(Path(name).name for name, _ in self._listed().items() ^ self._before.items())

    def _copy(self, number: int, turn: int) -> Path:
        return self.folder / f"{turn}-{number}"

    def copies(self, turn: int) -> list[Path]:
        return [self._copy(number, turn) for number in range(len(self.watched) if self.copying else 0)]

    def renamed(self, turn: int) -> dict[str, str]:
        return {str(copy): str(place) for copy, place in zip(self.copies(turn), self.watched, strict=False)}

    def sandboxed(self, given: Any, turn: int) -> Any:
        """Fresh copies of pristine arguments, whose paths lead into the copied folders."""
        if isinstance(given, np.ndarray):
            return given.copy()
        if isinstance(given, Path):
            return self._moved(given, turn)
        if is_dataclass(given) and not isinstance(given, type):
            return replace(given, **{name: self.sandboxed(value, turn) for name, value in vars(given).items()})
        if type(given) is dict:
            return {name: self.sandboxed(value, turn) for name, value in given.items()}
        if type(given) in (list, tuple):
            return type(given)(self.sandboxed(value, turn) for value in given)
        return given

    def _moved(self, path: Path, turn: int) -> Path:
        for number, place in enumerate(self.watched if self.copying else []):
            if path == place or place in path.parents:
                return self._copy(number, turn) / path.relative_to(place)
        return path

    def close(self) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _draws_afresh(given: Any) -> bool:
    """Whether a request in the arguments leaves its seed open, or the last argument is an open seed."""
    if is_dataclass(given) and not isinstance(given, type):
        held = vars(given)
        return held.get("seed", 0) is None or _draws_afresh(held.get("group"))
    return isinstance(given, tuple) and bool(given) and (given[-1] is None or any(map(_draws_afresh, given)))


def overridden(liar: type) -> frozenset[str]:
    """Methods of the protocol that a liar's class, or a base below :class:`Liar`, defines."""
    defined = {name for one in liar.__mro__ if one not in (Liar, object) for name in vars(one)}
    return frozenset(defined & set(ALL_METHODS))


def _observed(adapter: Any, name: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> Observation:
    seen = Observation()
    with _watching(seen):
        seen.result = getattr(adapter, name)(*arguments, **named)
    return seen


@contextlib.contextmanager
def _watching(seen: Observation) -> Iterator[None]:
    """Note what a step tells and leaves behind, and the error in which it ends."""
    before, there = _random_states(), set(Path().iterdir())
    with warnings.catch_warnings(record=True) as caught, _listening() as heard:
        warnings.simplefilter("always")
        try:
            yield
        except Exception as error:  # noqa: BLE001 - what a liar raises is what came out
            seen.error = error
    seen.printed += heard.getvalue()
    # A resource is found unclosed whenever the garbage is collected, whoever left it.
    seen.warned += [one for one in caught if not issubclass(one.category, ResourceWarning)]
    seen.random_changed |= before != _random_states()
    seen.created += tuple(sorted(path.name for path in set(Path().iterdir()) - there))


def _passed_on(seen: Observation) -> Any:
    """Give the caller what it would have got: warnings, then the error or the result."""
    for one in seen.warned:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if seen.error is not None:
        raise seen.error
    return seen.result


class _Tee(io.StringIO):
    """Keeps what is written, and writes it on."""

    def __init__(self, onward: Any) -> None:
        super().__init__()
        self.onward = onward

    def write(self, text: str) -> int:
        self.onward.write(text)
        return super().write(text)


@contextlib.contextmanager
def _listening() -> Iterator[io.StringIO]:
    tee = _Tee(sys.stdout)
    with contextlib.redirect_stdout(tee):
        yield tee


def _random_states() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - the global state is what is looked at
    torch = sys.modules.get("torch")
    more = () if torch is None else (torch.get_rng_state().numpy().tobytes(),)
    return (random.getstate(), kind, keys.tobytes(), *rest, *more)


def _scans_in(result: Any) -> tuple[Any, ...]:
    return () if result is None else tuple(result) if isinstance(result, tuple) else (result,)


def _effects(
    adapter: Any,
    name: str,
    seen: Observation,
    given: Any,
    folders: Sequence[Path],
    renamed: Mapping[str, str] | None = None,
) -> Effects:
    def plain(text: str) -> str:
        for copy, place in (renamed or {}).items():
            text = text.replace(copy, place)
        return text

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
        result = [_arrays_of(adapter, scan) for scan in _scans_in(result)]
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


def _differs(seen: Effects, expected: Effects) -> str:
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
