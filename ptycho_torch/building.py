"""The making of a store: groups first, then frames in chunks (DAT)."""

from __future__ import annotations

import logging
import os
import secrets
import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ptycho_torch.blocks import in_blocks
from ptycho_torch.chunks import ChunkChecksums, frames_of_a_chunk
from ptycho_torch.errors import OWN, ContractWarning, refuse
from ptycho_torch.fingerprint import Fingerprint, state_of
from ptycho_torch.grouped import GroupSettings, members_for
from ptycho_torch.grouping import Grouping
from ptycho_torch.manifest import Manifest, Source, StackPlace
from ptycho_torch.neighbours import groups_by_rule
from ptycho_torch.normalization import frame_energies
from ptycho_torch.parts import Part, header_of, write_array
from ptycho_torch.scan import Scan
from ptycho_torch.store_request import StoreRequest

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlannedScan:
    """What a store will hold of a scan, known before anything of it is written.

    Attributes
    ----------
    file : Path
    positions : (M, 2) float64
        Columns [x, y], object pixels.
    N : int
    members : (B, C) int32 tensor
    centres : (B,) int64 tensor
        The point that seeded each group; -1 where the grouping does not tell.
    dropped : int
        Points that a neighbour rule leaves without a group.
    """

    file: Path
    positions: NDArray[np.float64]
    N: int
    members: Tensor
    centres: Tensor
    dropped: int


def plan(files: Sequence[Path], request: StoreRequest) -> list[PlannedScan]:
    """Group all scans, from their positions alone.

    Raises
    ------
    FileNotFoundError
    Refusal
        The request makes no sense, a scan has no valid positions or cannot be grouped, sides differ, or there is no
        group at all.
    """
    request.require_sense()
    planned: list[PlannedScan] = []
    for file in files:
        positions, N = Scan.outline(file)
        side = request.N or (planned[0].N if planned else N)
        if side != N:
            problem = f"{file.name} has frames of side {N}, not {side}"
            refuse("DAT-018", "diff3d", problem, "Make one data set for each side.", file)
        planned.append(_grouped(file, positions, N, request))
    dropped = sum(one.dropped for one in planned)
    if not any(len(one.members) for one in planned):
        problem = f"no point seeds a group: {dropped} were dropped"
        refuse(OWN, "grouping", problem, "Allow larger distances, or wider bounds.", files[0])
    return planned


def _grouped(file: Path, positions: NDArray[np.float64], N: int, request: StoreRequest) -> PlannedScan:
    if isinstance(request.grouping, Grouping):
        members = members_for(positions, N, GroupSettings(request.grouping, N))
        return PlannedScan(file, positions, N, members, torch.full((len(members),), -1), 0)
    found = groups_by_rule(positions, request.grouping, request.seed)
    if found.dropped:
        _LOG.info("%s: %d of %d points find too few neighbours and seed no group", file, found.dropped, len(positions))
    if not len(found.members):
        problem = f"no point seeds a group, {found.dropped} were dropped"
        warnings.warn(ContractWarning(OWN, "", problem, file), stacklevel=6)
    return PlannedScan(file, positions, N, found.members, found.centres, found.dropped)


