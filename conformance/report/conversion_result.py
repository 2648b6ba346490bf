"""What ``convert --json`` prints: where each array of a scan came from, and what was found in the file written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance import __version__
from conformance.contract.version import contract_version
from conformance.files.assembly import Assembled
from conformance.files.examine import ScanReport
from conformance.report.published import Published
from conformance.report.validation_result import FindingResult, finding_result


class ArrayResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One array of a converted scan.

    Attributes
    ----------
    name : str
        Contract name of the array.
    shape : tuple of int
    dtype : str
    source : str
        Where it came from.
    axes : str
        Order of its axes there, where that was not the contract's.
    changes : tuple of str
        What was done to it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    source: str
    axes: str
    changes: tuple[str, ...]


class FileConversion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scan that was converted.

    Attributes
    ----------
    sources : tuple of str
        Files that were read.
    out : tuple of str
        Files that were written.
    formats : tuple of str
        Of the files that were read.
    arrays : tuple of ArrayResult
    notes : tuple of str
        What was assumed and dropped.
    findings : tuple of FindingResult
        What is found in the scan file that was written; none are looked for in layouts of other tools.
    """

    sources: tuple[str, ...]
    out: tuple[str, ...]
    formats: tuple[str, ...]
    arrays: tuple[ArrayResult, ...]
    notes: tuple[str, ...]
    findings: tuple[FindingResult, ...]


class ConversionResult(Published, frozen=True, kw_only=True, tag_field="schema", tag="ptycho-conformance.convert/1"):
    """Scans that were converted.

    Attributes
    ----------
    files : tuple of FileConversion
    unread : tuple of str
        A sentence for each file that nothing came of.
    """

    files: tuple[FileConversion, ...]
    unread: tuple[str, ...] = ()


def conversions(files: Sequence[FileConversion], unread: Sequence[str] = ()) -> ConversionResult:
    """Return what is printed of conversions.

    Parameters
    ----------
    files : sequence of FileConversion
    unread : sequence of str
        A sentence for each file that nothing came of.
    """
    return ConversionResult(version=__version__, contract=contract_version(), files=tuple(files), unread=tuple(unread))


def conversion_of(
    scan: Assembled, sources: Sequence[Path], out: Sequence[Path], notes: Sequence[str], report: ScanReport | None
) -> FileConversion:
    """Return what is printed of one conversion.

    Parameters
    ----------
    scan : Assembled
        The scan that was written.
    sources, out : sequence of Path
        Files that were read and written.
    notes : sequence of str
        What changed when it was written in another layout.
    report : ScanReport or None
        What was found in a scan file that was written.
    """
    return FileConversion(
        sources=tuple(map(str, sources)),
        out=tuple(map(str, out)),
        formats=tuple(scan.formats),
        arrays=tuple(
            ArrayResult(
                name=name,
                shape=tuple(map(int, part.values.shape)),
                dtype=part.values.dtype.name,
                source=part.source,
                axes=part.axes,
                changes=tuple(part.changes),
            )
            for name, part in scan.parts.items()
        ),
        notes=(*scan.notes, *notes),
        findings=() if report is None else tuple(map(finding_result, report.findings)),
    )
