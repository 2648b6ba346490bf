"""A folder that holds the rows of several scans; frames lie in it once, or stay where they are (DAT)."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from tensordict import TensorDict
from torch import Tensor
from tqdm import tqdm

from ptycho_torch.errors import StaleStore, refuse
from ptycho_torch.grouped import GroupSettings, members_for
from ptycho_torch.grouping import Grouping, generator_for
from ptycho_torch.neighbours import NeighbourRule, groups_by_rule
from ptycho_torch.normalization import frame_energies
from ptycho_torch.scan import Scan

SCHEMA = "ptycho_torch.store/1"
_PIECE = 1 << 24
_FRAMES = "frames.npy"
_REBUILD = "Rebuild the store: open it with rebuild=True, or delete its folder."


@dataclass(frozen=True)
class StoreRequest:
    """What a store is made for.

    Attributes
    ----------
    grouping : Grouping or NeighbourRule
        Applied to every file.
    N : int or None
        Side of the frames; None takes that of the first file.
    seed : int or None
        Seed of a neighbour rule's draws; a ``Grouping`` has its own.
    probe_scale : float
    probe_normalize : bool
        The probe gauge (DAT-010).
    normalize : {"Batch", "Group", "None"}
        Scope of the data scales: the file, the group, or none.
    """

    grouping: Grouping | NeighbourRule
    N: int | None = None
    seed: int | None = None
    probe_scale: float = 4.0
    probe_normalize: bool = True
    normalize: Literal["Batch", "Group", "None"] = "Batch"

    def as_json(self) -> dict[str, Any]:
        """Plain types, to be compared with those of a manifest."""
        plain = {"rule": type(self.grouping).__name__} | asdict(self)
        return dict(json.loads(json.dumps(plain)))


def source_files(paths: Sequence[str | Path]) -> list[Path]:
    """Return the files that a list stands for; a single folder means the scans directly in it, by name (DAT-005).

    Raises
    ------
    Refusal
        There is no file (DAT-018).
    """
    listed = [Path(path) for path in paths]
    if len(listed) == 1 and listed[0].is_dir():
        listed = [path for path in sorted(listed[0].glob("*.npz")) if not path.name.endswith(".groups_cache.npz")]
    if not listed:
        refuse("DAT-018", "paths", "there is no scan file", "Name scan files, or a folder with some.")
    return [path.resolve() for path in listed]


def open_store(
    paths: Sequence[str | Path],
    request: StoreRequest,
    folder: str | Path,
    *,
    rebuild: bool = False,
    progress: bool = False,
) -> Path:
    """Find the store of these scans and this request in a folder, or build it there.

    Parameters
    ----------
    paths : sequence of path
    request : StoreRequest
    folder : path
        Folder of the store; made if it is not there.
    rebuild : bool
        Replace a store of other sources or another request.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The folder, holding a good store.

    Raises
    ------
    StaleStore
        The folder holds another store.
    Refusal
        A scan is refused, or scans do not fit together.
    """
    folder, files = Path(folder).absolute(), source_files(paths)
    with _alone(folder):
        _clear_remains(folder)
        if folder.exists() and not rebuild:
            require_fresh(folder, files, request)
            return folder
        building = folder.with_name(f".{folder.name}.building-{secrets.token_hex(4)}")
        try:
            _build(building, files, request, progress)
            _put_in_place(building, folder)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    return folder


def require_fresh(folder: Path, files: Sequence[Path], request: StoreRequest) -> None:
    """Refuse a store that was not made from these files for this request.

    Raises
    ------
    StaleStore
    """
    manifest = read_manifest(folder)
    if manifest["request"] != request.as_json():
        changed = sorted(k for k, v in request.as_json().items() if manifest["request"].get(k) != v)
        raise StaleStore(
            "DAT-017", "request", f"it was made for other values of {', '.join(changed)}", _REBUILD, folder
        )
    sources = manifest["sources"]
    if [Path(one["path"]) for one in sources] != list(files):
        raise StaleStore("DAT-017", "sources", "it was made from other files", _REBUILD, folder)
    for one, file in zip(sources, files, strict=True):
        status = file.stat()
        if (status.st_size, status.st_mtime_ns) == (one["size"], one["mtime_ns"]):
            continue
        if status.st_size != one["size"] or _checksum(file) != one["blake2b"]:
            raise StaleStore("DAT-017", "sources", f"{file.name} has changed since it was made", _REBUILD, folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a store.

    Raises
    ------
    StaleStore
        There is none, or it is of another version.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StaleStore("DAT-017", "manifest", "it cannot be read", _REBUILD, folder) from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise StaleStore("DAT-017", "manifest", f"it is not of the version {SCHEMA}", _REBUILD, folder)
    return manifest


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the right to build in this folder; the lock lies with the machine's temporary files, not beside the data."""
    key = hashlib.blake2b(str(folder).encode(), digest_size=12).hexdigest()
    with FileLock(Path(tempfile.gettempdir()) / f"ptycho-torch-{key}.lock"):
        yield


def _clear_remains(folder: Path) -> None:
    """Remove what a killed build left; nobody else can be building while the lock is held."""
    for pattern in ("building", "old"):
        for remains in folder.parent.glob(f".{folder.name}.{pattern}-*"):
            shutil.rmtree(remains, ignore_errors=True)


