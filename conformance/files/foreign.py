"""Says what a file is that is no scan of a known format, and what to do with it (FIL-001)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.files.assembly import in_pixels
from conformance.files.finding import Finding, Severity
from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.sniffing import Kind, Sniffed, lfs_size
from conformance.files.rules.looking import view_of
from conformance.files.rules.table import findings_of
from conformance.files.rules.view import View
from conformance.files.survey import Survey

_MOST_PIXELS = 1 << 22
_WORDS = {
    "diff3d": "frames",
    "xcoords": "positions",
    "probeGuess": "a probe",
    "objectGuess": "an object",
    "bad_pixels": "a mask",
}
_NEEDED = ("diff3d", "xcoords", "probeGuess")
_PACKED = "unpack it first"
_IMAGE = "an image, as detectors write them: frames without positions and probe; read the frames and write a scan file"

_SAID: Mapping[Kind, str] = {
    Kind.HTML: "a page, not the data: the download wanted a login or met an error; download it again in a browser",
    Kind.NPY: "a single NumPy array (.npy): a scan file holds several, by name; write them with numpy.savez",
    Kind.TIFF: _IMAGE,
    Kind.EDF: _IMAGE,
    Kind.CBF: _IMAGE,
    Kind.MRC: "an MRC stack of images: frames without positions and probe; read the frames and write a scan file",
    Kind.PNG: "a picture of something, not the data",
    Kind.JPEG: "a picture of something, not the data",
    Kind.PDF: "a document, not the data",
    Kind.GZIP: _PACKED,
    Kind.BZIP2: _PACKED,
    Kind.XZ: _PACKED,
    Kind.ZSTD: _PACKED,
    Kind.RAR: _PACKED,
    Kind.SEVEN_ZIP: _PACKED,
    Kind.TAR: _PACKED,
    Kind.MATLAB: "arrays as MATLAB wrote them: load them with scipy.io.loadmat and write a scan file",
    Kind.PICKLE: "only unpickling could read it, and unpickling runs what the file says; ask for the arrays",
    Kind.HDF5: "of no layout that is known here; write its frames, positions and probe into a scan file",
    Kind.JSON: "text, perhaps the settings of a scan: the data lie elsewhere",
    Kind.XML: "text, perhaps the settings of a scan: the data lie elsewhere",
    Kind.TEXT: "text, not the data",
}


def named(file: Sniffed) -> Finding:
    """Say what a file is, in a finding."""
    return Finding("FIL-001", Severity.VIOLATION, "file", f"this is {_article(file.kind)} {file.kind}: {_what(file)}")


def _what(file: Sniffed) -> str:
    if file.kind is Kind.LFS:
        size = lfs_size(file.head)
        amount = f" of {_bytes(size)}" if size is not None else ""
        return f"it points to data{amount} that were not fetched; run: git lfs pull"
    if file.kind is Kind.ZIP:
        return _zipped(file.members)
    if file.kind is Kind.NUMBERS:
        return _numbers(file.head)
    return _SAID.get(file.kind, "no scan that is known here")


def is_archive_of_files(file: Sniffed) -> bool:
    """Whether a zip archive holds files of other kinds, and no array."""
    return file.kind is Kind.ZIP and bool(file.members) and all("/" in name or "." in name for name in file.members)


def _zipped(members: frozenset[str]) -> str:
    """Say what a zip archive without arrays holds."""
    ends = {name.rsplit("/", 1)[-1] for name in members}
    if ends & {".zarray", ".zgroup", "zarr.json", ".zattrs"}:
        return "a Zarr store lies in it: open it with zarr, and write its arrays into a scan file"
    if {"[Content_Types].xml"} & ends:
        return "an office document, not the data"
    listed = ", ".join(sorted(members)[:4]) + (f" and {len(members) - 4} more" if len(members) > 4 else "")
    return f"it holds files and no arrays ({listed}): unpack it, and give the file with the scan"


def _numbers(head: bytes) -> str:
    """Say what a table of numbers is, and name the trap of its axes."""
    rows = [
        line.replace(b",", b" ").split() for line in head.splitlines() if line.strip() and line.strip()[:1] not in b"#%"
    ]
    columns = len(rows[0]) if rows else 0
    if columns not in (2, 3, 4):
        return f"a table of {columns} columns: no frames are in it"
    order = (
        "Ptychodus writes y, x in CSV and x y in text"
        if columns == 2
        else "say which columns are x and y, and their unit"
    )
    return f"a list of positions needs frames and a probe from other files; {order}"


def _bytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 5e5 else f"{size} bytes"


def _article(kind: Kind) -> str:
    if kind in (Kind.NUMBERS, Kind.TEXT, Kind.JSON, Kind.XML):
        return "a file of"
    return "an" if kind.value.startswith(("H", "E", "M", "R", "X", "xz", "e")) and kind is not Kind.MATLAB else "a"


def examine_foreign(path: Path, form: Format, found: list[Finding]) -> tuple[dict[str, Any], View | None]:
    """Say what a file of another format holds and lacks (FIL-002), judge its frames; return sizes and view.

    Parameters
    ----------
    path : Path
    form : Format
        The format that recognises it.
    found : list of Finding
        What is found is added to it.

    Raises
    ------
    OSError, UnfitFile, DamagedArchive
        The file cannot be read.
    """
    with form.opened(path) as held:
        found.append(Finding("FIL-002", Severity.VIOLATION, "file", _described(held, path)))
        found.extend(Finding("FIL-002", Severity.NOTE, "file", note) for note in _notes(held))
        frames = held.parts.get("diff3d")
        facts: dict[str, Any] = {"members": list(held.members), "format": held.format}
        if frames is None or len(frames.values.shape) != 3 or 0 in frames.values.shape:
            return facts, None
        M, *sides = frames.values.shape
        facts |= {"M": M, "N": sides[0], "sides": sides, "dtype": frames.values.dtype.name}
        if sides[0] * sides[1] > _MOST_PIXELS:
            return facts, None
        view = _view(held, frames)
        found.extend(findings_of(view))
        return facts, view


def _view(held: Description, frames: Part) -> View:
    """Make the view of the parts of a scan, with positions in object pixels where the geometry is known."""
    M, rows, columns = frames.values.shape
    survey = Survey(M, (rows, columns))
    offset = 0
    for block in frames.values.blocks():
        survey.add(block, slice(offset, offset + len(block)), slice(None), slice(None))
        offset += len(block)
    parts = dict(held.parts)
    metres = {name: part for name, part in parts.items() if part.quantity is Quantity.METRE}
    if metres:
        known = held.geometry.pixel_of(rows) is not None
        parts |= in_pixels(metres, held.geometry, rows) if known else {}
    members = {name: part.values for name, part in parts.items() if part.quantity is not Quantity.METRE}
    counts = frames.quantity is Quantity.COUNTS
    return view_of(members, survey, "diff3d", frames.values.dtype, counts, members.get("bad_pixels"))


def _described(held: Description, path: Path) -> str:
    has = [word for name, word in _WORDS.items() if name in held.parts]
    lacks = [word.removeprefix("a ") for name, word in _WORDS.items() if name in _NEEDED and name not in held.parts]
    said = [f"this is {held.format}: {_and(has) or 'nothing of a scan'}" + (f", no {_and(lacks)}" if lacks else "")]
    traps = [trap for name in _NEEDED if name in held.parts for trap in _traps(held.parts[name])]
    if traps:
        said.append(_and(traps))
    if held.advice:
        said.append(held.advice)
    partner = " PARTNER" if lacks else ""
    command = f"ptycho-conformance convert {path.name}{partner} OUT.npz"
    return f"{'; '.join(said)}. To write a scan file: {command}"


def _notes(held: Description) -> Iterator[str]:
    """What is taken for granted about a file, what is left out, and how its frames are turned."""
    yield from held.assumed
    yield from (f"not used: {name}" for name in held.dropped)
    for name in ("diff3d", "bad_pixels"):
        if name in held.parts and (held.orientation.exif != 1 or name == "bad_pixels"):
            yield from held.parts[name].changes


def _traps(part: Part) -> Iterator[str]:
    """What goes wrong with an array that is renamed and nothing else."""
    unit = {Quantity.COUNTS: "the frames are counts", Quantity.METRE: "positions are in metres"}.get(part.quantity)
    if unit:
        yield unit
    yield from part.traps


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
