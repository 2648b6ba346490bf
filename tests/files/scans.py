"""Sound scans that share light, and what goes wrong with files of people, one fault a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.files import faults_of_readout as readout

Arrays = dict[str, Any]
N = 32


def sound(
    seed: int = 1, columns: int = 10, rows: int = 8, photons: float = 3e4, pitch: float = 3.2, jitter: float = 0.4
) -> Arrays:
    """Return a scan whose frames follow from its probe, object and positions, with counting noise."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    x, y = (N / 2 + 2 + pitch * grid + rng.uniform(-jitter, jitter, grid.shape)).T
    shape = (int(y.max()) + N // 2 + 3, int(x.max()) + N // 2 + 3)
    obj = smooth_object(rng, shape)
    r, c = np.mgrid[:N, :N] - N / 2
    probe = np.exp(-((c / 5.0) ** 2 + (r / 6.0) ** 2) / 2 + 0.02j * (c**2 + 0.7 * r**2)) * (1 + 0.02 * c)
    frames = counts(rng, obj, probe, x, y, photons)
    gain = np.sqrt(photons / (np.abs(probe) ** 2).sum())
    return {
        "xcoords": x,
        "ycoords": y,
        "diff3d": np.sqrt(frames).astype(np.float32),
        "probeGuess": (probe * gain).astype(np.complex64),
        "objectGuess": obj.astype(np.complex64),
    }


def smooth_object(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.complex128]:
    """Return an object of absorption and phase with structure of a few pixels."""
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(shape[0]), np.fft.fftfreq(shape[1]), indexing="ij"))
    fields = [np.fft.ifft2(np.fft.fft2(rng.normal(size=shape)) * np.exp(-((3 * f) ** 2) * 4)).real for _ in range(2)]
    absorption, phase = (one / one.std() for one in fields)
    return np.asarray((1 - 0.2 * np.tanh(absorption) ** 2) * np.exp(0.7j * np.tanh(phase)))