def build(folder: Path, planned: Sequence[PlannedScan], request: StoreRequest, progress: bool | None) -> None:
    """Write a store into a new folder, and sync it.

    Parameters
    ----------
    folder : Path
    planned : sequence of PlannedScan
    request : StoreRequest
    progress : bool or None
        Show a progress bar; None: on a terminal.

    Raises
    ------
    Refusal
        A scan is refused, or changes while it is read.
    """
    folder.mkdir()
    sources, energies, probes, masks = [], [], [], []
    hidden = None if progress is None else not progress
    with tqdm(total=sum(len(one.positions) for one in planned), unit="frame", desc="store", disable=hidden) as bar:
        for number, one in enumerate(planned):
            source, of_frames, scan = _keep_scan(one, request, folder, number, bar)
            sources.append(source)
            energies.append(of_frames)
            probes.append(scan.modes)
            masks.append(scan.mask)
    _keep_points(planned, energies, folder / "points")
    _keep_rows(planned, folder / "rows")
    _keep_probes(planned, probes, request, folder / "probes")
    _keep(folder / "masks", {"bad_pixels": np.stack(masks)})
    leading = {source.frames.file: source.frames.offset for source in sources}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    contents = {path.relative_to(folder).as_posix(): Part.of(path, leading.get(path.name)) for path in files}
    channels = planned[0].members.shape[1]
    Manifest(secrets.token_hex(8), channels, request.as_json(), tuple(sources), contents).write(folder)
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    """Bring a file or a folder's list of names to the disk, so that a store which can be found is whole."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_scan(
    one: PlannedScan, request: StoreRequest, folder: Path, number: int, bar: tqdm[Any]
) -> tuple[Source, Tensor, Scan]:
    """Keep the frames of a scan, unless they can stay where they are."""
    fingerprint = Fingerprint.of(one.file)
    scan = Scan.load(one.file, spill=folder)
    kept = f"frames-{number}.npy"
    lies = _lies(scan.frames, one.file, folder, kept)
    energies, place = _kept_frames(scan, folder / kept, lies, bar)
    for unpacked in folder.glob("*.unpacked"):
        unpacked.unlink()
    if state_of(one.file) != fingerprint.state or not np.array_equal(scan.positions, one.positions):
        problem = "the file changed while the store was built from it"
        refuse("DAT-017", "sources", problem, "Build the store when nobody writes to the scan.", one.file)
    mean_energy = _mean_energy(energies, one, request)
    dropped, metadata = one.dropped, scan.metadata
    source = Source(fingerprint, place, len(one.members), dropped, len(scan.modes), mean_energy, metadata)
    return source, energies, scan


def _lies(frames: NDArray[Any], file: Path, folder: Path, name: str) -> tuple[str | None, int] | None:
    """Where frames can stay: in the source, or in the unpacked copy, which becomes the store's own; None: nowhere.

    Told as file, see :class:`ptycho_torch.manifest.StackPlace`, and offset.
    """
    if not isinstance(frames, np.memmap) or not frames.flags.c_contiguous:
        return None
    lies_in = Path(str(frames.filename))
    if lies_in == file:
        return None, frames.offset
    lies_in.rename(folder / name)
    return name, frames.offset


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def _kept_frames(
    scan: Scan, copy: Path, lies: tuple[str | None, int] | None, bar: tqdm[Any]
) -> tuple[Tensor, StackPlace]:
    """Energies (M,) float64 of frames and their place; they are written as float32 where they can stay nowhere."""
    frames, mask = scan.frames, torch.from_numpy(scan.mask.copy())
    (M, N, _), stored = frames.shape, frames.dtype if lies else np.dtype("<f4")
    each = frames_of_a_chunk(M, N * N * stored.itemsize)
    checksums, energies = ChunkChecksums(each), torch.empty(M, dtype=torch.float64)
    file, offset = lies or (copy.name, 0)
    with nullcontext() if lies else copy.open("xb") as stream:
        if stream is not None:
            offset = stream.write(header_of(stored, (M, N, N)))
        for at, block in in_blocks(frames):
            values = np.array(block, dtype=np.float32)
            energies[at : at + len(values)] = frame_energies(torch.from_numpy(values), mask)
            checksums.add(values if stored == values.dtype else block)
            if stream is not None:
                stream.write(values.data)
            bar.update(len(values))
    return energies, StackPlace(file, stored.str, (M, N, N), offset, each, checksums.text())


def _mean_energy(energies: Tensor, one: PlannedScan, request: StoreRequest) -> float:
    """Mean over the frames of the groups; refused where they are all zero, whatever is scaled (DAT-020, NRM-007)."""
    if not len(one.members):
        return 0.0
    of_groups = energies[one.members.long()].mean(dim=1)
    scope = of_groups.min() if request.normalize == "Group" else of_groups.mean()
    if not scope > 0:
        dark = f"group {int(of_groups.argmin())}" if request.normalize == "Group" else "every group"
        refuse("NRM-007", "diff3d", f"the frames of {dark} are all zero", "Leave dark frames out.", one.file)
    return float(of_groups.mean())


def _keep_points(planned: Sequence[PlannedScan], energies: Sequence[Tensor], folder: Path) -> None:
    positions = np.concatenate([one.positions for one in planned])
    _keep(folder, {"positions": positions, "energies": torch.cat(list(energies)).numpy()})


def _keep_rows(planned: Sequence[PlannedScan], folder: Path) -> None:
    lengths = torch.tensor([len(one.members) for one in planned])
    rows = {
        "nn_indices": torch.cat([one.members for one in planned]).int().numpy(),
        "center_scan_id": torch.cat([one.centres for one in planned]).long().numpy(),
        "experiment_id": torch.arange(len(planned), dtype=torch.int32).repeat_interleave(lengths).numpy(),
    }
    _keep(folder, rows)


def _keep_probes(
    planned: Sequence[PlannedScan], probes: Sequence[NDArray[np.complex64]], request: StoreRequest, folder: Path
) -> None:
    """Gauge the probes, and pad those with fewer modes by modes of zeros (DAT-009, DAT-010)."""
    most, N = max(len(modes) for modes in probes), probes[0].shape[-1]
    padded = torch.zeros((len(probes), most, N, N), dtype=torch.complex64)
    scaling = torch.ones(len(probes), dtype=torch.float32)
    for number, modes in enumerate(probes):
        held = torch.from_numpy(modes.copy())
        if request.probe_normalize:
            strength = float(held.abs().double().mean())
            if not strength > 0:
                file = planned[number].file
                refuse("DAT-010", "probeGuess", "the probe is zero everywhere", "Store the probe of the scan.", file)
            scaling[number] = 1.0 / (request.probe_scale * strength)
        padded[number, : len(held)] = held * scaling[number]
    _keep(folder, {"probe": padded.numpy(), "scaling": scaling.numpy()})


def _keep(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    folder.mkdir()
    for name, values in arrays.items():
        write_array(folder / f"{name}.npy", values)
