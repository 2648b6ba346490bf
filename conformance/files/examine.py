"""Decides the clauses about scan files (NPZ): for ``validate``, and to read a user's scan for judgement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import COORDINATES, MASK, STACKS
from conformance.contract.crossing import Crossing
from conformance.files.archive import Archive, DamagedArchive
from conformance.files.finding import Finding, Severity
from conformance.files.fixing.attaching import with_fixes
from conformance.files.fixing.declared import Seen
from conformance.files.fixing.names import renamings
from conformance.files.foreign import examine_foreign
from conformance.files.formats import canonical
from conformance.files.formats import named as by_names
from conformance.files.formats.masks import mask_among, quantity_of_name
from conformance.files.formats.several import of_one_scan
from conformance.files.formats.sniffing import Kind, kind_of
from conformance.files.formats.table import format_of, readable_as, sniff
from conformance.files.formats.values import Source, Stored
from conformance.files.hdf5.opened import looked_at_again
from conformance.files.naming import is_archive_of_files, named
from conformance.files.regular import kind_of_path, open_regular
from conformance.files.rules.illumination import whole_amplitudes
from conformance.files.rules.looking import view_of
from conformance.files.rules.masks import about_mask, about_named_mask
from conformance.files.rules.table import findings_of
from conformance.files.rules.view import View
from conformance.files.scan_rules import KNOWN, Rules
from conformance.files.stated import about_metadata
from conformance.files.stored_text import is_json, text_of
from conformance.files.survey import Survey
from conformance.files.unfit import UnfitFile
from conformance.scans.specimens import Specimen

_OF_NOTHING = {Kind.EMPTY: "empty: the copy ended before it began", Kind.ZEROS: "nothing but zeros: the copy broke off"}
_PIECE, _FEWEST_ZEROS = 1 << 20, 4096
_PERHAPS_DAMAGED = frozenset({Kind.ZIP, *_OF_NOTHING})


class UnreadableScan(Crossing, ValueError):
    """The file breaks the file contract.

    Attributes
    ----------
    findings : tuple of Finding
        What is wrong; the first is in the message.
    remedy : str
        Remedy of the first.
    """

    def __init__(self, path: Path, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        self.remedy = findings[0].remedy
        super().__init__(f"{path}: {findings[0].sentence()}")


@dataclass(frozen=True)
class ScanReport:
    """What was found in a scan file.

    Attributes
    ----------
    path : Path
    findings : tuple of Finding
        Violations first.
    facts : Mapping[str, Any]
        M, N, probe modes, stack dtype and the like, as far as they could be read.
    view : View or None
        What the rules about files looked at; None where the frames could not be seen.
    """

    path: Path
    findings: tuple[Finding, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    view: View | None = field(default=None, repr=False, compare=False)

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Findings of one severity."""
        return tuple(one for one in self.findings if one.severity is severity)


@looked_at_again()
def examine(path: Path) -> ScanReport:
    """Decide every clause about scan files for one file; memory does not grow with the stack.

    Parameters
    ----------
    path : Path
        An existing file; it is never unpickled, and never written to.

    Raises
    ------
    OSError
        The file cannot be opened.
    """
    if kind := kind_of_path(path.stat().st_mode):
        return ScanReport(path, (Finding("NPZ-045", Severity.VIOLATION, "archive", f"this is {kind}, no file"),))
    found: list[Finding] = []
    facts: Mapping[str, Any] = {}
    view: View | None = None
    try:
        file = sniff(path)
        form = format_of(file) if file.kind is Kind.ZIP else readable_as(file)
        if is_archive_of_files(file) and _is_of_several(path):
            facts, view = examine_foreign(path, by_names.FORMAT, found)
        elif is_archive_of_files(file) or (form is None and file.kind not in _PERHAPS_DAMAGED):
            found.append(named(file))
        elif form is None and file.kind is Kind.ZIP and _has_names_of_its_own(path):
            facts, view = examine_foreign(path, by_names.FORMAT, found)
        elif form is None or form is canonical.FORMAT:
            facts, view = _examine_canonical(path, found)
        else:
            facts, view = examine_foreign(path, form, found)
    except DamagedArchive as error:
        found.append(_damaged(path, error))
    except UnfitFile as error:
        found.append(Finding(error.clause, Severity.VIOLATION, error.array, error.problem))
    return ScanReport(path, in_order(found), facts, view)


def _has_names_of_its_own(path: Path) -> bool:
    """Whether an NPZ has a scan's arrays under names of nobody's layout, which no renaming makes the contract's."""
    with Archive(path) as archive:
        members = {name: archive.member(name) for name in archive.names}
    spelt = set(renamings(members).values())
    if {*members} & {*COORDINATES, *STACKS} or {"xcoords", "ycoords"} <= spelt:
        return False
    plain = {name: one for name, one in members.items() if not one.needs_unpickling}
    return by_names.holds_several_parts(plain) or (not {*members} & {*KNOWN} and by_names.holds_any_part(plain))


def _is_of_several(path: Path) -> bool:
    """Whether folders of an archive hold a scan each, of which one is chosen; refused and named where none is."""
    with Archive(path) as archive:
        shapes: dict[str, tuple[int, ...]] = {}
        for name in archive.names:
            # What only bears the name of an array, as the shadows that a Mac puts beside each, is none.
            with contextlib.suppress(DamagedArchive):
                one = archive.member(name)
                shapes |= {name: one.shape} if one.dtype.kind in "iuf" else {}
        return len(of_one_scan(shapes, shapes, last=False)) < len(shapes)