def counts(
    rng: np.random.Generator,
    obj: NDArray[Any],
    probe: NDArray[Any],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    photons: float,
) -> NDArray[np.int64]:
    """Return the counts of each frame, whole-pixel patches."""
    patches = np.stack(
        [obj[int(j) - N // 2 : int(j) + N // 2, int(i) - N // 2 : int(i) + N // 2] for i, j in zip(x, y, strict=True)]
    )
    far = np.abs(np.fft.fftshift(np.fft.fft2(patches * probe), axes=(-2, -1))) ** 2
    return rng.poisson(far / far.sum(axis=(1, 2)).mean() * photons)


def _dark(a: Arrays) -> None:
    a["diff3d"][[3, 4, 40]] = 0


def _burst(a: Arrays) -> None:
    a["diff3d"][17] = 60


def _marker(value: float) -> Callable[[Arrays], None]:
    def fault(a: Arrays) -> None:
        a["diff3d"] = a["diff3d"].astype(np.float64)
        a["diff3d"][:, 20:22] = value

    return fault


def _marker_of_type(a: Arrays) -> None:
    stack = np.rint(a["diff3d"] ** 2).astype(np.uint16)
    stack[:, 5, 9] = np.iinfo(np.uint16).max
    a["diff3d"] = stack


def _negative(a: Arrays) -> None:
    stack = np.rint(a["diff3d"] ** 2).astype(np.int32)
    stack[:, :, 11] = -2
    a["diff3d"] = stack


def _hot(a: Arrays) -> None:
    a["diff3d"][:, 4, 28] = 77.5


def _dead_line(a: Arrays) -> None:
    a["diff3d"][:, :, 18] = 0


def _dead_pixel(a: Arrays) -> None:
    a["diff3d"][:, 15, 17] = 0


def _saturated(a: Arrays) -> None:
    a["diff3d"] = np.minimum(np.rint(a["diff3d"] ** 2), 255).astype(np.uint8)


def _wide(a: Arrays) -> None:
    a["diff3d"][:, 12:14] *= np.sqrt(2.5)


def _wide_column(a: Arrays) -> None:
    a["diff3d"][:, :, 20] *= np.sqrt(2.2)


def _sliding(step: int, axis: int) -> Callable[[Arrays], None]:
    def fault(a: Arrays) -> None:
        a["diff3d"] = np.stack([np.roll(one, step * m, axis) for m, one in enumerate(a["diff3d"])])

    return fault


def _off_centre(shift: tuple[int, int]) -> Callable[[Arrays], None]:
    def fault(a: Arrays) -> None:
        a["diff3d"] = np.roll(a["diff3d"], shift, axis=(1, 2))

    return fault


def _scaled(factor: float) -> Callable[[Arrays], None]:
    def fault(a: Arrays) -> None:
        a["probeGuess"] = (a["probeGuess"] * factor).astype(np.complex64)

    return fault


def _cosmic_rays(a: Arrays) -> None:
    rng = np.random.default_rng(6)
    frames = rng.choice(80, 30, replace=False)
    a["diff3d"][frames, rng.integers(0, 10, 30), rng.integers(0, N, 30)] = rng.uniform(55, 70, 30)


def _in_turn(a: Arrays) -> None:
    a["diff3d"][1::2] = np.sqrt(np.rint(a["diff3d"][1::2] ** 2 / 8)).astype(np.float32)


def _unsteady(a: Arrays) -> None:
    left = 1 - 0.4 * (np.arange(80) / 20 % 1)
    a["diff3d"] = np.sqrt(np.rint(a["diff3d"] ** 2 * left[:, None, None])).astype(np.float32)


def _exchanged_bytes(a: Arrays) -> None:
    a["diff3d"] = np.rint(a["diff3d"] ** 2).astype(np.uint16).byteswap()


def _no_sample(a: Arrays) -> None:
    one = (a["diff3d"].astype(np.float64) ** 2).mean(axis=0)
    a["diff3d"] = np.sqrt(np.random.default_rng(8).poisson(one, (80, N, N))).astype(np.float32)


def _times(a: Arrays) -> None:
    a["xcoords"] = 1.7e9 + 0.12 * np.arange(80)
    del a["objectGuess"]


def _aside(a: Arrays) -> None:
    a["xcoords"][33:37] += 60
    del a["objectGuess"]


def _cropped_frames(a: Arrays) -> None:
    a["diff3d"] = np.ascontiguousarray(a["diff3d"][:, 4:-4, 4:-4])
    a["probeGuess"] = np.ascontiguousarray(a["probeGuess"][4:-4, 4:-4])
    del a["objectGuess"]


def _far_origin(a: Arrays) -> None:
    a["xcoords"] = a["xcoords"] - 2e5


def _trimmed(a: Arrays) -> None:
    a["objectGuess"] = np.ascontiguousarray(a["objectGuess"][:-9])


def _sparse(a: Arrays) -> None:
    a["xcoords"], a["ycoords"] = a["xcoords"] * 9, a["ycoords"] * 9
    del a["objectGuess"]


def _metres(a: Arrays) -> None:
    a["xcoords"], a["ycoords"] = a["xcoords"] * 3e-8, a["ycoords"] * 3e-8
    del a["objectGuess"]


def _one_place(a: Arrays) -> None:
    a["xcoords"], a["ycoords"] = np.full(80, 30.0), np.full(80, 30.0)


def _sticking(a: Arrays) -> None:
    for name in ("xcoords", "ycoords"):
        a[name][30:37] = a[name][30]


def _alone(a: Arrays) -> None:
    a["xcoords"][12], a["ycoords"][12] = 0.0, 90000.0
    del a["objectGuess"]


def _planned(a: Arrays) -> None:
    j, i = np.meshgrid(np.arange(10), np.arange(8))
    a["xcoords"], a["ycoords"] = 20.0 + 3 * j.ravel(), 20.0 + 3.2 * i.ravel()


def _logarithm(a: Arrays) -> None:
    a["diff3d"] = np.log1p(np.rint(a["diff3d"] ** 2)).astype(np.float32)


def _masked(bad: Any) -> Callable[[Arrays], None]:
    def fault(a: Arrays) -> None:
        a["bad_pixels"] = bad

    return fault


def _gap_mask(good: bool) -> NDArray[np.bool_]:
    bad = np.zeros((N, N), bool)
    bad[:, 20] = True
    return ~bad if good else bad


def _copied(a: Arrays) -> None:
    a["diff3d"][40:44] = a["diff3d"][39]


def _copied_later(a: Arrays) -> None:
    a["diff3d"][60:62] = a["diff3d"][10:12]


def _probe_of(make: Callable[[Any], Any]) -> Callable[[Arrays], None]:
    def fault(a: Arrays) -> None:
        a["probeGuess"] = make(a["probeGuess"])

    return fault


def _object_of(make: Callable[[Any], Any]) -> Callable[[Arrays], None]:
    def fault(a: Arrays) -> None:
        a["objectGuess"] = make(a["objectGuess"])

    return fault


def _far_field(probe: Any) -> Any:
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(probe), norm="ortho"))


def _saturated_roots(a: Arrays) -> None:
    a["diff3d"] = np.minimum(a["diff3d"], 20.0).astype(np.float32)


def _cut_off(a: Arrays) -> None:
    a["diff3d"] = np.minimum(a["diff3d"], np.quantile(a["diff3d"], 0.995)).astype(np.float32)


def _repeated_pixels(a: Arrays) -> None:
    binned = np.rint(a["diff3d"] ** 2)[:, ::2, ::2]
    a["diff3d"] = np.sqrt(binned.repeat(2, axis=1).repeat(2, axis=2)).astype(np.float32)


def _passing_marker(a: Arrays) -> None:
    stack = np.rint(a["diff3d"] ** 2).astype(np.uint32)
    stack[10:40, :, 6] = np.iinfo(np.uint32).max
    a["diff3d"] = stack


def _falling(a: Arrays) -> None:
    counts = np.rint(a["diff3d"].astype(np.float64) ** 2).astype(np.int64)
    left = np.random.default_rng(4).binomial(counts, np.linspace(1, 0.1, 80)[:, None, None])
    a["diff3d"] = np.sqrt(left).astype(np.float32)