def _put_in_place(building: Path, folder: Path) -> None:
    if folder.exists():
        old = folder.with_name(f".{folder.name}.old-{secrets.token_hex(4)}")
        folder.rename(old)
        building.rename(folder)
        shutil.rmtree(old)
    else:
        building.rename(folder)


def _build(building: Path, files: Sequence[Path], request: StoreRequest, progress: bool) -> None:
    building.mkdir(parents=True)
    sources: list[dict[str, Any]] = []
    rows, probes = [], []
    with tqdm(total=0, unit="frame", desc="store", disable=not progress) as bar:
        for number, file in enumerate(files):
            before = _of_file(file)
            scan = Scan.load(file, spill=building)
            _require_side(scan, request.N or (sources[0]["shape"][-1] if sources else scan.N), file)
            members, centres = _members(scan, request)
            bar.total += len(scan)
            frames = _keep_scan(scan, file, building / f"scan-{number}", bar)
            energies = frames.pop("energies")
            mean_energy = float(energies[members.long()].mean()) if len(members) else 0.0
            sources.append(before | frames | {"rows": len(members), "mean_energy": mean_energy})
            rows.append((members, centres))
            probes.append(scan.modes)
            for unpacked in building.glob("*.unpacked"):
                unpacked.unlink()
    _keep_rows(rows, building / "rows")
    _keep_probes(probes, request, building / "probes")
    manifest = {"schema": SCHEMA, "request": request.as_json(), "sources": sources}
    (building / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    _sync(building)


def _of_file(file: Path) -> dict[str, Any]:
    """What tells whether a file has changed."""
    status = file.stat()
    return {
        "path": str(file),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "blake2b": _checksum(file),
    }


def _require_side(scan: Scan, side: int, file: Path) -> None:
    if side != scan.N:
        problem = f"{file.name} has frames of side {scan.N}, not {side}"
        refuse("DAT-018", "diff3d", problem, "Make one data set for each side.", file)


def _members(scan: Scan, request: StoreRequest) -> tuple[Tensor, Tensor]:
    if isinstance(request.grouping, Grouping):
        members = members_for(scan, GroupSettings(request.grouping, request.N or scan.N))
        return members, torch.full((len(members),), -1)
    found = groups_by_rule(scan.positions, request.grouping, generator_for(request.seed))
    return found.members, found.centres


def _keep_scan(scan: Scan, file: Path, folder: Path, bar: tqdm[Any]) -> dict[str, Any]:
    """Keep positions and energies, and the frames unless they can stay in their file; say where they are."""
    frames: NDArray[Any] = scan.frames
    folder.mkdir()
    stays = isinstance(frames, np.memmap) and str(frames.filename) == str(file) and frames.flags.c_contiguous
    shape = frames.shape
    copy = None if stays else np.lib.format.open_memmap(folder / _FRAMES, mode="w+", dtype="<f4", shape=shape)
    step = max(1, _PIECE // (4 * shape[1] * shape[2]))
    energies = torch.empty(len(frames), dtype=torch.float64)
    for at in range(0, len(frames), step):
        block = np.array(frames[at : at + step], dtype=np.float32)
        energies[at : at + step] = frame_energies(torch.from_numpy(block))
        if copy is not None:
            copy[at : at + step] = block
        bar.update(len(block))
    if copy is not None:
        copy.flush()
    kept = TensorDict({"positions": torch.from_numpy(scan.positions), "energies": energies}, batch_size=[len(scan)])
    kept.memmap_(str(folder / "points"))
    offset = frames.offset if stays and isinstance(frames, np.memmap) else 0
    return {"shape": list(shape), "in_place": stays, "offset": offset, "energies": energies}


def _keep_rows(rows: Sequence[tuple[Tensor, Tensor]], folder: Path) -> None:
    lengths = torch.tensor([len(members) for members, _ in rows])
    table = TensorDict(
        {
            "nn_indices": torch.cat([members for members, _ in rows]).int(),
            "center_scan_id": torch.cat([centres for _, centres in rows]).long(),
            "experiment_id": torch.arange(len(rows), dtype=torch.int32).repeat_interleave(lengths),
        },
        batch_size=[int(lengths.sum())],
    )
    table.memmap_(str(folder))


def _keep_probes(probes: Sequence[np.ndarray[Any, Any]], request: StoreRequest, folder: Path) -> None:
    """Gauge the probes, and pad those with fewer modes by modes of zeros (DAT-009, DAT-010)."""
    most, N = max(len(modes) for modes in probes), probes[0].shape[-1]
    padded = torch.zeros((len(probes), most, N, N), dtype=torch.complex64)
    scaling = torch.ones(len(probes))
    for number, modes in enumerate(probes):
        held = torch.from_numpy(modes.copy())
        if request.probe_normalize:
            scaling[number] = 1.0 / (request.probe_scale * float(held.abs().double().mean()))
        padded[number, : len(held)] = held * scaling[number]
    TensorDict({"probe": padded, "scaling": scaling}, batch_size=[len(probes)]).memmap_(str(folder))


def _checksum(file: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    """Bring everything below a folder to the disk, so that a store which can be found is whole."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
