"""Faults of scan files by name: what people's files had, put into a sound scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, Any]
Fault = Callable[[Arrays, np.random.Generator], None]

_COORDINATES = ("xcoords", "ycoords")


def inflict(arrays: Arrays, names: tuple[str, ...], rng: np.random.Generator) -> Arrays:
    """Return the arrays of a scan with faults, in the order of their names.

    Parameters
    ----------
    arrays : dict
        A sound scan under the contract's names; amplitudes are square roots of counts.
    names : tuple of str
        Keys of :data:`FAULTS`.
    rng : numpy.random.Generator
    """
    faulty = {name: np.array(values) for name, values in arrays.items()}
    for name in names:
        FAULTS[name](faulty, rng)
    return faulty


def _positions(change: Callable[[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]) -> Fault:
    def fault(a: Arrays, rng: np.random.Generator) -> None:
        a["xcoords"], a["ycoords"] = change(a["xcoords"], a["ycoords"])
        if "xcoords_start" in a:
            a["xcoords_start"], a["ycoords_start"] = change(a["xcoords_start"], a["ycoords_start"])

    return fault


def _mirrored(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values.max() + values.min() - values)


def _rotated(degrees: float) -> Fault:
    angle = np.deg2rad(degrees)

    def change(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        dx, dy = x - x.mean(), y - y.mean()
        return x.mean() + np.cos(angle) * dx - np.sin(angle) * dy, y.mean() + np.sin(angle) * dx + np.cos(angle) * dy

    return _positions(change)


def _scaled(factor: float) -> Fault:
    return _positions(lambda x, y: ((x - x.mean()) * factor + x.mean(), (y - y.mean()) * factor + y.mean()))


def _frames(change: Callable[[NDArray[Any]], NDArray[Any]]) -> Fault:
    def fault(a: Arrays, rng: np.random.Generator) -> None:
        a["diff3d"] = np.ascontiguousarray(change(a["diff3d"]))

    return fault


def _counts(stack: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.rint(stack.astype(np.float64) ** 2))


def _shuffled(a: Arrays, rng: np.random.Generator) -> None:
    a["diff3d"] = a["diff3d"][rng.permutation(len(a["diff3d"]))]


def _triggered_late(a: Arrays, rng: np.random.Generator) -> None:
    a["diff3d"] = np.roll(a["diff3d"], 1, axis=0)


def _flyback(a: Arrays, rng: np.random.Generator) -> None:
    """Each line begins with a frame of the way back, and the rest come one later."""
    rows = np.unique(np.rint(a["ycoords"] - a["ycoords"].min()) // max(1.0, np.ptp(a["ycoords"]) / 8))
    line = max(2, len(a["diff3d"]) // max(2, len(rows)))
    order = np.arange(len(a["diff3d"])) - np.arange(len(a["diff3d"])) // line
    a["diff3d"] = a["diff3d"][np.clip(order, 0, len(order) - 1)]


def _alternating(a: Arrays, rng: np.random.Generator) -> None:
    lines = np.cumsum(np.abs(np.diff(a["ycoords"], prepend=a["ycoords"][0])) > 0.3 * _step(a)).astype(int)
    a["xcoords"] = a["xcoords"] + np.where(lines % 2 == 0, 1.0, -1.0) * 0.5 * _step(a)


def _step(a: Arrays) -> float:
    return float(np.median(np.hypot(np.diff(a["xcoords"]), np.diff(a["ycoords"]))))


def _wandering(a: Arrays, rng: np.random.Generator) -> None:
    """The planned positions stand for the measured ones: what was true is lost."""
    for name in _COORDINATES:
        drift = np.cumsum(rng.normal(0, 0.25, len(a[name])))
        a[name] = a[name] - np.clip(drift, -2, 2)
        if f"{name}_start" in a:
            a[f"{name}_start"] = a[name].copy()


def _dark(a: Arrays, rng: np.random.Generator) -> None:
    a["diff3d"][rng.choice(len(a["diff3d"]), max(1, len(a["diff3d"]) // 20), replace=False)] = 0


def _bursts(a: Arrays, rng: np.random.Generator) -> None:
    frames = rng.choice(len(a["diff3d"]), max(1, len(a["diff3d"]) // 50), replace=False)
    level = 400 * float((a["diff3d"] ** 2).mean())
    a["diff3d"][frames] = np.sqrt(rng.poisson(level, a["diff3d"][frames].shape))


def _hot(a: Arrays, rng: np.random.Generator) -> None:
    N = a["diff3d"].shape[-1]
    for row, column in rng.integers(0, N, (3, 2)):
        a["diff3d"][:, row, column] = 3 * a["diff3d"].max()


def _dead_line(a: Arrays, rng: np.random.Generator) -> None:
    a["diff3d"][:, a["diff3d"].shape[1] // 2 + 2] = 0


def _gap(a: Arrays, rng: np.random.Generator) -> None:
    a["diff3d"] = _counts(a["diff3d"]).astype(np.uint32)
    a["diff3d"][:, :, a["diff3d"].shape[2] // 3 : a["diff3d"].shape[2] // 3 + 2] = 2**32 - 1


def _masked(a: Arrays, rng: np.random.Generator) -> None:
    bad = np.zeros(a["diff3d"].shape[1:], bool)
    bad[:, bad.shape[1] // 3 : bad.shape[1] // 3 + 2] = True
    a["diff3d"][:, bad] = 0
    a["bad_pixels"] = bad


def _saturated(a: Arrays, rng: np.random.Generator) -> None:
    counts = _counts(a["diff3d"])
    scale = 255 / max(1.0, float(np.quantile(counts, 0.999)))
    a["diff3d"] = np.minimum(np.rint(counts * scale), 255).astype(np.uint8)


def _sliding(a: Arrays, rng: np.random.Generator) -> None:
    a["diff3d"] = np.stack([np.roll(one, 2 * m, 0) for m, one in enumerate(a["diff3d"])])


def _near_field(a: Arrays, rng: np.random.Generator) -> None:
    """Shadows in place of far-field patterns: the light behind the sample, a little way on."""
    from conformance.oracles.patches import patches_at

    positions = np.stack([a["xcoords"], a["ycoords"]], axis=1)
    probe = np.atleast_3d(a["probeGuess"].T).T.reshape(-1, *a["probeGuess"].shape[-2:])[0]
    N = probe.shape[-1]
    f = np.fft.fftfreq(N)
    lens = np.exp(-1j * np.pi * 6.0 * (f[:, None] ** 2 + f[None, :] ** 2))
    waves = np.fft.ifft2(np.fft.fft2(patches_at(a["objectGuess"], positions, N) * probe) * lens)
    a["diff3d"] = np.sqrt(rng.poisson(np.abs(waves) ** 2)).astype(np.float32)


def _sphere(a: Arrays, rng: np.random.Generator) -> None:
    a["probeGuess"] = (a["probeGuess"] / np.linalg.norm(a["probeGuess"])).astype(np.complex64)


FAULTS: Mapping[str, Fault] = {
    "x-flipped": _positions(lambda x, y: (_mirrored(x), y)),
    "y-flipped": _positions(lambda x, y: (x, _mirrored(y))),
    "both-flipped": _positions(lambda x, y: (_mirrored(x), _mirrored(y))),
    "exchanged": _positions(lambda x, y: (y, x)),
    "quarter-turn": _positions(lambda x, y: (y, _mirrored(x))),
    "three-quarter-turn": _positions(lambda x, y: (_mirrored(y), x)),
    "anti-exchanged": _positions(lambda x, y: (_mirrored(y), _mirrored(x))),
    "rotated": _rotated(25.0),
    "frames-transposed": _frames(lambda stack: stack.swapaxes(1, 2)),
    "corner-zero": _frames(lambda stack: np.fft.ifftshift(stack, axes=(1, 2))),
    "off-centre": _frames(lambda stack: np.roll(stack, (3, -7), axis=(1, 2))),
    "half-pixel": _positions(lambda x, y: (x - 0.5, y - 0.5)),
    "metres": _positions(lambda x, y: (x * 2.8e-8, y * 2.8e-8)),
    "wrong-step": _scaled(1.06),
    "far-origin": _positions(lambda x, y: (x + 1.3e6, y - 4e5)),
    "intensity": _frames(_counts),
    "logarithm": _frames(lambda stack: np.log1p(_counts(stack)).astype(np.float32)),
    "shuffled": _shuffled,
    "triggered-late": _triggered_late,
    "flyback": _flyback,
    "line-shift": _alternating,
    "planned-positions": _wandering,
    "near-field": _near_field,
    "dark-frames": _dark,
    "bursts": _bursts,
    "hot-pixels": _hot,
    "dead-line": _dead_line,
    "gap": _gap,
    "masked-gap": _masked,
    "saturated": _saturated,
    "sliding": _sliding,
    "probe-of-power-one": _sphere,
}
"""Faults by name."""