def _one_column_twice(a: Arrays) -> None:
    a["ycoords"] = a["xcoords"].copy()


def _background(a: Arrays) -> None:
    a["diff3d"] = np.sqrt(np.rint(a["diff3d"] ** 2) + 25).astype(np.float32)


FAULTS: dict[str, tuple[tuple[str, Callable[[Arrays], None]], ...]] = {
    "FIL-003": (("dark frames", _dark), ("packets", readout.lost_packets)),
    "FIL-004": (
        ("a burst", _burst),
        ("a beam that fades", _falling),
        ("exposures in turn", _in_turn),
        ("a beam that is filled up", _unsteady),
        ("counters not reset", readout.not_reset),
    ),
    "FIL-005": (
        ("largest uint32 as float", _marker(2.0**32 - 1)),
        ("its root", _marker(2.0**16)),
        ("root of the largest uint16", _marker(np.sqrt(65535.0))),
        ("largest of its type", _marker_of_type),
        ("negative flags", _negative),
        ("a marker in some frames", _passing_marker),
    ),
    "FIL-006": (
        ("hot pixel", _hot),
        ("dead line", _dead_line),
        ("dead pixel", _dead_pixel),
        ("dead gap", readout.module_gap),
        ("flickering pixel", readout.flickering),
        ("cosmic rays", _cosmic_rays),
    ),
    "FIL-007": (
        ("saturated", _saturated),
        ("saturated roots", _saturated_roots),
        ("cut off at times", _cut_off),
        ("bytes exchanged", _exchanged_bytes),
    ),
    "FIL-008": (
        ("wide rows", _wide),
        ("wide column", _wide_column),
        ("columns in turn", readout.alternating),
        ("pedestal", readout.pedestal),
    ),
    "FIL-009": (
        ("sliding rows", _sliding(2, 0)),
        ("sliding columns", _sliding(1, 1)),
        ("sliding up", _sliding(-3, 0)),
        ("rows in turn", readout.interleaved),
        ("columns in pairs", readout.exchanged_in_pairs),
        ("a quarter turned", readout.quarter_turned),
    ),
    "FIL-010": (
        ("beam aside", _off_centre((0, 9))),
        ("beam aside and up", _off_centre((-5, 3))),
        ("zero frequency in the corner", _off_centre((N // 2, N // 2))),
    ),
    "FIL-011": (
        ("probe of power one", _scaled(1 / 170)),
        ("probe too strong", _scaled(40.0)),
        ("frames cropped, positions and probe as before", _cropped_frames),
    ),
    "FIL-012": (("far origin", _far_origin), ("trimmed object", _trimmed)),
    "FIL-013": (("no overlap", _sparse),),
    "FIL-014": (
        ("metres", _metres),
        ("one place", _one_place),
        ("sticking encoder", _sticking),
        ("one column twice", _one_column_twice),
        ("times for x", _times),
        ("counter run over", readout.ran_over),
        ("polar", readout.polar),
    ),
    "FIL-015": (("a point alone", _alone), ("points aside", _aside)),
    "FIL-016": (("planned positions", _planned),),
    "FIL-017": (
        ("logarithm", _logarithm),
        ("background", _background),
        ("decibels", readout.decibels),
        ("rounded amplitudes", readout.rounded),
        ("few counts taken for none", readout.threshold),
        ("median of neighbours", readout.filtered),
        ("one pixel in four, four times", _repeated_pixels),
    ),
    "FIL-025": (
        ("copied frames", _copied),
        ("copies later", _copied_later),
        ("no sample", _no_sample),
        ("stale", readout.half_filled),
    ),
    "FIL-026": (
        ("probe of zeros", _probe_of(lambda p: 0 * p)),
        ("probe of ones", _probe_of(np.ones_like)),
        ("two reals", _probe_of(lambda p: np.stack([p.real, p.imag]))),
        ("probe in the corner", _probe_of(np.fft.ifftshift)),
        ("probe aside", _probe_of(lambda p: np.roll(p, (8, -7), (0, 1)))),
        ("probe of the far field", _probe_of(_far_field)),
        ("modulus of the probe", _probe_of(np.abs)),
    ),
    "FIL-027": (
        ("object of zeros", _object_of(np.zeros_like)),
        ("phases", _object_of(np.angle)),
        ("object of ones", _object_of(np.ones_like)),
    ),
    "NPZ-047": (
        ("mask of another side", _masked(np.zeros((N, N - 2), bool))),
        ("mask a frame", _masked(np.zeros((80, N, N), bool))),
        ("mask of real numbers", _masked(np.zeros((N, N)))),
        ("mask of whole numbers", _masked(np.zeros((N, N), np.uint8))),
    ),
    "FIL-024": (
        ("mask of good pixels", _masked(_gap_mask(good=True))),
        ("masked pixels that hold light", _masked(_gap_mask(good=False))),
    ),
}
"""Faults by the clause that names them."""
