"""A failure as a folder: its input, the request, what was seen and expected; here it is read, without trust."""

from __future__ import annotations

import hashlib
import math
import re
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from conformance.contract.crossing import Crossing
from conformance.engine.outcome import Outcome
from conformance.failures.encoding import decode
from conformance.failures.typed import Undecodable, parsed
from conformance.files.archive import Archive, DamagedArchive
from conformance.files.examine import UnreadableScan, specimen_from_file
from conformance.scans.specimens import Specimen

SCHEMA = "ptycho-conformance.capsule/1"
MOST_BYTES = 1 << 26
"""The largest scan, and the largest array, that a capsule holds."""

_MOST_UNPACKED = 1 << 28
_INPUT_NAME = re.compile(r"^\d{2,4}-[A-Za-z0-9_][A-Za-z0-9_.-]*$")


class DamagedCapsule(Crossing, ValueError):
    """A folder is no capsule, or no longer the one that was written; the message says why."""


@dataclass(frozen=True)
class Input:
    """A file that lay before the adapter when the check failed.

    Attributes
    ----------
    name : str
        Name in the folder ``inputs``.
    sha256 : str
        Of its bytes.
    made : bool
        Whether the suite wrote it as it is; otherwise it was changed since, or something else wrote it.
    content : bytes or None
        None when it is too large to keep.
    """

    name: str
    sha256: str
    made: bool
    content: bytes | None


@dataclass(frozen=True, eq=False)
class Capsule:
    """All that it takes to run a failing check again.

    Attributes
    ----------
    check : str
        The check, as module and function.
    clauses : tuple of str
        What it decides.
    adapter, asked : str
        Name of the adapter, and what it was called on the command line; empty when it was not.
    outcome : Outcome
    sentence : str
        What was wrong.
    specimen : Specimen or None
        The scan of the check; its ``path`` is set for a scan of the user's.
    drawn : Mapping[str, Any] or None
        Arguments of the smallest failing example; None when there are none to be had, and the check searches anew.
    inputs : tuple of Input
    calls : tuple of Mapping
        What the adapter was asked last, in plain JSON types, for a person to read.
    methods : frozenset of str
        What the adapter offered.
    seen, expected : ndarray or None
        The arrays that differ.
    runs : int
        How often the check is run on one instance: more than once for an adapter that keeps something between calls.
    replays : bool
        Whether the check failed again when it was run alone.
    notes : tuple of str
        What else a reader must know.
    """

    check: str
    clauses: tuple[str, ...]
    adapter: str
    asked: str
    outcome: Outcome
    sentence: str
    specimen: Specimen | None = None
    drawn: Mapping[str, Any] | None = None
    inputs: tuple[Input, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()
    methods: frozenset[str] = frozenset()
    seen: NDArray[Any] | None = None
    expected: NDArray[Any] | None = None
    runs: int = 1
    replays: bool = True
    notes: tuple[str, ...] = ()


def command(folder: Path | str, adapter: str) -> str:
    """Return the one command that replays a capsule; ``adapter`` is empty when the capsule's own is installed."""
    return f"ptycho-conformance replay {shlex.quote(str(folder))}" + (f" --adapter {adapter}" if adapter else "")


def read_capsule(folder: Path) -> Capsule:
    """Read a capsule that nobody has vouched for: nothing is unpickled, imported or looked for outside the folder.

    Only a scan too large for the capsule is read from where it lay, and only if it is still the same file.

    Raises
    ------
    DamagedCapsule
        A file is missing or is not what was written.
    """
    record = _parsed(folder, "capsule.json")
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise DamagedCapsule(f"{folder}: capsule.json is not of the schema {SCHEMA}")
    _require_types(record, folder)
    for name in record["files"].keys() & {"arguments.json", "input.npz", "scan.npz"}:
        if file_hash(_regular(folder, name)) != record["files"][name]:
            raise DamagedCapsule(f"{folder}: {name} is not what was written")
    request = _parsed(folder, "arguments.json")
    arrays = _arrays(folder) if "input.npz" in record["files"] else {}
    try:
        specimen = _specimen(request["specimen"], arrays, folder)
        drawn = _drawn(request["drawn"], arrays)
    except (Undecodable, KeyError, TypeError) as error:
        raise DamagedCapsule(f"{folder}: arguments.json does not hold what it should: {error}") from error
    return Capsule(
        check=record["check"],
        clauses=tuple(record["clauses"]),
        adapter=record["adapter"],
        asked=record["asked"],
        outcome=Outcome(record["outcome"]),
        sentence=record["sentence"],
        specimen=specimen,
        drawn=drawn,
        inputs=tuple(_input(one, folder) for one in record["inputs"]),
        methods=frozenset(record["methods"]),
        runs=record["runs"],
        replays=record["replays"],
        notes=tuple(record["notes"]),
    )


def _require_types(record: Mapping[str, Any], folder: Path) -> None:
    texts = ("check", "adapter", "asked", "outcome", "sentence")
    lists_of_text = ("clauses", "methods", "notes")
    sound = (
        all(isinstance(record.get(name), str) for name in texts)
        and all(_all_text(record.get(name)) for name in lists_of_text)
        and bool(record["clauses"])
        and record["outcome"] in {str(outcome) for outcome in Outcome}
        and record.get("runs") in (1, 2)
        and isinstance(record.get("replays"), bool)
        and isinstance(record.get("files"), dict)
        and isinstance(record.get("inputs"), list)
        and all(_is_input(one) for one in record["inputs"])
    )
    if not sound:
        raise DamagedCapsule(f"{folder}: capsule.json does not hold what it should")


def _all_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_input(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("name"), str)
        and bool(_INPUT_NAME.match(one["name"]))
        and isinstance(one.get("sha256"), str)
        and isinstance(one.get("made"), bool)
        and isinstance(one.get("kept"), bool)
    )


