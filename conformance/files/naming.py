"""Says what a file is that is no scan of a known format, and what to do with it (FIL-001)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from conformance.files.finding import Finding, Severity
from conformance.files.formats.empad import nearly
from conformance.files.formats.lists import listing_of
from conformance.files.formats.magic import Kind
from conformance.files.formats.roles import columns_among, pairs_among, tables_among, unit_of
from conformance.files.formats.sniffing import HEAD_BYTES, Sniffed, as_text, lfs_size

_PACKED = "unpack it first"
_IMAGE = "an image, as detectors write them: frames without positions and probe; read the frames and write a scan file"
_STACK = "frames without positions and probe; read them with the tool of the detector, and write a scan file"
_TABLE = "perhaps positions, and no frames; write it as text, and give frames and a probe beside it"
_SETTINGS = "text, perhaps the settings of a scan: the data lie elsewhere"
_MODEL = "weights of a network, no scan: give the data that it was trained on"

_SAID: Mapping[Kind, str] = {
    Kind.HTML: "a page, not the data: the download wanted a login or met an error; download it again in a browser",
    Kind.ANSWER: "what stands in it is a message, not the data; look at its text and repeat the download",
    Kind.POINTER: "the data were not fetched; fetch them with the tool that made it (git annex get, dvc pull)",
    Kind.NPY: "a single NumPy array (.npy): a scan file holds several, by name; write them with numpy.savez",
    Kind.TIFF: _IMAGE,
    Kind.EDF: _IMAGE,
    Kind.CBF: _IMAGE,
    Kind.FITS: _IMAGE,
    Kind.DICOM: _IMAGE,
    Kind.MRC: "an MRC stack of images: frames without positions and probe; read the frames and write a scan file",
    Kind.MERLIN: "its header alone (.hdr): the frames are in the .mib file beside it; give that",
    Kind.DM: _STACK,
    Kind.TIA: _STACK,
    Kind.BLO: _STACK,
    Kind.SEQ: _STACK,
    Kind.MDA: (
        "positions of motors and readings of detectors, no frames; write x and y as a table (CSV) with the reader of "
        "your beamline, and give it beside the frames"
    ),
    Kind.PNG: "a picture of something, not the data",
    Kind.JPEG: "a picture of something, not the data",
    Kind.GIF: "a picture of something, not the data",
    Kind.PDF: "a document, not the data",
    Kind.OFFICE: "a document, not the data; write a table of positions as text",
    Kind.RESOURCE_FORK: "the data are in the file of the same name without ._",
    Kind.GZIP: _PACKED,
    Kind.BZIP2: _PACKED,
    Kind.XZ: _PACKED,
    Kind.ZSTD: _PACKED,
    Kind.LZ4: _PACKED,
    Kind.RAR: _PACKED,
    Kind.SEVEN_ZIP: _PACKED,
    Kind.TAR: _PACKED,
    Kind.NETCDF: "arrays by name: read them with scipy.io.netcdf_file, and write a scan file",
    Kind.HDF4: "arrays of an old kind: turn it into HDF5 with h4toh5, and give that",
    Kind.PARQUET: _TABLE,
    Kind.ARROW: _TABLE,
    Kind.SQLITE: _TABLE,
    Kind.SAFETENSORS: _MODEL,
    Kind.PICKLE: "only unpickling could read it, and unpickling runs what the file says; ask for the arrays",
    Kind.JSON: _SETTINGS,
    Kind.XML: _SETTINGS,
    Kind.TEXT: "text, not the data",
    Kind.BINARY: (
        "raw numbers without a header, perhaps: nothing in it says their type, frame size or order; read it with "
        "numpy.fromfile and what its detector writes, and write a scan file; or, if it should be one, copy it again"
    ),
}
_OF_KERAS = ("/model_weights", "/kernel:0", "/optimizer_weights")
_MOST_NAMED = 6
_LISTS = re.compile(r'"([^"\n]{1,40})"\s*:\s*\[\s*-?\d')
_SMALLEST_SIDE, _FEWEST_IMAGES = 8, 4


def named(file: Sniffed) -> Finding:
    """Say what a file is, in a finding."""
    return Finding("FIL-001", Severity.VIOLATION, "file", f"this is {_article(file.kind)} {file.kind}: {_what(file)}")


def _what(file: Sniffed) -> str:
    if file.kind is Kind.LFS:
        size = lfs_size(file.head)
        amount = f" of {_bytes(size)}" if size is not None else ""
        return f"it points to data{amount} that were not fetched; run: git lfs pull"
    if file.kind is Kind.ZIP:
        return _zipped(file)
    if file.kind is Kind.NUMBERS:
        return _numbers(file.head)
    if file.kind is Kind.HDF5:
        return _unknown_hdf5(file)
    if file.kind is Kind.MATLAB:
        return f"arrays as MATLAB wrote them: {held_arrays(file.shapes)}; load them with scipy.io.loadmat"
    if file.kind is Kind.BINARY and (near := nearly(file)):
        return near
    if file.kind is Kind.JSON and len(lists := _LISTS.findall(as_text(file.head) or "")) > 1:
        names = ", ".join(lists[:_MOST_NAMED])
        return (
            f"text with lists ({names}): if these are positions, write them as a table: numpy.savetxt('NEW.csv', "
            "numpy.stack([held['x'], held['y']], 1), delimiter=',', header='x_um,y_um', comments=''), with its own unit"
        )
    if file.kind in (Kind.ANSWER, Kind.TEXT):
        return f"{_SAID[file.kind]}: {_beginning(file.head)}"
    return _SAID.get(file.kind, "no scan that is known here")


def is_archive_of_files(file: Sniffed) -> bool:
    """Whether a zip archive holds files of other kinds, or arrays in folders, and no array that a reader would find."""
    return file.kind is Kind.ZIP and bool(file.members) and all("/" in name or "." in name for name in file.members)


def _zipped(file: Sniffed) -> str:
    """Say what a zip archive without arrays of its own holds."""
    members = file.members
    ends = {name.rsplit("/", 1)[-1] for name in members}
    if ends & {".zarray", ".zgroup", "zarr.json", ".zattrs"}:
        return "a Zarr store lies in it: open it with zarr, and write its arrays into a scan file"
    if {"[Content_Types].xml"} & ends:
        return "an office document, not the data; write a table of positions as text"
    if "data.pkl" in ends:
        return (
            "as torch saves values, weights of a network or tensors, in a pickle that is not opened here; if these are "
            "your data: held = torch.load(FILE, weights_only=True); numpy.savez('NEW.npz', **{k: v.numpy() for k, v in "
            "held.items()}); if it is a model, give the data that it was trained on"
        )
    if "model.weights.h5" in ends or "keras_metadata.pb" in ends or {"config.json", "metadata.json"} <= ends:
        return f"a model of Keras: {_MODEL}"
    arrays = sorted(name for name in file.arrays if not name.rsplit("/", 1)[-1].startswith("._"))
    if arrays:
        names = _some(arrays)
        return f"its arrays lie in a folder ({names}): store them under these names without the folder (numpy.savez)"
    return f"it holds files and no arrays ({_some(sorted(members))}): unpack it, and give the file with the scan"


def _unknown_hdf5(file: Sniffed) -> str:
    if any(name.endswith(_OF_KERAS) for name in file.members):
        return f"a model of Keras: {_MODEL}"
    links = "".join(f"; {one}" for one in file.links[:_MOST_NAMED])
    return f"of no layout that is known here: {held_arrays(file.shapes)}{links}"


def held_arrays(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Say which arrays a file holds, and which of them have the axes of frames.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Shapes by name.
    """
    arrays = {name: shape for name, shape in shapes.items() if sum(n > 1 for n in shape)}
    frames = [name for name, shape in arrays.items() if _as_frames(shape)]
    images = Counter(shape for shape in arrays.values() if len(shape) == 2 and min(shape) >= _SMALLEST_SIDE)
    common = images.most_common(1)
    if not frames and common and common[0][1] >= _FEWEST_IMAGES:
        shape, number = common[0]
        joined = "convert THIS POSITIONS PROBE OUT.npz joins them in the order of their numbers"
        return f"{number} arrays of {shape}, perhaps a frame each; {joined}"
    places = next(iter([*map(" and ".join, pairs_among(arrays)), *tables_among(arrays)]), "")
    if not frames and places:
        todo = "the frames lie elsewhere: convert FRAMES PROBE THIS OUT.npz joins them"
        return f"no array in it has the axes of frames ({_shapes(arrays)}); {places} are perhaps positions, and {todo}"
    if not frames:
        some = f" ({_shapes(arrays)})" if arrays else ""
        return f"no array in it has the axes of frames{some}: the data lie elsewhere"
    perhaps = _some(sorted(frames, key=lambda name: -_size(arrays[name])))
    todo = "give what is missing from other files: convert THIS POSITIONS PROBE OUT.npz; --array frames=NAME says which"
    return f"its arrays are {_shapes(arrays)}; frames are perhaps {perhaps}; {todo}"


