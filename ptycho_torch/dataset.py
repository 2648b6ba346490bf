"""Several scans as one map-style data set over a store (DAT)."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tensordict import TensorDict
from torch import Tensor
from torch.utils.data import Dataset

from ptycho_torch.batch import Batch, Fields
from ptycho_torch.fingerprint import State
from ptycho_torch.grouping import generator_for
from ptycho_torch.manifest import read_manifest, stale
from ptycho_torch.mapped import MappedStore, Rows
from ptycho_torch.normalization import data_scales
from ptycho_torch.store import open_store
from ptycho_torch.store_request import StoreRequest

Index = int | slice | Sequence[int] | NDArray[Any] | Tensor


class PtychoDataset(Dataset[Batch]):
    """Rows of several scans, one a group, file by file; frames are gathered on access.

    ``DataLoader(dataset, batch_size=…)`` fetches whole batches at once, with workers or without.

    Parameters
    ----------
    paths : path or sequence of path
        Scan files in the order wanted, or one folder.
    request : StoreRequest
    folder : path
        Folder of the store; it is reopened when it belongs to these files and this request, and built when absent.
    rebuild, progress
        See :func:`ptycho_torch.store.open_store`.
    device : str or torch.device
        Where batches lie. Leave it at the CPU when a loader has workers, and move batches with :meth:`Batch.to`.

    Attributes
    ----------
    sources : tuple of Source
        What is known of each scan, at the place of its ``experiment_id``.

    Raises
    ------
    FileNotFoundError
        A scan is not there.
    StaleStore
        The folder holds another store. Later: a scan that is mapped in place has changed, or the store was rebuilt.
    Refusal
        A scan is refused, or scans do not fit together.
    """

    def __init__(
        self,
        paths: str | Path | Sequence[str | Path],
        request: StoreRequest,
        folder: str | Path,
        *,
        rebuild: bool = False,
        progress: bool | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.folder = open_store(paths, request, folder, rebuild=rebuild, progress=progress)
        self.normalize = request.normalize
        self.device = torch.device(device)
        self._open(None)

    def _open(self, states: Sequence[State | None] | None, build: str | None = None) -> None:
        manifest = read_manifest(self.folder)
        if build not in (None, manifest.id):
            stale(self.folder, "manifest", "the store was rebuilt since the data set was opened")
        self._build, self.sources = manifest.id, manifest.sources
        self._store = store = MappedStore(self.folder, manifest, states)
        means = torch.tensor([source.mean_energy for source in self.sources], dtype=torch.float64)
        self._file_scales: NDArray[np.float32] = torch.stack(data_scales(means, store.N)).numpy()

    def __getstate__(self) -> dict[str, Any]:
        # A worker maps the store itself; mapped arrays would be copied on the way to it.
        opened = {"states": self._store.states, "build": self._build}
        return {"folder": self.folder, "normalize": self.normalize, "device": self.device, "opened": opened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        opened = state.pop("opened")
        self.__dict__.update(state)
        self._open(**opened)

    @property
    def rows(self) -> TensorDict:
        """All rows: ``nn_indices`` (L, C), ``experiment_id`` (L,) int32, ``center_scan_id`` (L,) int64."""
        store = self._store
        named = {"nn_indices": store.members, "experiment_id": store.experiments, "center_scan_id": store.centres}
        return TensorDict({name: torch.from_numpy(values) for name, values in named.items()}, batch_size=[len(self)])

    @property
    def dropped(self) -> tuple[int, ...]:
        """Points of each scan that a neighbour rule left without a group."""
        return tuple(source.dropped for source in self.sources)

    def __len__(self) -> int:
        return len(self._store.members)

    def __getitem__(self, rows: Index) -> Batch:
        """One row by its number: fields without a batch axis, probe (C, P, N, N), scaling (1, 1, 1); else a batch.

        Raises
        ------
        IndexError
            There is no such row; negative numbers count from the end.
        """
        if isinstance(rows, slice):
            return self.__getitems__(np.arange(len(self))[rows])
        if isinstance(rows, Sequence) or (isinstance(rows, np.ndarray | Tensor) and rows.ndim):
            return self.__getitems__(rows)
        fields, probe, scaling = self.__getitems__([operator.index(rows)])
        return Batch(fields[0], probe[0], scaling[0])

    def __getitems__(self, rows: Sequence[int] | NDArray[Any] | Tensor) -> Batch:
        """Gather whole rows as one batch, on the data set's device.

        Parameters
        ----------
        rows : (B,) integers, or a mask of all rows

        Returns
        -------
        fields : TensorDict
            ``images`` (B, C, N, N) float32; ``coords_global`` (B, C, 1, 2) and ``coords_center`` (B, 1, 1, 2) float64;
            ``coords_relative`` (B, C, 1, 2) float32; ``nn_indices`` (B, C), ``experiment_id`` (B,) int32;
            ``center_scan_id`` (B,) int64; ``rms_scaling_constant``, ``physics_scaling_constant`` (B, 1, 1, 1) float32;
            ``bad_pixels`` (B, N, N) bool, the mask of each row's scan.
        probe : (B, C, P, N, N) complex64
        scaling : (B, 1, 1, 1) float32

        Raises
        ------
        IndexError
            There is no such row.
        StaleStore
            A scan that is mapped in place has changed, or the store is damaged.
        """
        # All of this is NumPy's: PyTorch's operations cost more on so little data, and its threads more than they save.
        found = self._store.rows(self._row_numbers(rows))
        positions, centres = self._coordinates(found)
        rms, physics = self._scales(found)
        fields = {
            "images": self._store.frames(found),
            "coords_global": positions,
            "coords_center": centres,
            "coords_relative": (centres - positions).astype(np.float32),
            "nn_indices": found.members,
            "experiment_id": found.experiments,
            "center_scan_id": found.centres,
            "rms_scaling_constant": rms.reshape(-1, 1, 1, 1),
            "physics_scaling_constant": physics.reshape(-1, 1, 1, 1),
            "bad_pixels": self._store.masks[found.experiments],
        }
        tensors = {name: torch.from_numpy(values) for name, values in fields.items()}
        batch = Batch(Fields(tensors, batch_size=[len(found.members)]), *self._probe(found))
        return batch if self.device.type == "cpu" else batch.to(self.device)

    def _row_numbers(self, rows: Sequence[int] | NDArray[Any] | Tensor) -> NDArray[np.integer]:
        asked = rows.cpu().numpy() if isinstance(rows, Tensor) else np.asarray(rows)
        if asked.dtype == bool and asked.shape == (len(self),):
            return np.flatnonzero(asked)
        if asked.size == 0:
            return np.empty(0, dtype=np.int64)
        if asked.ndim != 1 or asked.dtype.kind not in "iu":
            raise IndexError(f"rows are chosen by integers, not by {asked.dtype} of shape {asked.shape}")
        return asked

    def _coordinates(self, found: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Positions (B, C, 1, 2) of the members, and their means (B, 1, 1, 2) (CRD-001, CRD-002)."""
        positions = self._store.positions[found.points][:, :, np.newaxis]
        return positions, np.add.reduce(positions, axis=1, keepdims=True) / found.points.shape[1]

    def _scales(self, found: Rows) -> NDArray[np.float32]:
        """Amplitude scale and 1 / mean energy, (2, B), over the file's groups or over each group (DAT-012, DAT-021)."""
        if self.normalize == "None":
            return np.ones((2, len(found.members)), dtype=np.float32)
        if self.normalize == "Group":
            means = torch.from_numpy(self._store.energies[found.points].mean(axis=1))
            return torch.stack(data_scales(means, self._store.N)).numpy()
        return self._file_scales[:, found.experiments]

    def _probe(self, found: Rows) -> tuple[Tensor, Tensor]:
        """Probes (B, C, P, N, N), kept once for all channels, and for all rows of one scan; scaling (B, 1, 1, 1)."""
        B, C = found.members.shape
        scaling = torch.from_numpy(self._store.scaling[found.experiments].reshape(B, 1, 1, 1))
        if found.alone is None:
            probes = torch.from_numpy(self._store.probes[found.experiments, np.newaxis])
        else:
            probes = torch.from_numpy(self._store.probes[found.alone].copy())
        return probes.expand(B, C, *probes.shape[-3:]), scaling

    def batches(self, batch_size: int, *, generator: torch.Generator | int | None = None) -> Iterator[Batch]:
        """Iterate over all rows, permuted with a generator or seed, in order without; a last, smaller batch is kept."""
        count = len(self)
        order = torch.arange(count) if generator is None else torch.randperm(count, generator=generator_for(generator))
        for rows in order.split(int(batch_size)):
            yield self.__getitems__(rows)