def in_order(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings, the gravest first; advice about counts after what tells which values are none."""
    return tuple(sorted(found, key=lambda one: (list(Severity).index(one.severity), one.clause == "NPZ-034")))


def _examine_canonical(path: Path, found: list[Finding]) -> tuple[Mapping[str, Any], View | None]:
    with Archive(path) as archive:
        rules = Rules(archive)
        facts = rules.facts()
        found.extend(rules.findings())
        seen = _looked(archive, rules, found)
        text = text_of(rules.members["_metadata"]) if "_metadata" in rules.members else None
        if text is not None and is_json(text) and seen.view is not None:
            found.extend(about_metadata(text, seen.view.N))
        found[:] = with_fixes(archive, seen)
    return facts, seen.view


def looked_at(source: Source) -> Seen:
    """Decide every clause about scan files for arrays that lie in a file, or are computed from those of one.

    Parameters
    ----------
    source : Source
        Arrays under the contract's names.

    Raises
    ------
    DamagedArchive, OSError
        They cannot be read.
    """
    rules = Rules(source)
    return _looked(source, rules, list(rules.findings()))


def _looked(source: Source, rules: Rules, found: list[Finding]) -> Seen:
    content, view = rules.content, None
    stack = rules.members.get(rules.stack_name)
    if content is not None and content.survey is not None and stack is not None:
        mask = source.member(MASK) if MASK in source.names else None
        if mask is not None:
            found.extend(about_mask(mask, content.survey))
        else:
            found.extend(_about_other_mask(source, content.survey, stack))
        counts = bool(content.counts_evidence)
        view = view_of(rules.members, content.survey, rules.stack_name, stack.dtype, counts, mask)
        with np.errstate(over="ignore", invalid="ignore"):
            whole = whole_amplitudes(view) if content.whole else None
        if whole is not None:
            # Numbers that are no counts are no reason to take a root.
            view = replace(view, counts=False)
            found[:] = [*(one for one in found if one.clause != "NPZ-034"), whole]
        found.extend(findings_of(view))
    shapes = {name: member.shape for name, member in rules.members.items()}
    real = frozenset(name for name, member in rules.members.items() if member.dtype.kind == "f")
    return Seen(found, rules.facts(), view, shapes, real=real)


def _about_other_mask(source: Source, survey: Survey, stack: Stored) -> Iterator[Finding]:
    """What is said of a mask that lies under another name."""
    others = [name for name in source.names if name not in KNOWN and quantity_of_name(name) is not None]
    for mask in mask_among(others, source.member, (survey.M, *survey.sides)).values():
        yield from about_named_mask(mask, survey, stack.dtype)


def report_on(path: Path, source: Source, seen: Seen) -> ScanReport:
    """Return what was found in arrays as a report.

    Parameters
    ----------
    path : Path
        The file that they are, or will be.
    source : Source
    seen : Seen
        What was found in them.
    """
    return ScanReport(path, in_order(tuple(with_fixes(source, seen))), seen.facts, seen.view)


def read_scan(path: Path) -> dict[str, NDArray[Any]]:
    """Read a scan file into canonical arrays; optional ones that it lacks are left out.

    Raises
    ------
    OSError
        The file cannot be opened.
    UnreadableScan
        It breaks the file contract.
    """
    report = examine(path)
    violations = report.of(Severity.VIOLATION)
    if violations:
        raise UnreadableScan(path, violations)
    try:
        with Archive(path) as archive:
            return Rules(archive).arrays()
    except DamagedArchive as error:
        raise UnreadableScan(path, (_damaged(path, error),)) from error


def specimen_from_file(path: Path) -> Specimen:
    """Read a scan file as something to judge backends on.

    Raises
    ------
    OSError, UnreadableScan
        As :func:`read_scan`.
    """
    arrays = read_scan(path)
    mask = arrays.pop(MASK, None)
    # Light under a mask counts for one backend and not for another: it is judged as a scan without a mask.
    lit = mask is not None and bool(arrays["diff3d"][:, mask].any())
    return Specimen(path.stem, arrays, consistent=False, path=None if lit else path.resolve())


def _damaged(path: Path, error: DamagedArchive) -> Finding:
    kind, _ = kind_of(path)
    what = f"; it is {_OF_NOTHING[kind]}" if kind in _OF_NOTHING else _unfilled(path)
    return Finding("NPZ-033", Severity.VIOLATION, "archive", f"the archive cannot be read: {error}{what}")


def _unfilled(path: Path) -> str:
    """Say that a file ends in zeros, as one does whose room was taken before it was copied; empty where not."""
    size, empty = path.stat().st_size, 0
    with open_regular(path) as stream:
        while empty < size:
            piece = min(_PIECE, size - empty)
            stream.seek(size - empty - piece)
            held = stream.read(piece).rstrip(b"\x00")
            empty += piece - len(held)
            if held:
                break
    if empty < _FEWEST_ZEROS:
        return ""
    return f"; its last {empty} of {size} bytes are zeros: its room was taken, and the copy broke off"
