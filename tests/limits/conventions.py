"""Right backends with another convention: between pixels, or beyond the edge of the object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from tests.limits.limits import Limited

Array = NDArray[Any]


class OwnPatches(Limited):
    """Cuts patches by a rule of its own, wherever it cuts any, and refuses what the right backend refuses."""

    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        """Cut patches (n, N, N)."""
        raise NotImplementedError

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        right = self.right.patches(obj, centres_xy, N)
        return self.rule(np.asarray(obj), np.asarray(centres_xy, np.float64), N).astype(np.asarray(right).dtype)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        held = self.right.arrays(self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed))
        probe, places = np.asarray(probe), np.stack([held["xcoords"], held["ycoords"]], axis=1)
        patches = self.patches(obj, places, probe.shape[-1])
        amplitude = np.asarray(self.right.simulate(patches, probe))
        if nphotons is not None:
            dose = np.sqrt(nphotons / np.square(amplitude, dtype=np.float64).sum(axis=(1, 2)).mean())
            seed = int(np.random.default_rng(seed).integers(2**31)) if seed is None else seed
            probe, amplitude = probe * dose, self.right.noisy((amplitude * dose).astype(np.float32), seed)
        frames = {"diff3d": np.asarray(amplitude), "probeGuess": probe.astype(np.complex64), "Y": patches}
        return self.right.assemble(held | frames)

    def group(self, scan: Any, request: GroupRequest) -> Mapping[str, Any]:
        grouped = dict(self.right.group(scan, request))
        held = self.right.arrays(scan)
        if held.get("Y") is None and held.get("objectGuess") is not None:
            members = np.asarray(grouped["nn_indices"])
            places = np.stack([held["xcoords"], held["ycoords"]], axis=1)[members]
            cut = np.asarray(self.patches(held["objectGuess"], places.reshape(-1, 2), request.N))
            grouped["Y"] = np.moveaxis(cut.reshape(*members.shape, request.N, request.N), 1, -1)
        return grouped


class Placed(OwnPatches):
    """Cuts and places between pixels by a rule of its own: whole windows wider by a pixel, and what is left of a pixel.

    Attributes
    ----------
    numbers : type
        Of what it works with.
    """

    numbers: type[np.complexfloating[Any, Any]] = np.complex128

    def between(self, images: Array, part: Array) -> Array:
        """Read images (n, M, M) at parts of a pixel (n, 2), [dx, dy], further on."""
        raise NotImplementedError

    def spread(self, images: Array, part: Array) -> Array:
        """Place images (n, M, M) parts of a pixel (n, 2), [dx, dy], further on."""
        raise NotImplementedError

    @np.errstate(under="ignore")
    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        whole = np.floor(centres)
        cut = np.asarray(self.right.patches(obj, whole, N + 2)).astype(self.numbers)
        return self.between(cut, centres - whole)[:, 1:-1, 1:-1]

    @np.errstate(under="ignore")
    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        self.right.reassemble(patches, centres_xy, chunk)
        stack, centres = np.asarray(patches).astype(self.numbers), np.asarray(centres_xy, np.float64)
        N, whole, middle = stack.shape[-1], np.floor(centres), np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        total = np.zeros(2 * half[::-1], self.numbers)
        weight = total.real.copy()
        wider = np.pad(np.stack([stack, np.ones_like(stack)]), ((0, 0), (0, 0), (1, 1), (1, 1)))
        values, ones = (self.spread(one, centres - whole) for one in wider)
        for value, one, corner in zip(values, ones, (whole - middle + half - N // 2 - 1).astype(int), strict=True):
            place = slice(corner[1], corner[1] + N + 2), slice(corner[0], corner[0] + N + 2)
            total[place] += value
            weight[place] += one.real
        covered = np.abs(weight) > np.finfo(self.numbers).eps
        mean = np.divide(total, weight, out=np.zeros_like(total), where=covered)
        return {"object": mean, "coverage": np.where(covered, weight, 0), "origin_xy": middle - half}


class FourierPixels(Placed):
    """Shifts by a phase ramp in Fourier space what it cuts and places between pixels."""

    speaks = ("PAT-002", "REA-011")

    def between(self, images: Array, part: Array) -> Array:
        return shifted(images, -part)

    def spread(self, images: Array, part: Array) -> Array:
        return shifted(images, part)


def shifted(images: Array, shifts: Array) -> Array:
    """Move the content of (n, N, N) images by (n, 2) shifts [dx, dy], around the edges, in their precision."""
    if not shifts.any():
        return images
    column, row = np.fft.fftfreq(images.shape[-1])[None, :], np.fft.fftfreq(images.shape[-2])[:, None]
    dx, dy = shifts.T[:, :, None, None]
    ramp = np.exp(-2j * np.pi * (dx * column + dy * row)).astype(images.dtype)
    return np.asarray(scipy.fft.ifft2(scipy.fft.fft2(images) * ramp))


class Continued(OwnPatches):
    """Goes on beyond the edge of the object."""

    def index(self, at: Array, size: int) -> Array:
        """Pixels of the object that stand for pixels anywhere."""
        raise NotImplementedError

    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        found = []
        for x, y in centres:
            left, top = (float(np.floor(one)) - N // 2 for one in (x, y))
            rows = self.index(top + np.arange(N + 1), obj.shape[0]).astype(np.intp)
            columns = self.index(left + np.arange(N + 1), obj.shape[1]).astype(np.intp)
            window, right, down = obj[np.ix_(rows, columns)].astype(np.complex128), x - np.floor(x), y - np.floor(y)
            along = window[:, :-1] * (1 - right) + window[:, 1:] * right
            found.append(along[:-1] * (1 - down) + along[1:] * down)
        return np.stack(found) if found else np.zeros((0, N, N), np.complex64)


class WrappedEdges(Continued):
    """Takes the object to repeat beyond its edge."""

    speaks = ("PAT-003",)

    def index(self, at: Array, size: int) -> Array:
        return np.mod(at, size)


class RepeatedEdges(Continued):
    """Takes the last pixels of the object to go on beyond its edge."""

    speaks = ("PAT-003",)

    def index(self, at: Array, size: int) -> Array:
        return np.clip(at, 0, size - 1)


class MovedProbes(OwnPatches):
    """Cuts on whole pixels, and moves the probe by what is left where it simulates scans."""

    def rule(self, obj: Array, centres: Array, N: int) -> Array:
        return np.asarray(self.right.patches(obj, np.round(centres), N))

    def moved(self, probe: Array, left: Array) -> Array:
        """Modes (P, N, N) moved by what is left, [dx, dy]."""
        return shifted(probe, np.broadcast_to(left, (len(probe), 2)))

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        centres, lit = np.stack([xcoords, ycoords], axis=1).astype(np.float64), np.asarray(probe, np.complex128)
        left, N = centres - np.round(centres), lit.shape[-1]
        if nphotons is not None or not left.any():
            return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        held = dict(self.right.arrays(self.right.measure(xcoords, ycoords, probe, obj, None, seed)))
        patches = np.asarray(self.patches(obj, centres, N))
        lights = (self.moved(lit.reshape(-1, N, N), one).astype(np.complex64) for one in left)
        frames = [np.asarray(self.right.simulate(patch[None], one)) for patch, one in zip(patches, lights, strict=True)]
        return self.right.assemble(held | {"diff3d": np.concatenate(frames), "Y": patches})


class Floored(Limited):
    """Adds a small number to every intensity, wherever it simulates without noise."""

    epsilon = 1e-6

    def lifted(self, amplitude: Any) -> Array:
        """Amplitudes of intensities with the floor."""
        seen = np.asarray(amplitude)
        return np.sqrt(seen.astype(np.float64) ** 2 + self.epsilon).astype(seen.dtype)

    def simulate(self, patches: Any, probe: Any) -> Any:
        return self.lifted(self.right.simulate(patches, probe))

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        scan = self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        held = dict(self.right.arrays(scan))
        if nphotons is not None:
            return scan
        return self.right.assemble(held | {"diff3d": self.lifted(held["diff3d"])})


class AtLeast(Floored):
    """Lets no intensity be less than a small number."""

    def lifted(self, amplitude: Any) -> Array:
        seen = np.asarray(amplitude)
        return np.sqrt(np.maximum(seen.astype(np.float64) ** 2, self.epsilon)).astype(seen.dtype)
