"""The amplitude scale that follows from the frames of a result, and what it is when the rule is mistaken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.specimens import Specimen

AXES = axes_of("diffraction", 4)


def frames_of(specimen: Specimen, grouped: Mapping[str, Any]) -> Array:
    """Amplitudes of the groups that the backend reports, (B, N, N, C) float64, straight from the scan."""
    members = as_numpy(grouped["nn_indices"])
    frames: Array = np.moveaxis(specimen.arrays["diff3d"][members], 1, -1).astype(np.float64)
    return frames


def energies_of(squares: Array) -> float:
    """Mean over frames of the sum over pixels of squares (B, N, N, C), in float64."""
    return float(squares.sum(axis=(1, 2), dtype=np.float64).mean())


def suspects_for(frames: Array, scan: Array | None = None) -> dict[str, Array]:
    """Normalised amplitudes that known mistakes would give; ``scan`` are all frames, not only those of the groups."""
    N, C = frames.shape[1], frames.shape[3]
    squares, target = frames**2, (N / 2) ** 2
    energies = squares.sum(axis=(1, 2), keepdims=True)
    energy = energies.mean()
    narrow = np.cumsum(squares.astype(np.float32).reshape(len(frames), -1, C), axis=1, dtype=np.float32)[:, -1]
    scales = {
        "the target is N² in place of (N/2)²": np.sqrt(N**2 / energy),
        "the target is N in place of (N/2)²": np.sqrt(N / energy),
        "the target is 1 in place of (N/2)²": np.sqrt(1 / energy),
        "the square root of the scale was not taken": target / energy,
        "the data are divided by the scale": np.sqrt(energy / target),
        "the data are not scaled": 1.0,
        "the squares were summed over the whole stack instead of averaged over frames": np.sqrt(target / squares.sum()),
        "the squares were averaged over pixels too": np.sqrt(target / squares.mean()),
        "the amplitudes were summed, not their squares": np.sqrt(target / frames.sum(axis=(1, 2)).mean()),
        "the median of the energies was taken in place of their mean": np.sqrt(target / np.median(energies)),
        "the largest energy was taken in place of the mean": np.sqrt(target / energies.max()),
        "the energy of the first frame was taken in place of the mean": np.sqrt(target / energies[0, 0, 0, 0]),
        **{
            f"{small:g} is added to the energy before the division": np.sqrt(target / (energy + small))
            for small in (1.0, *10.0 ** -np.arange(1, 17))
        },
        "the scales of the frames were averaged, not their energies": np.sqrt(target / energies).mean(),
        "the roots of the energies were averaged, not the energies": np.sqrt(target) / np.sqrt(energies).mean(),
        "the energy of the first group was taken in place of the mean": np.sqrt(target / energies[:1].mean()),
        "the energy of the first four groups was taken in place of the mean": np.sqrt(target / energies[:4].mean()),
        "frames in several groups count once": np.sqrt(target / _once(frames)),
        "the squares were added up in float32, one after the other": np.sqrt(target / narrow.astype(np.float64).mean()),
        "the squares lost their digits in float32": np.sqrt(target / energies_of(squares.astype(np.float32))),
        f"every {'frame' if C > 1 else 'frame, or every group,'} has a scale of its own": np.sqrt(target / energies),
    }
    if scan is not None:
        whole = np.square(scan.astype(np.float64)).sum(axis=(1, 2)).mean()
        scales["the energy of the whole scan was taken, not that of the groups"] = np.sqrt(target / whole)
    if C > 1:
        scales["the scale is divided by the number of channels"] = np.sqrt(target / energy) / C
        scales["the energy of the first channel was taken in place of the mean"] = np.sqrt(
            target / energies[..., 0].mean()
        )
        scales["every group has a scale of its own"] = np.sqrt(target / energies.mean(axis=3, keepdims=True))
        scales["the squares were summed over channels too"] = np.sqrt(target / energies.sum(axis=3).mean())
        scales["every channel has a scale of its own"] = np.sqrt(target / energies.mean(axis=0, keepdims=True))
    for bits in (8, 16, 32):
        counts = np.minimum(np.round(frames), 2.0**31).astype(np.int64)
        wrapped = np.mod(counts**2, 2**bits)
        signed = np.abs(np.where(wrapped >= 2 ** (bits - 1), wrapped - 2**bits, wrapped))
        sums = np.mod((counts**2).sum(axis=(1, 2)), 2**bits)
        name = f"squares of {bits}-bit counts wrapped at {2**bits}"
        if squares.max() >= 2 ** (bits - 1):
            scales[f"{name} before the scale was computed"] = np.sqrt(target / wrapped.sum(axis=(1, 2)).mean())
            scales[f"{name}, with a sign that is dropped"] = np.sqrt(target / signed.sum(axis=(1, 2)).mean())
        if energies.max() >= 2**bits:
            scales[f"the sums of squares wrapped at {2**bits}"] = np.sqrt(target / sums.mean())
    rounded = np.round(frames)
    once = np.square(rounded).sum(axis=(1, 2)).mean()
    return {name: frames * scale for name, scale in scales.items()} | {
        "the values are rounded to whole numbers before they are scaled": rounded * np.sqrt(target / (once or 1.0)),
    }


def _once(frames: Array) -> float:
    """Mean energy of frames that differ."""
    flat = np.moveaxis(frames, -1, 1).reshape(-1, frames.shape[1] * frames.shape[2])
    return float(np.square(np.unique(flat, axis=0)).sum(axis=1).mean())


def normalised(
    evidence: Evidence, seen: Any, frames: Array, what: str, rtol: float = 1e-5, scan: Array | None = None
) -> None:
    """Require ``X_full`` to be the frames times the oracle's scale."""
    expected = frames * amplitude_scale_of(frames)
    evidence.close(
        seen,
        expected,
        what,
        rtol=rtol,
        atol=1e-7 * float(expected.max()),
        axes=AXES,
        suspects=lambda: suspects_for(frames, scan),
    )


def misscaled(frames: Array, scale: float) -> dict[str, Array]:
    """Frames with a given scale that known mistakes would give."""
    own = amplitude_scale_of(frames)
    return {
        "the scale of these data was applied, not the one given": frames * own,
        "the given scale was applied on top of the scale of these data": frames * scale * own,
        "the data are divided by the given scale": frames / scale,
        "the given scale was applied twice": frames * scale**2,
        "the square root of the given scale was applied": frames * np.sqrt(scale),
        "the given scale is ignored: the data are not scaled": frames,
    }
