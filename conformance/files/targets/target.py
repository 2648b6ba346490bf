"""What a layout is that a scan is written in, and what it needs to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import STACKS
from conformance.files.assembly import Assembled
from conformance.files.formats.description import Geometry
from conformance.files.formats.values import Stored
from conformance.files.unfit import UnfitFile


@dataclass(frozen=True)
class Leaving:
    """A scan that leaves the contract's form: what every target writes from.

    Attributes
    ----------
    counts : Stored
        (M, N, N), counts: unsigned whole numbers where the amplitudes are their roots, else float32 squares.
    x, y : numpy.ndarray
        (M,) float64, object pixels: column and row of the centre of each patch.
    probe : numpy.ndarray
        (P, N, N) complex64.
    object : numpy.ndarray or None
        (H, W) complex64.
    bad : numpy.ndarray or None
        (N, N) or (M, N, N) bool, True for pixels that are not measured.
    geometry : Geometry
    record : Mapping[str, Any]
        Where the scan came from, its orientation, what was assumed; plain types.
    packed : bool
        Whether frames are deflated.
    """

    counts: Stored
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    probe: NDArray[np.complexfloating[Any]]
    object: NDArray[np.complexfloating[Any]] | None
    bad: NDArray[np.bool_] | None
    geometry: Geometry
    record: Mapping[str, Any]
    packed: bool = False

    @property
    def N(self) -> int:
        """Side of a frame."""
        return self.counts.shape[1]

    @property
    def pixel(self) -> tuple[float, float]:
        """Height and width of an object pixel in metres."""
        height, width = self.geometry.pixel_of(self.N) or (0.0, 0.0)
        return height, width

    def one_mask(self) -> NDArray[np.bool_]:
        """(N, N) pixels that were not measured; False everywhere where nothing is masked."""
        return np.zeros(self.counts.shape[1:], dtype=bool) if self.bad is None else self.bad


@dataclass(frozen=True)
class Target:
    """A layout of another tool.

    Attributes
    ----------
    name : str
        As the option names it.
    suffixes : tuple of str
        Endings of its files.
    files : callable
        The files that are written for one name.
    holds : frozenset of str
        Arrays of the contract that it has a place for.
    metres : bool
        Whether its positions are in metres.
    hdf5 : bool
        Whether its files are HDF5.
    write : callable
        Writes the files, whole or not at all.
    """

    name: str
    suffixes: tuple[str, ...]
    files: Callable[[Path], tuple[Path, ...]]
    holds: frozenset[str]
    metres: bool
    hdf5: bool
    write: Callable[[Sequence[Path], Leaving], None]


def alone(path: Path) -> tuple[Path, ...]:
    """Files of a target that writes one."""
    return (path,)


def pair(*words: str) -> Callable[[Path], tuple[Path, ...]]:
    """Files of a target that writes several: ``night.h5`` becomes ``night_dp.h5`` and ``night_para.h5``."""
    return lambda path: tuple(path.with_name(f"{path.stem}_{word}{path.suffix}") for word in words)


def require_geometry(geometry: Geometry, target: str) -> Geometry:
    """Return the geometry without an object pixel of its own: that of a target follows from the three numbers.

    Raises
    ------
    UnfitFile
        One of them is not known (FIL-023).
    """
    known = {
        "--energy": geometry.photon_energy,
        "--distance": geometry.distance,
        "--detector-pixel": geometry.detector_pixel,
    }
    lacking = [option for option, value in known.items() if not value]
    if lacking:
        raise UnfitFile(
            "FIL-023", "xcoords", f"{target} holds positions in metres, and no file says how many a pixel has: "
            f"give {', '.join(lacking)}"
        )  # fmt: skip
    return Geometry(geometry.photon_energy, geometry.distance, geometry.detector_pixel)


def leaving(scan: Assembled, target: Target, record: Mapping[str, Any], packed: bool) -> tuple[Leaving, list[str]]:
    """Make a scan ready to be written by a target, and say what changes on the way.

    Parameters
    ----------
    scan : Assembled
    target : Target
    record : Mapping[str, Any]
        Provenance, plain types.
    packed : bool
        Whether frames are deflated.

    Raises
    ------
    UnfitFile
        The geometry is not known (FIL-023), or frames hold what no counts have roots in (NPZ-017, NPZ-018).
    """
    from conformance.files.targets.counting import counted

    geometry = require_geometry(scan.geometry, target.name) if target.metres else scan.geometry
    counts, said = counted(scan.parts["diff3d"].values)
    notes = [said]
    left = [name for name in scan.parts if name not in (*target.holds, *STACKS)]
    notes += [f"{name} has no place in {target.name} and was left out" for name in left]
    read = {name: scan.parts[name].values.array() for name in target.holds | {"probeGuess"} if name in scan.parts}
    probe = read["probeGuess"].astype(np.complex64, copy=False)
    bad = read.get("bad_pixels")
    truth = read.get("objectGuess")
    ready = Leaving(
        counts,
        read["xcoords"].astype(np.float64),
        read["ycoords"].astype(np.float64),
        probe.reshape(-1, *probe.shape[-2:]),
        None if truth is None else truth.astype(np.complex64, copy=False),
        None if bad is None else bad.astype(bool),
        geometry,
        record,
        packed,
    )
    return ready, notes
