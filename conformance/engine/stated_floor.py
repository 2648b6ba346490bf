"""The floor that an adapter states of its intensities, and the one that it has, asked with a few plain calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from conformance.backends.subject import Subject, offered
from conformance.contract.types import Array
from conformance.engine.measured import MEASURED
from conformance.evidence.tensors import as_numpy
from conformance.oracles.rules import Floor
from conformance.scans.specimens import structured_object, structured_probe

BRIGHTER = 30.0
"""Factor between the two lights of a comparison: under the fainter a floor shows, under the brighter it is little."""
NEAR = 1e-3
"""How near two amplitudes are, by the root of the floor or by the greatest of them."""


@dataclass(frozen=True)
class Lit:
    """Amplitudes of the same patches in the dark and under two lights, in units of the root of a floor.

    Attributes
    ----------
    dark, faint, bright : (n, N, N) float64
    """

    dark: Array
    faint: Array
    bright: Array

    def expected(self, kind: str) -> Array:
        """Return what the faint ones are by the bright ones, whatever the forward model: (n, N, N).

        Parameters
        ----------
        kind : {"added", "least"}
        """
        intensity = self.bright**2 - 1 if kind == "added" else np.where(self.bright > 1, self.bright**2, 0)
        return np.sqrt(Floor(1.0, kind).under(np.maximum(intensity, 0) / BRIGHTER**2))


def lit(subject: Subject, epsilon: float, N: int, *, modes: int = 1, seed: int = 908) -> Lit:
    """Simulate patches in the dark and under two lights, as faint as a floor is.

    Parameters
    ----------
    subject : Subject
    epsilon : float
        The floor, above zero.
    N : int
        Side of a patch in pixels.
    modes : int
        Modes of the probe.
    seed : int
        Of patches and probe.
    """
    rng, unit = np.random.default_rng(seed), np.sqrt(epsilon)
    patches, probe = np.stack([structured_object(rng, (N, N)) for _ in range(2)]), structured_probe(rng, N, modes)
    faint = (probe * unit / np.abs(probe).max()).astype(np.complex64)
    cases = ((np.zeros_like(patches), faint), (patches, faint), (patches, (faint * BRIGHTER).astype(np.complex64)))
    seen = (as_numpy(subject.adapter.simulate(given, light)).astype(np.float64) / unit for given, light in cases)
    return Lit(*seen)


def dark_frame(subject: Subject, N: int) -> Array:
    """Simulate a scan without noise that has one frame of nothing, among others, and return it: (N, N)."""
    rng = np.random.default_rng(909)
    obj, probe = structured_object(rng, (N + 14, 3 * N + 20)), structured_probe(rng, N, 1)
    obj[:, : N + 8] = 0
    x, y = np.array([N / 2 + 2, 2.0 * N + 12, N / 2 + 3]), np.array([N / 2 + 4, N / 2 + 5, N / 2 + 6])
    held = subject.adapter.arrays(subject.adapter.measure(x, y, probe, obj, None, 1))
    return np.asarray(as_numpy(held["diff3d"])[0], np.float64)


def kept(subject: Subject, floor: Floor, N: int) -> bool:
    """Whether intensities have this floor, whatever else of the forward model is wrong, and simulated scans have it.

    Parameters
    ----------
    subject : Subject
    floor : Floor
    N : int
        Side of a patch in pixels.
    """
    if not floor.epsilon:
        patches, probe = np.zeros((2, N, N), np.complex64), structured_probe(np.random.default_rng(908), N, 1)
        return not np.any(as_numpy(subject.adapter.simulate(patches, probe)))
    seen = lit(subject, floor.epsilon, N)
    scans = offered(subject.selected) >= MEASURED
    return (
        bool(np.allclose(seen.dark, 1, rtol=0, atol=NEAR))
        and bool(np.allclose(seen.faint, seen.expected(floor.kind), rtol=NEAR, atol=NEAR))
        and (not scans or bool(np.allclose(dark_frame(subject, N), np.sqrt(floor.epsilon), rtol=NEAR, atol=0)))
    )


def found(subject: Subject, N: int) -> Iterator[str]:
    """Yield the floor that an adapter might state, as its dark frames show it: at most one."""
    patches, probe = np.zeros((2, N, N), np.complex64), structured_probe(np.random.default_rng(908), N, 1)
    seen = as_numpy(subject.adapter.simulate(patches, probe)).astype(np.float64)
    if seen.size and np.isfinite(seen).all() and (level := float(np.median(seen))) > 0:
        yield f"{level**2:.3g}"
