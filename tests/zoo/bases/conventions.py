"""A right backend in a convention of its own, which it states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest, SplitRequest
from tests.zoo.liar import Array, Liar

UNITS = {"m": 1.0, "um": 1e-6, "nm": 1e-9}
OF_FRAMES = ("fft_norm", "fft_order", "quantity")


@dataclass
class OwnScan:
    """A scan that was simulated in a convention of one's own."""

    right: Any
    counted: bool
    N: int


class OwnConvention(Liar):
    """Takes and gives arrays in its own convention, whatever it states.

    Attributes
    ----------
    own : Mapping of str to str
        In which convention, by the names of statements; what is not named is the contract's.
    """

    own: Mapping[str, Any] = {}

    def pixels(self, places: Any, N: int, *, moves: bool = False) -> Array:
        """Positions or shifts of the contract, in pixels, for its own."""
        found = np.array(places)
        if found.dtype != np.float32:
            found = found.astype(np.float64)
        if found.shape[1:] == (2,) and self.own.get("axis_order") == "yx":
            found = found[:, [1, 0]]
        unit = self.own.get("unit", "px")
        found = found if unit == "px" else found * UNITS[unit] / self.own["pixel_size"]
        if not moves and self.own.get("refers_to") == "corner":
            found = found + N // 2
        if not moves and self.own.get("refers_to") == "(N-1)/2":
            found = found + (0.5 if N % 2 == 0 else 0.0)
        return found if unit == "px" else np.where(np.abs(found - np.round(found)) < 1e-9, np.round(found), found)

    def taken(self, *arrays: Any) -> None:
        """Take arrays in its own precision alone."""
        wanted = {"single": (np.float32, np.complex64), "double": (np.float64, np.complex128)}
        for one in arrays:
            dtype = getattr(one, "dtype", None)
            if "precision" in self.own and dtype not in wanted[self.own["precision"]]:
                raise TypeError(f"expected arrays in {self.own['precision']} precision, got {dtype}")

    def given(self, values: Any) -> Array:
        """What it gives, in its own precision."""
        wide = self.own.get("precision") == "double"
        found = np.asarray(values)
        return found.astype(np.complex128 if np.iscomplexobj(found) else np.float64) if wide else found

    def frames(self, amplitude: Any, *, counted: bool = False) -> Array:
        """Frames in its own convention for amplitudes (n, N, N) of the contract."""
        found = np.asarray(amplitude)
        N = found.shape[-1]
        factor = {"ortho": 1.0, "backward": float(N), "forward": 1.0 / N}[self.own.get("fft_norm", "ortho")]
        found = found if counted else found * factor
        found = np.fft.ifftshift(found, axes=(1, 2)) if self.own.get("fft_order") == "corner" else found
        if self.own.get("quantity") == "intensity":
            return self.given(found.astype(np.float64) ** 2)
        return self.given(found.astype(np.float32))

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self.taken(obj)
        return self.given(self.right.patches(obj, self.pixels(centres_xy, N), N))

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        self.taken(patches)
        found = self.right.reassemble(patches, self.pixels(centres_xy, np.shape(patches)[-1]), chunk)
        origin = np.asarray(found["origin_xy"])
        if self.own.get("unit", "px") != "px":
            origin = origin * self.own["pixel_size"] / UNITS[self.own["unit"]]
        return {**found, "origin_xy": origin[::-1].copy() if self.own.get("axis_order") == "yx" else origin}

    def translate(self, images: Any, shifts_xy: Any) -> Any:
        self.taken(images)
        return self.given(self.right.translate(images, self.pixels(shifts_xy, 0, moves=True)))

    def simulate(self, patches: Any, probe: Any) -> Any:
        self.taken(patches, probe)
        return self.frames(self.right.simulate(patches, probe))

    def noisy(self, amplitude: Any, seed: int) -> Any:
        self.taken(amplitude)
        if self.own.get("quantity") != "intensity":
            return self.given(self.right.noisy(amplitude, seed))
        return self.given(np.asarray(self.right.noisy(np.sqrt(amplitude), seed)) ** 2)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self.taken(probe, obj)
        x, y = (self.pixels(one, np.shape(probe)[-1]) for one in (xcoords, ycoords))
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        return OwnScan(scan, nphotons is not None, np.shape(probe)[-1])

    def arrays(self, scan: Any) -> Any:
        if not isinstance(scan, OwnScan):
            return self.right.arrays(scan)
        held = dict(self.right.arrays(scan.right))
        held["diff3d"] = self.frames(held["diff3d"], counted=scan.counted)
        before = {"corner": scan.N // 2, "(N-1)/2": 0.5}.get(self.own.get("refers_to", ""), 0.0)
        unit = self.own.get("unit", "px")
        scale = 1.0 if unit == "px" else self.own["pixel_size"] / UNITS[unit]
        places = [name for name in held if "coords" in name and held[name] is not None]
        return held | {name: (np.asarray(held[name]) - before) * scale for name in places}

    def save(self, scan: Any, path: Path) -> None:
        self.right.save(_bare(scan), path)

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self.right.group(_bare(scan), request)

    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(_bare(scan), request)


def _bare(scan: Any) -> Any:
    return scan.right if isinstance(scan, OwnScan) else scan
