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
from conformance.failures.record import Arguments, CapsuleRecord, InputRecord, ScanRecord
from conformance.failures.typed import T, Undecodable, parsed, typed
from conformance.files.archive import Archive, DamagedArchive
from conformance.files.examine import UnreadableScan, specimen_from_file
from conformance.scans.specimens import Specimen

MOST_BYTES = 1 << 26
"""The largest scan, and the largest array, that a capsule holds."""

_MOST_UNPACKED = 1 << 28


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
    record = _read(folder, "capsule.json", CapsuleRecord)
    if record.seal and record.seal != record.sealed().seal:
        raise DamagedCapsule(f"{folder}: capsule.json is not what was written")
    for name, written in record.files.items():
        # What is there for a person alone may be thrown away, and may not be another.
        needed = name in ("arguments.json", "input.npz", "scan.npz")
        there = name == plain_name(name) and (folder / name).exists()
        if (needed or there) and file_hash(_regular(folder, name)) != written:
            raise DamagedCapsule(f"{folder}: {name} is not what was written")
    arguments = _read(folder, "arguments.json", Arguments)
    arrays = _arrays(folder) if "input.npz" in record.files else {}
    try:
        specimen = _specimen(arguments.specimen, arrays, folder)
        drawn = arguments.drawn and {name: decode(held, arrays) for name, held in arguments.drawn.items()}
    except Undecodable as error:
        raise DamagedCapsule(f"{folder / 'arguments.json'}: {error}") from error
    return Capsule(
        check=record.check,
        clauses=record.clauses,
        adapter=record.adapter,
        asked=record.asked,
        outcome=record.outcome,
        sentence=record.sentence,
        specimen=specimen,
        drawn=drawn,
        inputs=tuple(_input(one, folder) for one in record.inputs),
        methods=frozenset(record.methods),
        runs=record.runs,
        replays=record.replays,
        notes=record.notes,
    )


def _input(one: InputRecord, folder: Path) -> Input:
    content = None
    if one.kept and one.made:
        content = _regular(folder / "inputs", one.name).read_bytes()
        if hashlib.sha256(content).hexdigest() != one.sha256:
            raise DamagedCapsule(f"{folder}: inputs/{one.name} is not what was written")
    return Input(one.name, one.sha256, one.made, content)


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


def _read(folder: Path, name: str, kind: type[T]) -> T:
    try:
        return typed(parsed(_regular(folder, name).read_text(encoding="utf-8")), kind)
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


def _specimen(record: dict[str, Any] | None, arrays: Mapping[str, NDArray[Any]], folder: Path) -> Specimen | None:
    if record is not None and set(record) == {"scan"}:
        return _scan(typed(record["scan"], ScanRecord), folder)
    specimen = decode(record, arrays)
    if specimen is not None and not isinstance(specimen, Specimen):
        raise Undecodable("the specimen is no scan")
    return specimen


def _scan(record: ScanRecord, folder: Path) -> Specimen:
    path = folder / "scan.npz" if record.path is None else Path(record.path)
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != record.bytes or file_hash(path) != record.sha256:
            raise DamagedCapsule(f"{path} is no longer the scan on which the check failed")
        held = specimen_from_file(path)
    except OSError as error:
        raise DamagedCapsule(f"the scan {path} is not there: {error.strerror or error}") from error
    except UnreadableScan as error:
        raise DamagedCapsule(str(error)) from error
    return Specimen(record.name, held.arrays, held.consistent, held.path)


def file_hash(path: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def plain_name(name: str) -> str:
    """Return a name that is sound as a file name, whoever gave it."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).lstrip(".-") or "unnamed"