def _input(one: Mapping[str, Any], folder: Path) -> Input:
    content = None
    if one["kept"] and one["made"]:
        content = _regular(folder / "inputs", one["name"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != one["sha256"]:
            raise DamagedCapsule(f"{folder}: inputs/{one['name']} is not what was written")
    return Input(one["name"], one["sha256"], one["made"], content)


def _regular(folder: Path, name: str) -> Path:
    """Path of a file of the folder, which is a file of its own and of a size that can be read."""
    path = folder / name
    try:
        found = path.lstat()
    except OSError as error:
        raise DamagedCapsule(f"{path}: {error.strerror or error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DamagedCapsule(f"{path} is no file")
    if found.st_size > _MOST_UNPACKED:
        raise DamagedCapsule(f"{path} holds {found.st_size} bytes; a capsule holds less")
    return path


def _parsed(folder: Path, name: str) -> Any:
    try:
        return parsed(_regular(folder, name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Undecodable) as error:
        raise DamagedCapsule(f"{folder / name}: {error}") from error


def _arrays(folder: Path) -> dict[str, NDArray[Any]]:
    try:
        with Archive(_regular(folder, "input.npz")) as archive:
            members = {name: archive.member(name) for name in archive.names}
            if any(member.needs_unpickling for member in members.values()):
                raise DamagedCapsule(f"{folder}: input.npz holds Python objects, which are never read")
            if sum(math.prod(one.shape) * one.dtype.itemsize for one in members.values()) > _MOST_UNPACKED:
                raise DamagedCapsule(f"{folder}: input.npz holds more than {_MOST_UNPACKED} bytes")
            return {name: member.array() for name, member in members.items()}
    except (DamagedArchive, OSError) as error:
        raise DamagedCapsule(f"{folder}: input.npz: {error}") from error


def _specimen(record: Any, arrays: Mapping[str, NDArray[Any]], folder: Path) -> Specimen | None:
    if isinstance(record, dict) and set(record) == {"scan"}:
        return _scan(record["scan"], folder)
    specimen = decode(record, arrays)
    if specimen is not None and not isinstance(specimen, Specimen):
        raise Undecodable("the specimen is no scan")
    return specimen


def _scan(record: Mapping[str, Any], folder: Path) -> Specimen:
    named, outside = record["name"], record.get("path")
    if not isinstance(named, str) or not isinstance(outside, str | None):
        raise Undecodable("the scan has no name, or no path that is text")
    path = folder / "scan.npz" if outside is None else Path(outside)
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != record["bytes"] or file_hash(path) != record["sha256"]:
            raise DamagedCapsule(f"{path} is no longer the scan on which the check failed")
        held = specimen_from_file(path)
    except OSError as error:
        raise DamagedCapsule(f"the scan {path} is not there: {error.strerror or error}") from error
    except UnreadableScan as error:
        raise DamagedCapsule(str(error)) from error
    return Specimen(named, held.arrays, held.consistent, held.path)


def _drawn(record: Any, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, Any] | None:
    if record is None:
        return None
    if not isinstance(record, dict):
        raise Undecodable("the drawn arguments have no names")
    return {name: decode(held, arrays) for name, held in record.items()}


def file_hash(path: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def plain_name(name: str) -> str:
    """Return a name that is sound as a file name, whoever gave it."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).lstrip(".-") or "unnamed"
