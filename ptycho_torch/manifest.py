"""What a store says of itself, and whether its sources have changed since (DAT-017)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

import torch

from ptycho_torch.errors import StaleStore, refuse
from ptycho_torch.grouping import Grouping
from ptycho_torch.neighbours import NeighbourRule
from ptycho_torch.settings import DataSettings

Scope = Literal["Batch", "Group", "None"]
SCHEMA = "ptycho_torch.store/1"
PROFILE = {"scale_contract_version": "legacy_v1", "measurement_domain": "normalized_amplitude"}
MANIFEST = "manifest.json"
REBUILD = "Rebuild the store: open it with rebuild=True, or delete its folder."
_PIECE = 1 << 24


@dataclass(frozen=True)
class StoreRequest:
    """What a store is made for.

    Attributes
    ----------
    grouping : Grouping or NeighbourRule
        Applied to every file.
    N : int or None
        Side of the frames; None takes that of the first file.
    seed : int, torch.Generator or None
        Source of a neighbour rule's draws; a ``Grouping`` has its own. Without a seed, or with a generator, groups are
        drawn once, when the store is built: opening it again gives the same.
    probe_scale : float
    probe_normalize : bool
        The probe gauge (DAT-010).
    normalize : {"Batch", "Group", "None"}
        Scope of the data scales: the groups of the file, the group, or none.
    """

    grouping: Grouping | NeighbourRule
    N: int | None = None
    seed: int | torch.Generator | None = None
    probe_scale: float = 4.0
    probe_normalize: bool = True
    normalize: Scope = "Batch"

    @classmethod
    def from_settings(cls, data: DataSettings) -> StoreRequest:
        """Make the request that the torch side's settings stand for: a neighbour rule, drawn ``n_subsample`` times.

        Raises
        ------
        Refusal
            The grid is not square (CFG-020).
        """
        height, width = data.grid_size
        if height != width:
            refuse("CFG-020", "grid_size", f"({height}, {width}) is not square", "Use a square grid.")
        rule = NeighbourRule(
            rule=data.neighbor_function,  # type: ignore[arg-type]
            gridsize=height,
            K=data.K,
            min_distance=data.min_neighbor_distance,
            max_distance=data.max_neighbor_distance,
            K_quadrant=data.K_quadrant,
            x_bounds=data.x_bounds,
            y_bounds=data.y_bounds,
            repeats=data.n_subsample,
        )
        return cls(rule, data.N, data.subsample_seed, data.probe_scale, data.probe_normalize, data.normalize)  # type: ignore[arg-type]

    def require_sense(self) -> None:
        """Refuse a request that no scan can fulfil.

        Raises
        ------
        Refusal
        """
        if self.normalize not in get_args(Scope):
            remedy = f"Use one of {', '.join(get_args(Scope))}."
            refuse("DAT-021", "normalize", f"{self.normalize!r} is no scope of data scales", remedy)
        if not self.probe_scale > 0:
            refuse("DAT-010", "probe_scale", f"it is {self.probe_scale}", "Use a number above 0.")

    def as_json(self) -> dict[str, Any]:
        """Plain types, to be compared with those of a manifest."""
        grouping = self.grouping
        if isinstance(grouping, Grouping):
            grouping = replace(grouping, seed=_plain_seed(grouping.seed))
        plain = {"rule": type(grouping).__name__} | asdict(
            replace(self, grouping=grouping, seed=_plain_seed(self.seed))
        )
        return dict(json.loads(json.dumps(plain, default=lambda number: number.item())))


def _plain_seed(seed: int | torch.Generator | None) -> int | None:
    return None if isinstance(seed, torch.Generator) else seed


@dataclass(frozen=True)
class StackPlace:
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
    """

    file: str | None
    dtype: str
    shape: tuple[int, int, int]
    offset: int


@dataclass(frozen=True)
class Fingerprint:
    """What tells whether a file has changed.

    Attributes
    ----------
    path : str
    size, mtime_ns : int
        Compared at every opening.
    blake2b : str
        Of the content; compared only when the time differs. A file that was given other content of the same length and
        its old time back is taken for unchanged.
    """

    path: str
    size: int
    mtime_ns: int
    blake2b: str

    @classmethod
    def of(cls, file: Path) -> Fingerprint:
        """Read a file, and note its state."""
        status = file.stat()
        return cls(str(file), status.st_size, status.st_mtime_ns, _checksum(file))

    @property
    def state(self) -> tuple[int, int]:
        """Size and time."""
        return self.size, self.mtime_ns

    def holds(self) -> bool:
        """Whether the file still has this content."""
        state = state_of(Path(self.path))
        return state == self.state or (state[0] == self.size and _checksum(Path(self.path)) == self.blake2b)


@dataclass(frozen=True)
class Source:
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
    rows: int
    dropped: int
    modes: int
    mean_energy: float
    metadata: dict[str, Any] | None

    @property
    def path(self) -> Path:
        """The scan file."""
        return Path(self.file.path)

    @property
    def points(self) -> int:
        """Scan points."""
        return self.frames.shape[0]


@dataclass(frozen=True)
class Manifest:
    """The manifest of a store.

    Attributes
    ----------
    id : str
        Of this build; no other has it.
    request : dict
        See :meth:`StoreRequest.as_json`.
    sources : tuple of Source
    contents : dict
        Bytes of every other file of the store.
    """

    id: str
    request: Mapping[str, Any]
    sources: tuple[Source, ...]
    contents: Mapping[str, int]

    def write(self, folder: Path) -> None:
        """Write it into the folder of its store."""
        plain = {"schema": SCHEMA, "profile": PROFILE} | asdict(self)
        (folder / MANIFEST).write_text(json.dumps(plain, indent=1), encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a store, and require the store to be whole.

    Raises
    ------
    StaleStore
        There is none, it is of another version or profile, or files are missing or cut off.
    """
    try:
        plain = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        schema, profile = plain.pop("schema"), plain.pop("profile")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StaleStore("DAT-017", "manifest", "it cannot be read", REBUILD, folder) from error
    if schema != SCHEMA:
        stale(folder, "manifest", f"the store is of version {schema}, not {SCHEMA}")
    if profile != PROFILE:
        stale(folder, "profile", f"the store holds {profile}, not {PROFILE}")
    try:
        manifest = Manifest(
            plain.pop("id"), plain.pop("request"), tuple(map(_source, plain.pop("sources"))), plain.pop("contents")
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StaleStore("DAT-017", "manifest", f"it is damaged: {error!r}", REBUILD, folder) from error
    for name, size in manifest.contents.items():
        found = state_of(folder / name)[0] if (folder / name).is_file() else None
        if found != size:
            stale(folder, name, f"{'no file is' if found is None else f'{found} bytes are'} there, {size} were written")
    return manifest


def _source(plain: Mapping[str, Any]) -> Source:
    M, N, _ = plain["frames"]["shape"]
    frames = StackPlace(**{**plain["frames"], "shape": (M, N, N)})
    return Source(**{**plain, "file": Fingerprint(**plain["file"]), "frames": frames})


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


def state_of(file: Path) -> tuple[int, int]:
    """Size and modification time of a file; costs no reading."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def _checksum(file: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
