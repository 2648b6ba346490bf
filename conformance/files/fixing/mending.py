"""A file with its fixes: planned until nothing is left to do, looked at as it would be, and written at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from conformance.contract.arrays import Place, names_of
from conformance.files.archive import Archive, DamagedArchive
from conformance.files.examine import ScanReport, examine, looked_at, report_on
from conformance.files.finding import Severity
from conformance.files.fix import Fix
from conformance.files.fixing.declared import ROOT, Declared, Seen, declared_fixes, held_back
from conformance.files.fixing.exact import exact_fixes
from conformance.files.fixing.operations import applied
from conformance.files.fixing.provenance import earlier_steps, metadata_of, with_provenance
from conformance.files.fixing.relaid import Scratch
from conformance.files.fixing.writing import copy_file, write_fixed
from conformance.files.formats.values import Stored, Values

_MOST_ROUNDS = 24
_NO_ARCHIVE = frozenset({"NPZ-033", "NPZ-040", "NPZ-045", "FIL-001", "FIL-002", "FIL-020", "FIL-021", "FIL-022"})
_KNOWN = frozenset(names_of(Place.FILE))


@dataclass(frozen=True)
class Mended:
    """Arrays of a file as they are after some fixes, by name.

    Attributes
    ----------
    arrays : Mapping[str, Stored]
    """

    arrays: Mapping[str, Stored]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all arrays, in their order."""
        return tuple(self.arrays)

    def member(self, name: str) -> Stored:
        """Return one array; DamagedArchive where its header cannot be read."""
        values = self.arrays[name]
        if _is_opaque(values):
            raise DamagedArchive(f"{name}: it is no NPY array")
        return values


@dataclass(frozen=True)
class Mending:
    """What was done to a file, or would be.

    Attributes
    ----------
    before, after : ScanReport
        What is found in the file, and after its fixes.
    fixes : tuple of Fix
        In the order in which they were done.
    arrays : tuple of Mapping
        Shape and dtype by name, before and after, as far as headers can be read.
    notes : tuple of str
        What was asked for and not done, and what the user should know.
    written : bool
        Whether the file was written.
    """

    before: ScanReport
    after: ScanReport
    fixes: tuple[Fix, ...]
    arrays: tuple[Mapping[str, str], Mapping[str, str]]
    notes: tuple[str, ...] = ()
    written: bool = False


def is_mendable(report: ScanReport) -> bool:
    """Whether a file is an archive that may become a scan file by fixes, and no damaged one nor one of another tool."""
    return not any(one.clause in _NO_ARCHIVE for one in report.of(Severity.VIOLATION))


def mended(before: ScanReport, out: Path, said: Declared, *, dry: bool = False, further: Sequence[Fix] = ()) -> Mending:
    """Fix a scan file into another one; memory does not grow with its stack.

    Exact fixes come first, then ``further`` ones, then those that are declared, each over what the ones before left. A
    file that nothing is done to is copied byte for byte if it breaks no clause, and not written otherwise.

    Parameters
    ----------
    before : ScanReport
        What was found in the file.
    out : Path
        What is written, whole or not at all.
    said : Declared
        What the user says of the file.
    dry : bool
        Whether nothing is written.
    further : sequence of Fix
        Fixes that a diagnosis gives.

    Raises
    ------
    OSError
        A file cannot be read, or the other not written; what stood there before stays.
    DamagedArchive
        The file is damaged.
    """
    with Archive(before.path) as source, Scratch(out.resolve().parent) as scratch:
        plan = _Plan(source, scratch, said)
        plan.follow(further)
        after = report_on(out, Mended(plan.arrays), plan.seen)
        written = not dry and bool(plan.fixes or not after.of(Severity.VIOLATION))
        if written and plan.fixes:
            write_fixed(out, source, plan.arrays, with_provenance(plan.metadata, before.path.name, plan.fixes))
        elif written:
            copy_file(before.path, out)
        sizes = (_sizes(plan.original), _sizes(plan.arrays))
    return Mending(before, examine(out) if written else after, tuple(plan.fixes), sizes, plan.notes(), written)


class _Plan:
    """Fixes of a file, found and applied one after the other."""

    def __init__(self, source: Archive, scratch: Scratch, said: Declared) -> None:
        self.said, self.scratch = said, scratch
        self.original = {name: _opened(source, name) for name in source.names}
        self.arrays: dict[str, Stored] = dict(self.original)
        self.metadata = metadata_of(source)
        self.fixes: list[Fix] = []
        self.seen = Seen((), {}, None, {})

    def follow(self, further: Sequence[Fix]) -> None:
        """Find and apply fixes until none is left."""
        for _ in range(_MOST_ROUNDS):
            fixes = exact_fixes(Mended(self.arrays))
            if not fixes:
                break
            for fix in fixes:
                self._apply(fix)
        for fix in further:
            self._apply(fix)
        self._look()
        for _ in range(_MOST_ROUNDS):
            found = next(iter(declared_fixes(self.seen, self.said)), None)
            if found is None or found in self.fixes:
                break
            self._apply(found)
            self._look()

    def _apply(self, fix: Fix) -> None:
        self.arrays = applied(self.arrays, fix, self.scratch)
        self.fixes.append(fix)

    def _look(self) -> None:
        steps = (*earlier_steps(self.metadata), *(fix.as_json() for fix in self.fixes))
        self.seen = replace(looked_at(Mended(self.arrays)), done=steps)

    def notes(self) -> tuple[str, ...]:
        """What was asked for and not done, and what could not follow."""
        done = {fix.option for fix in self.fixes}
        held = held_back(self.seen, self.said)
        idle = tuple(
            f"{one}: nothing to do" for one in self.said.options if one not in done and not (held and one == ROOT)
        )
        return (*((held,) if held else ()), *idle, *self._left_whole())

    def _left_whole(self) -> Iterator[str]:
        """Members that the contract does not know, and that seem to have a row a frame."""
        for fix in self.fixes:
            rows = {"drop-frames": "frames", "drop-surplus": "positions"}.get(fix.op)
            names = [
                name
                for name, values in self.original.items()
                if rows and name not in _KNOWN and name in self.arrays and values.shape[:1] == (fix.before[rows],)
            ]
            if names:
                yield f"{', '.join(names)}: as many rows as frames before; whether they belong together is not known"
                return


def _opened(source: Archive, name: str) -> Stored:
    """A member, or what stands for one that is no array."""
    try:
        return source.member(name)
    except DamagedArchive:
        return Values(name, np.empty(()), needs_unpickling=True)


def _sizes(arrays: Mapping[str, Stored]) -> dict[str, str]:
    return {
        name: "no array" if _is_opaque(values) else f"{_shape(values.shape)} {values.dtype.name}".lstrip()
        for name, values in arrays.items()
    }


def _is_opaque(values: Stored) -> bool:
    return isinstance(values, Values) and values.needs_unpickling


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape) if shape else ""
