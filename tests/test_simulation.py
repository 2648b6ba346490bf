"""Simulated scans: nothing in them that could hide a mistake."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.scans.simulation import defocused_probe, siemens_star, simulated_scan
from conformance.scans.specimens import Recipe


@pytest.mark.parametrize("shape", [(40, 63), (63, 40), (185, 233)])
def test_no_symmetry_maps_the_star_onto_itself(shape: tuple[int, int]) -> None:
    star = siemens_star(np.random.default_rng(4), shape)
    assert star.shape == shape
    assert star.dtype == np.complex64
    for image in (star[::-1], star[:, ::-1], star[::-1, ::-1], star.conj(), star[::-1, ::-1].conj()):
        assert np.linalg.norm(image - star) > 0.1 * np.linalg.norm(star)


@pytest.mark.parametrize("N", [8, 32, 64])
def test_modes_of_the_probe_are_distinct_and_have_no_symmetry(N: int) -> None:
    modes = defocused_probe(np.random.default_rng(4), N, 3)
    assert modes.shape == (3, N, N)
    for mode in modes:
        twin = np.roll(mode[::-1, ::-1].conj(), (1, 1), (0, 1))
        assert abs(np.vdot(mode, twin)) < 0.97 * np.vdot(mode, mode).real
    overlaps = np.abs(modes.reshape(3, -1) @ modes.reshape(3, -1).conj().T)
    sizes = np.sqrt(np.diag(overlaps))
    assert (overlaps / np.outer(sizes, sizes))[np.triu_indices(3, 1)].max() < 0.97
    assert defocused_probe(np.random.default_rng(4), N).shape == (N, N)


def test_every_frame_differs_from_every_other() -> None:
    frames = simulated_scan(Recipe(M=60, N=16, margin=10.0, seed=2), None, np.random.default_rng(2))["diff3d"]
    flat = frames.reshape(60, -1)
    apart = np.linalg.norm(flat[:, None] - flat[None], axis=2)[np.triu_indices(60, 1)]
    assert apart.min() > 1e-3 * np.linalg.norm(flat, axis=1).mean()