def _as_frames(shape: tuple[int, ...]) -> bool:
    long = [n for n in shape if n > 1]
    return len(long) in (3, 4) and sum(n >= _SMALLEST_SIDE for n in long) >= 2


def _shapes(arrays: Mapping[str, tuple[int, ...]]) -> str:
    largest = sorted(arrays, key=lambda name: -_size(arrays[name]))
    return _some([f"{name} {arrays[name]}" for name in largest])


def _size(shape: tuple[int, ...]) -> int:
    product = 1
    for n in shape:
        product *= n
    return product


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + rest


def _numbers(head: bytes) -> str:
    """Say what a table of numbers is, and name the trap of its axes."""
    listing = listing_of(as_text(head) or "", cut=len(head) == HEAD_BYTES)
    if listing is None or listing.columns < 2:
        return "a single column of numbers: no frames are in it"
    called = f" called {', '.join(listing.names)}" if listing.names else ""
    commas = ", with decimal commas" if listing.decimal_commas else ""
    pair = columns_among(listing.names)
    if pair is not None:
        unit = "" if unit_of(pair[0]) is not None else " --positions-unit um, or whichever it is"
        return (
            f"{listing.columns} columns{called}{commas}: a list of positions, of which {pair[0]} and {pair[1]} "
            f"are read; frames and a probe come from other files: convert FRAMES PROBE THIS OUT.npz{unit}"
        )
    known = "Ptychodus writes y, x in CSV and x y in text; " if listing.columns == 2 and not called else ""
    more = "; keep the two columns of x and y alone" if listing.columns > 2 else ""
    return (
        f"{listing.columns} columns{called}{commas}; a list of positions needs frames and a probe from other files; "
        f"{known}say which columns are x and y, and their unit: convert FRAMES PROBE THIS OUT.npz --positions-order xy "
        f"--positions-unit um{more}"
    )


def _beginning(head: bytes) -> str:
    text = " ".join((as_text(head) or "").split())
    return repr(text[:80] + ("..." if len(text) > 80 else ""))


def _bytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 5e5 else f"{size} bytes"


def _article(kind: Kind) -> str:
    if kind in (Kind.NUMBERS, Kind.TEXT, Kind.JSON, Kind.XML):
        return "a file of"
    return (
        "an"
        if kind.value.startswith(("H", "E", "M", "R", "X", "xz", "e", "L", "A"))
        and kind
        not in (
            Kind.MATLAB,
            Kind.RAR,
        )
        else "a"
    )
