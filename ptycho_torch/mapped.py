"""An opened store: small arrays in memory, frames mapped (DAT)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptycho_torch.fingerprint import State, state_of
from ptycho_torch.frames import MappedFrames
from ptycho_torch.manifest import Manifest, Source, stale
from ptycho_torch.parts import read_array


class Rows(NamedTuple):
    """Some rows of a store.

    Attributes
    ----------
    members : (B, C) int32
        Indices into the scan of each row.
    experiments : (B,) int32
        Scan of each row.
    centres : (B,) int64
        Point that seeded each group; -1 where the grouping does not tell.
    points : (B, C) int64
        Indices into the points of all scans.
    alone : int or None
        The scan that all rows belong to; None when there are several.
    """

    members: NDArray[np.int32]
    experiments: NDArray[np.int32]
    centres: NDArray[np.int64]
    points: NDArray[np.int64]
    alone: int | None


class MappedStore:
    """The arrays of a store. All but the frames are read and verified at once: what is given is what was written.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
    states : sequence, optional
        What :attr:`states` was where the store was first opened; None: look at the files now.

    Attributes
    ----------
    members, experiments, centres : ndarray
        All rows, see :class:`Rows`.
    positions : (ΣM, 2) float64
        Of the points of all scans, columns [x, y].
    energies : (ΣM,) float64
    probes : (F, P, N, N) complex64
    scaling : (F,) float32
    masks : (F, N, N) bool
        True where a pixel was not measured.
    states : list
        State of the file that holds the frames of each scan; None where it has gone and its frames are still mapped.

    Raises
    ------
    StaleStore
        A scan has changed, or the store is damaged.
    OSError
        The disk does not give a file.
    """

    def __init__(self, folder: Path, manifest: Manifest, states: Sequence[State | None] | None = None) -> None:
        self.folder, self.sources = folder, manifest.sources
        self.N = self.sources[0].frames.shape[-1]
        self.states = list(map(self._state, self.sources) if states is None else states)
        lengths = np.array([source.points for source in self.sources])
        self._lengths, self._starts = lengths, np.cumsum(lengths) - lengths
        held: dict[str, NDArray[Any]] = {
            name: read_array(folder, name, manifest.contents[name], dtype, *shape)
            for name, (dtype, shape) in manifest.arrays().items()
        }
        self.members, self.experiments = held["rows/nn_indices.npy"], held["rows/experiment_id.npy"]
        self.centres = held["rows/center_scan_id.npy"]
        self.positions, self.energies = held["points/positions.npy"], held["points/energies.npy"]
        self.probes, self.scaling = held["probes/probe.npy"], held["probes/scaling.npy"]
        self.masks = held["masks/bad_pixels.npy"]
        self._require_rows_of_scans()
        self._frames = [MappedFrames(self._file_of(source), source.frames, folder) for source in self.sources]

    def _require_rows_of_scans(self) -> None:
        """Refuse rows that somebody wrote who knows how stores are written, and not what is in them."""
        counts = [source.rows for source in self.sources]
        if not np.array_equal(np.repeat(np.arange(len(counts)), counts), self.experiments):
            stale(self.folder, "experiment_id", "its numbers of rows are not those of the scans")
        if (self.members.view(np.uint32) >= self._lengths[self.experiments, np.newaxis]).any():
            stale(self.folder, "nn_indices", "an index leaves its scan")

    def _file_of(self, source: Source) -> Path:
        own = source.frames.file
        return source.path if own is None else self.folder / own

    def _state(self, source: Source) -> State | None:
        """State of the file that holds a scan's frames; a scan that is mapped in place must not have changed."""
        state = _look(self._file_of(source))
        if source.frames.file is None and (state is None or not (state == source.file.state or source.file.holds())):
            stale(self.folder, "sources", f"{source.path} has changed or gone since the store was made from it")
        return state

    def rows(self, index: NDArray[np.integer]) -> Rows:
        """Rows (B,) by their numbers, which may count from the end.

        Raises
        ------
        IndexError
            There is no such row.
        StaleStore
            The store is damaged.
        """
        members, experiments = self.members[index], self.experiments[index]
        first = int(experiments[0]) if len(index) else 0
        alone = first if (experiments == first).all() else None
        places = experiments[:, np.newaxis] if alone is None else alone
        # As unsigned numbers, negative ones are too large as well.
        if (members.view(np.uint32) >= self._lengths[places]).any():
            stale(self.folder, "nn_indices", "an index leaves its scan")
        return Rows(members, experiments, self.centres[index], members + self._starts[places], alone)

    def frames(self, rows: Rows) -> NDArray[np.float32]:
        """Gather the frames of rows, (B, C, N, N), each read once.

        Raises
        ------
        StaleStore
            A scan that is mapped in place has changed or gone.
        """
        if rows.alone is not None:
            self._require_unchanged(rows.alone)
            return self._frames[rows.alone].gathered(rows.members)
        images: NDArray[np.float32] = np.empty((*rows.members.shape, self.N, self.N), dtype=np.float32)
        places = rows.experiments
        for place in set(places.tolist()):
            self._require_unchanged(place)
        edges = np.flatnonzero(places[1:] != places[:-1]) + 1
        for first, last in itertools.pairwise([0, *edges.tolist(), len(places)]):
            self._frames[places[first]].gather_into(rows.members[first:last], images[first:last])
        return images

    def _require_unchanged(self, place: int) -> None:
        """Look at the state of a file of frames: frames of another time must not pass silently."""
        source, frames = self.sources[place], self._frames[place]
        if _look(frames.path) != self.states[place]:
            self.states[place] = self._state(source)
            frames.forget()


def _look(file: Path) -> State | None:
    """State of a file; None when it has gone."""
    try:
        return state_of(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
