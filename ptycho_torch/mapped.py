"""A store in memory maps: nothing is read before it is asked for (DAT)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptycho_torch.manifest import Manifest, Source, StackPlace, stale, state_of

State = tuple[int, int] | None


class MappedFrames:
    """Frames of a scan that stay in their file, in its dtype; they become float32 when they are gathered.

    Parameters
    ----------
    path : Path
    place : StackPlace
    """

    def __init__(self, path: Path, place: StackPlace) -> None:
        M, self.N, _ = place.shape
        self._dtype = np.dtype(place.dtype)
        width = self.N * self.N * self._dtype.itemsize
        # Frames in an archive start at any byte; rows of bytes are gathered at full speed wherever they lie.
        mapped = np.memmap(path, dtype=np.uint8, mode="r", offset=place.offset, shape=(M, width))
        self._rows = mapped.view(np.ndarray)
        self._plain = self._dtype == np.dtype(np.float32)

    def gathered(self, members: NDArray[np.int32]) -> NDArray[np.float32]:
        """Frames (..., N, N) of members (...), which must be 0 to M - 1."""
        found = self._rows[members].view(self._dtype).reshape(*members.shape, self.N, self.N)
        frames: NDArray[np.float32] = found if self._plain else found.astype(np.float32)
        return frames

    def gather_into(self, members: NDArray[np.int32], out: NDArray[np.float32]) -> None:
        """Write the frames of members (n, C) into a C array (n, C, N, N)."""
        if self._plain:
            held = out.reshape(*members.shape, -1).view(np.uint8)
            # Any mode but the default writes straight into its output.
            self._rows.take(members, axis=0, out=held, mode="clip")
        else:
            out[:] = self.gathered(members)


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
    """The arrays of a store, mapped so that writing to them never reaches its files.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
    states : sequence, optional
        What :attr:`states` was where the store was first opened; None: look at the scans now.

    Attributes
    ----------
    members, experiments, centres : ndarray
        All rows, see :class:`Rows`.
    positions : (ΣM, 2) float64
        Of the points of all scans, columns [x, y].
    energies : (ΣM,) float64
    probes : (F, P, N, N) complex64
    scaling : (F,) float32
    states : list
        Size and time of each scan that is mapped in place, None for others.

    Raises
    ------
    StaleStore
        A scan has changed.
    """

    def __init__(self, folder: Path, manifest: Manifest, states: Sequence[State] | None = None) -> None:
        self.folder, self.sources = folder, manifest.sources
        self.N = self.sources[0].frames.shape[-1]
        self.states = list(map(self._state, self.sources) if states is None else states)
        lengths = np.array([source.points for source in self.sources])
        self._lengths, self._starts = lengths, np.cumsum(lengths) - lengths
        L, F, points = sum(source.rows for source in self.sources), len(self.sources), int(lengths.sum())
        C = manifest.contents["rows/nn_indices.memmap"] // (4 * L)
        self.members = self._mapped("rows/nn_indices", np.int32, L, C)
        self.experiments = self._mapped("rows/experiment_id", np.int32, L)
        self.centres = self._mapped("rows/center_scan_id", np.int64, L)
        self.positions = self._mapped("points/positions", np.float64, points, 2)
        self.energies = self._mapped("points/energies", np.float64, points)
        modes = max(source.modes for source in self.sources)
        self.probes = self._mapped("probes/probe", np.complex64, F, modes, self.N, self.N)
        self.scaling = self._mapped("probes/scaling", np.float32, F)
        self._frames = [self._frames_of(source) for source in self.sources]

    def _mapped(self, name: str, dtype: type[np.generic], *shape: int) -> NDArray[Any]:
        path = self.folder / f"{name}.memmap"
        return np.memmap(path, dtype=dtype, mode="c", shape=shape).view(np.ndarray)

    def _frames_of(self, source: Source) -> MappedFrames:
        own = source.frames.file
        return MappedFrames(source.path if own is None else self.folder / own, source.frames)

    def _state(self, source: Source) -> State:
        """Size and time of a scan that is mapped in place and has not changed."""
        if source.frames.file is not None:
            return None
        try:
            state = state_of(source.path)
            unchanged = state == source.file.state or source.file.holds()
        except OSError:
            unchanged = False
        if not unchanged:
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
        if not (0 <= first < len(self.sources) and (alone is not None or self._are_scans(experiments))):
            stale(self.folder, "experiment_id", "it names no scan")
        if (members.view(np.uint32) >= self._lengths[places]).any():
            stale(self.folder, "nn_indices", "an index leaves its scan")
        return Rows(members, experiments, self.centres[index], members + self._starts[places], alone)

    def _are_scans(self, experiments: NDArray[np.int32]) -> bool:
        return bool(experiments.min() >= 0 and experiments.max() < len(self.sources))

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
        """Look at the state of a scan that is mapped in place: frames of another time must not pass silently."""
        state = self.states[place]
        if state is None:
            return
        with suppress(OSError):
            status = os.stat(self.sources[place].file.path)  # noqa: PTH116 - once a batch
            if (status.st_size, status.st_mtime_ns) == state:
                return
        self.states[place] = self._state(self.sources[place])
