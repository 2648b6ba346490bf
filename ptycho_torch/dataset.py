"""Several scans as one map-style data set over a store (DAT)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tensordict import TensorDict
from torch import Tensor
from torch.utils.data import Dataset

from ptycho_torch.coordinates import group_coordinates
from ptycho_torch.store import StoreRequest, open_store, read_manifest

Batch = tuple[TensorDict, Tensor, Tensor]
"""Fields, probe (B, C, P, N, N) complex64 and probe scaling (B, 1, 1, 1) float32."""


def as_is(batch: Batch) -> Batch:
    """Collate function for a loader: batches come whole from the data set."""
    return batch


class PtychoDataset(Dataset[Batch]):
    """Rows of several scans, one a group, file by file; frames are gathered on access.

    Use ``DataLoader(dataset, batch_size=…, collate_fn=as_is)``; a loader then fetches whole batches at once.

    Parameters
    ----------
    paths : sequence of path
        Scan files in the order wanted, or one folder.
    request : StoreRequest
    folder : path
        Folder of the store; it is reopened when it belongs to these files and this request, and built when absent.
    rebuild, progress : bool
        See :func:`ptycho_torch.store.open_store`.

    Raises
    ------
    Refusal
        A scan is refused, scans do not fit together, or the folder holds another store.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        request: StoreRequest,
        folder: str | Path,
        *,
        rebuild: bool = False,
        progress: bool = False,
    ) -> None:
        self.folder = open_store(paths, request, folder, rebuild=rebuild, progress=progress)
        self.normalize = request.normalize
        self._open()

    def _open(self) -> None:
        self.sources = read_manifest(self.folder)["sources"]
        self.rows = TensorDict.load_memmap(str(self.folder / "rows"))
        self.probes = TensorDict.load_memmap(str(self.folder / "probes"))
        numbers = range(len(self.sources))
        self._scans = [TensorDict.load_memmap(str(self.folder / f"scan-{number}" / "points")) for number in numbers]
        self._frames = [self._mapped_frames(number) for number in numbers]

    def _mapped_frames(self, number: int) -> NDArray[np.float32]:
        source = self.sources[number]
        if source["in_place"]:
            shape = tuple(source["shape"])
            return np.memmap(source["path"], dtype="<f4", mode="r", offset=source["offset"], shape=shape)
        frames: NDArray[np.float32] = np.load(self.folder / f"scan-{number}" / "frames.npy", mmap_mode="r")
        return frames

    def __getstate__(self) -> dict[str, Any]:
        # A worker maps the store itself; mapped arrays would be copied on the way to it.
        return {"folder": self.folder, "normalize": self.normalize}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Batch:
        """One row: fields without a batch axis, probe (C, P, N, N) and scaling (1, 1, 1)."""
        fields, probe, scaling = self.__getitems__([row])
        return fields[0], probe[0], scaling[0]

    def __getitems__(self, rows: Sequence[int] | Tensor) -> Batch:
        """Gather whole rows as one batch, on the CPU.

        Returns
        -------
        fields : TensorDict
            ``images`` (B, C, N, N) float32; ``coords_global`` (B, C, 1, 2) and ``coords_center`` (B, 1, 1, 2) float64;
            ``coords_relative`` (B, C, 1, 2) float32; ``nn_indices`` (B, C), ``experiment_id`` (B,) int32;
            ``center_scan_id`` (B,) int64; ``rms_scaling_constant``, ``physics_scaling_constant`` (B, 1, 1, 1) float32.
        probe : (B, C, P, N, N) complex64
        scaling : (B, 1, 1, 1) float32
        """
        index = torch.as_tensor(rows, dtype=torch.int64)
        table = self.rows[index]
        members, experiments = table["nn_indices"].long(), table["experiment_id"].long()
        images, positions, energies = self._gather(members, experiments)
        coordinates = group_coordinates(positions.flatten(0, 1), torch.arange(members.numel()).reshape(members.shape))
        rms, physics = self._scales(energies, experiments)
        fields = TensorDict(
            {
                "images": images,
                "coords_global": coordinates.absolute,
                "coords_center": coordinates.offsets,
                "coords_relative": coordinates.relative.float(),
                "nn_indices": table["nn_indices"].clone(),
                "experiment_id": table["experiment_id"].clone(),
                "center_scan_id": table["center_scan_id"].clone(),
                "rms_scaling_constant": rms,
                "physics_scaling_constant": physics,
            },
            batch_size=[len(index)],
        )
        probe = self.probes["probe"][experiments].unsqueeze(1)
        scaling = self.probes["scaling"][experiments].reshape(-1, 1, 1, 1)
        return fields, probe.expand(-1, members.shape[1], -1, -1, -1), scaling

    def _gather(self, members: Tensor, experiments: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        N = self.sources[0]["shape"][-1]
        images = torch.empty((*members.shape, N, N))
        positions = torch.empty((*members.shape, 2), dtype=torch.float64)
        energies = torch.empty(members.shape, dtype=torch.float64)
        for number in experiments.unique().tolist():
            here = (experiments == number).nonzero().squeeze(1)
            wanted = members[here]
            images[here] = torch.from_numpy(self._frames[number][wanted.numpy()])
            positions[here] = self._scans[number]["positions"][wanted]
            energies[here] = self._scans[number]["energies"][wanted]
        return images, positions, energies

    def _scales(self, energies: Tensor, experiments: Tensor) -> tuple[Tensor, Tensor]:
        """Amplitude scale and 1 / mean energy, over the file's groups or over each group (DAT-012)."""
        if self.normalize == "None":
            ones = torch.ones((len(energies), 1, 1, 1))
            return ones, ones.clone()
        of_files = torch.tensor([source["mean_energy"] for source in self.sources], dtype=torch.float64)
        mean = of_files[experiments] if self.normalize == "Batch" else energies.mean(dim=1)
        N = self.sources[0]["shape"][-1]
        rms, physics = (N / 2) / mean.sqrt(), 1.0 / mean
        return rms.float().reshape(-1, 1, 1, 1), physics.float().reshape(-1, 1, 1, 1)

    def batches(self, batch_size: int, *, generator: torch.Generator | None = None) -> Iterator[Batch]:
        """Iterate over all rows, permuted with a generator, in order without; the last, smaller batch is kept."""
        count = len(self)
        order = torch.arange(count) if generator is None else torch.randperm(count, generator=generator)
        for rows in order.split(batch_size):
            yield self.__getitems__(rows)
