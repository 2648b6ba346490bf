"""What a store says of itself, and whether its sources have changed since (DAT-017)."""

from __future__ import annotations

import json
import math
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import numpy as np
from msgspec import Meta, Struct

from ptycho_torch.errors import Refusal, StaleStore, refuse
from ptycho_torch.fingerprint import Count, Fingerprint, checksum_of
from ptycho_torch.parts import REBUILD, Part, header_of
from ptycho_torch.regular import open_regular
from ptycho_torch.store_request import StoreRequest

SCHEMA = "ptycho_torch.store/3"
PROFILE = {"scale_contract_version": "legacy_v1", "measurement_domain": "normalized_amplitude"}
MANIFEST = "manifest.json"
_MOST = 1 << 26
_CLOSING = re.compile(rb',\n "checksum": "([0-9a-f]{32})"\n}\n\Z')
_VERSION = re.compile(rb'"schema": "(ptycho_torch\.store/\d{1,4})"')
_Positive = Annotated[int, Meta(ge=1, le=1 << 62)]


class StackPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the frames of a scan lie, C order.

    Attributes
    ----------
    file : str or None
        Name in the store; None: the source file itself.
    dtype : str
    shape : tuple of int
        (M, N, N)
    offset : int
        Bytes of the file before the frames.
    chunk : int
        Frames of a chunk.
    checksums : str
        Of the chunks, see :class:`ptycho_torch.chunks.ChunkChecksums`.
    """

    file: Annotated[str, Meta(pattern=r"^frames-[0-9]{1,9}\.npy\Z")] | None
    dtype: Annotated[str, Meta(pattern=r"^[<>|=][biuf](1|2|4|8|16)\Z")]
    shape: tuple[_Positive, _Positive, _Positive]
    offset: Count
    chunk: _Positive
    checksums: Annotated[str, Meta(pattern=r"^([0-9a-f]{8})+\Z")]

    def __post_init__(self) -> None:
        # What raises here, msgspec takes for an invalid value.
        np.dtype(self.dtype)

    @property
    def nbytes(self) -> int:
        """Bytes of all frames."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A scan of a store, at the place of its ``experiment_id``.

    Attributes
    ----------
    file : Fingerprint
    frames : StackPlace
    rows : int
        Groups.
    dropped : int
        Points that a neighbour rule had to leave without a group.
    modes : int
        Probe modes.
    mean_energy : float
        Mean over the frames of the groups of the sum of amplitude²; 0 without groups.
    metadata : dict or None
        What the scan says of itself.
    """

    file: Fingerprint
    frames: StackPlace
    rows: Count
    dropped: Count
    modes: _Positive
    mean_energy: Annotated[float, Meta(ge=0)]
    metadata: dict[str, Any] | None

    @property
    def path(self) -> Path:
        """The scan file."""
        return Path(self.file.path)

    @property
    def points(self) -> int:
        """Scan points."""
        return self.frames.shape[0]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest of a store.

    Attributes
    ----------
    id : str
        Of this build; no other has it.
    channels : int
        Members of a group.
    request : dict
        See :meth:`StoreRequest.as_json`.
    sources : tuple of Source
    contents : dict
        Every other file of the store.
    """

    id: str
    channels: _Positive
    request: dict[str, Any]
    sources: Annotated[tuple[Source, ...], Meta(min_length=1)]
    contents: dict[str, Part]

    def write(self, folder: Path) -> None:
        """Write it into the folder of its store, with a checksum of its own.

        Raises
        ------
        Refusal
            What the scans say of themselves is too much.
        OSError
        """
        plain = {"schema": SCHEMA, "profile": PROFILE} | msgspec.to_builtins(self)
        text = json.dumps(plain, indent=1)[: -len("\n}")].encode("ascii")
        if len(text) > _MOST // 2:
            remedy = "Leave metadata out of the scans, or make several stores."
            refuse("DAT-017", "manifest", f"it would have {len(text)} bytes", remedy, folder)
        with (folder / MANIFEST).open("xb") as stream:
            stream.write(text + b',\n "checksum": "%b"\n}\n' % checksum_of(text).encode())

    @property
    def rows(self) -> int:
        """Groups of all scans."""
        return sum(source.rows for source in self.sources)

    def arrays(self) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
        """Dtype and shape of every array of the store but the frames, by its file."""
        F, N = len(self.sources), self.sources[0].frames.shape[-1]
        points, modes = sum(source.points for source in self.sources), max(source.modes for source in self.sources)
        return {
            "rows/nn_indices.npy": (np.int32, (self.rows, self.channels)),
            "rows/experiment_id.npy": (np.int32, (self.rows,)),
            "rows/center_scan_id.npy": (np.int64, (self.rows,)),
            "points/positions.npy": (np.float64, (points, 2)),
            "points/energies.npy": (np.float64, (points,)),
            "probes/probe.npy": (np.complex64, (F, modes, N, N)),
            "probes/scaling.npy": (np.float32, (F,)),
            "masks/bad_pixels.npy": (np.bool_, (F, N, N)),
        }


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a store as a stranger's file, and require that the store has every file in its size.

    Raises
    ------
    StaleStore
        There is none, it is damaged or of another version or profile, or files are missing or cut off.
    OSError
        The disk does not give it.
    """
    plain = _plain(folder, _verified(folder, _content(folder)))
    schema, profile = plain.pop("schema", None), plain.pop("profile", None)
    if schema != SCHEMA:
        stale(folder, "manifest", f"the store is of version {schema}, not {SCHEMA}")
    if profile != PROFILE:
        stale(folder, "profile", f"the store holds {profile}, not {PROFILE}")
    try:
        manifest = msgspec.convert(plain, Manifest)
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        raise StaleStore("DAT-017", "manifest", f"it is damaged: {error}", REBUILD, folder) from error
    for problem in _contradictions(manifest):
        stale(folder, "manifest", f"it contradicts itself: {problem}")
    for name, part in manifest.contents.items():
        found = _size(folder / name)
        if found != part.size:
            were = "no file is" if found is None else f"{found} bytes are"
            stale(folder, name, f"{were} there, {part.size} were written")
    return manifest


def _content(folder: Path) -> bytes:
    try:
        with open_regular(folder / MANIFEST) as stream:
            return stream.read(_MOST + 1)
    except (FileNotFoundError, NotADirectoryError, Refusal) as error:
        raise StaleStore("DAT-017", "manifest", "there is none", REBUILD, folder) from error


def _verified(folder: Path, content: bytes) -> bytes:
    """Text of a manifest that is as it was written, without its checksum."""
    closing = _CLOSING.search(content, max(0, len(content) - 64))
    text = content[: closing.start()] if closing and len(content) <= _MOST else b""
    if closing and text and checksum_of(text).encode() == closing[1]:
        return text
    version = _VERSION.search(content[:100])
    if version and version[1].decode() != SCHEMA:
        stale(folder, "manifest", f"the store is of version {version[1].decode()}, not {SCHEMA}")
    return stale(folder, "manifest", "it is damaged: its checksum is another one")


def _plain(folder: Path, text: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(text.decode("ascii") + "}")
    except (ValueError, RecursionError, MemoryError) as error:
        raise StaleStore("DAT-017", "manifest", f"it is no JSON: {error}", REBUILD, folder) from error
    if not isinstance(plain, dict):
        stale(folder, "manifest", "it is no JSON object")
    return plain


def _contradictions(manifest: Manifest) -> Iterator[str]:
    """Tell what cannot be true of one store; sizes are Python's integers, which nothing overflows."""
    own = {source.frames.file: source for source in manifest.sources if source.frames.file is not None}
    if len({source.frames.shape[1:] for source in manifest.sources}) != 1 or manifest.rows == 0:
        yield "sides that differ, or no row"
    for number, source in enumerate(manifest.sources):
        place = source.frames
        if place.shape[1] != place.shape[2] or place.file not in (None, f"frames-{number}.npy"):
            yield f"frames {place.shape} of scan {number} in {place.file}"
        if not math.isfinite(source.mean_energy):
            yield f"mean energy {source.mean_energy} of scan {number}"
        if len(place.checksums) != 8 * -(-place.shape[0] // place.chunk):
            yield f"the checksums of scan {number} are not those of its chunks"
        if place.file is None and place.offset + place.nbytes > source.file.size:
            yield f"the frames of scan {number} leave their file"
    if manifest.contents.keys() != manifest.arrays().keys() | own.keys():
        yield "its list of files is another one"
        return
    for name, source in own.items():
        part = manifest.contents[name]
        if (part.size, part.leading) != (source.frames.offset + source.frames.nbytes, source.frames.offset):
            yield f"{name} has the size of other frames"
    for name, (dtype, shape) in manifest.arrays().items():
        part = manifest.contents[name]
        wanted = len(header_of(dtype, shape)) + math.prod(shape) * np.dtype(dtype).itemsize
        if (part.size, part.leading) != (wanted, wanted):
            yield f"{name} has {part.size} bytes for shape {shape}"


def _size(file: Path) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def stale(folder: Path, array: str, problem: str) -> NoReturn:
    """Raise a :class:`StaleStore`, with the instruction to rebuild.

    Parameters
    ----------
    folder : Path
        The store.
    array : str
        Part of the store or of the request that does not hold.
    problem : str
        What is wrong with it.
    """
    raise StaleStore("DAT-017", array, problem, REBUILD, folder)


def require_fresh(folder: Path, files: Sequence[Path], request: StoreRequest) -> Manifest:
    """Refuse a store that is damaged, or was not made from these files for this request.

    Parameters
    ----------
    folder : Path
        The store.
    files : sequence of Path
        The sources, in their order.
    request : StoreRequest
        What is asked of them.

    Raises
    ------
    StaleStore
    OSError
        The disk does not give the store, or a source.
    """
    manifest, asked = read_manifest(folder), request.as_json()
    if manifest.request != asked:
        stale(folder, "request", f"it was made for other values of {', '.join(_differing(manifest.request, asked))}")
    if [source.path for source in manifest.sources] != list(files):
        stale(folder, "sources", "it was made from other files")
    for source in manifest.sources:
        if not source.file.holds():
            stale(folder, "sources", f"{source.path} has changed since it was made")
    return manifest


def _differing(held: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Names of the values that differ."""
    one, other = _flat(held), _flat(asked)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _flat(request: Mapping[str, Any]) -> dict[str, Any]:
    grouping = request.get("grouping")
    inner = {f"grouping.{name}": value for name, value in grouping.items()} if isinstance(grouping, dict) else {}
    return {name: value for name, value in request.items() if name != "grouping"} | inner
