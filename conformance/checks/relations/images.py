"""Objects, patches and amplitudes of one scene, and how near two lists of images must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import places, side
from conformance.scans.specimens import structured_object, structured_probe


def near(
    evidence: Evidence,
    seen: Any,
    expected: Array,
    what: str,
    tolerance: float = 2e-5,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require equality of lists of images within a part of the largest value."""
    atol = tolerance * float(np.abs(expected).max())
    axes = axes_of("diff3d", 3) if expected.ndim == 3 else axes_of("object", 2)
    evidence.close(seen, expected, what, rtol=0, atol=atol, axes=axes, suspects=suspects, either=True)


def noise(rng: np.random.Generator, *shape: int) -> NDArray[np.complex64]:
    """Complex white noise of unit variance."""
    return np.asarray((rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2), dtype=np.complex64)


def scattered(rng: np.random.Generator, count: int, width: int, height: int, margin: float) -> Array:
    """Positions (count, 2), columns [x, y], between the pixels; multiples of 1/256, so that sums are exact."""
    drawn = rng.uniform((margin, margin), (width - margin, height - margin), (count, 2))
    return places(np.asarray(np.round(drawn * 256) / 256))


def scene(seed: int, N: int, count: int, modes: int = 1) -> tuple[Array, Array, Array]:
    """Object (N + 22, N + 35), positions (count, 2) whose patches lie inside, and probe."""
    N, rng = side(N), np.random.default_rng(seed)
    obj = structured_object(rng, (N + 22, N + 35))
    return obj, scattered(rng, count, N + 35, N + 22, N / 2 + 1), structured_probe(rng, N, modes)


def cut(subject: Subject, obj: Array, centres: Array, N: int) -> Array:
    """Patches as an array."""
    return substantial(as_numpy(subject.adapter.patches(obj, centres, N)), (len(centres), N, N), "the patches")


def lit(subject: Subject, patches: Array, probe: Array) -> Array:
    """Amplitudes as an array."""
    seen = substantial(as_numpy(subject.adapter.simulate(patches, probe)), patches.shape, "the amplitudes")
    if seen.dtype.kind != "f":
        raise Violation(f"the amplitudes are {seen.dtype}, the contract says real floating numbers.")
    return seen


def substantial(values: Array, shape: tuple[int, ...], what: str) -> Array:
    """Require results that a relation between two of them can say something about: whole, and not all zero."""
    if values.shape != shape:
        raise Violation(f"{what} have shape {values.shape}, the contract says {shape}.")
    if not np.any(values):
        raise Violation(f"{what} are all zero.")
    return values
