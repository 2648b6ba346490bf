"""Light of further modes of the beam, which a probe of fewer modes cannot make: partial coherence, or lost modes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftshift, ifft2, ifftshift

from conformance.files.diagnose.forward import Misfit, misfit_of
from conformance.files.diagnose.residual import Floats, Reason, Residual

_LARGEST, _FEWEST, _MOST_PIXELS = 128, 16, 32 * 64**2
"""Side of the frames up to which modes are sought, frames, and pixels of those that are looked at."""

_FURTHER, _ROUNDS, _SEED_LIGHT, _LIT = 2, 40, 0.1, 1e-3
"""Modes that are added, rounds of fitting, their light at first, and light of the object that tells little."""

_LEAD, _PART, _SHARE, _OF_THE_OWN = 4.0, 0.18, 0.03, 0.7
"""Student's t over the stored modes, refined; part of what these leave; light of the further modes; and the part of the
stored modes that must be among those that are found."""

_OVER_FLOOR = 2.0
"""Misfit over the floor of frames that modes were not fitted to, from which they are not the reason: what else is
wrong, as a background, modes take up in part."""

Modes = NDArray[np.complex64]


def lacking_modes(found: Residual) -> Reason | None:
    """Further modes that explain frames they were not fitted to, where the stored ones do not, however refined.

    Parameters
    ----------
    found : Residual
    """
    forward = found.forward
    if forward.N > _LARGEST or len(forward.s) < _FEWEST:
        return None
    most = max(_FEWEST, _MOST_PIXELS // forward.N**2)
    some = np.unique(np.linspace(0, len(forward.s) - 1, min(most, len(forward.s))).astype(np.int64))
    patches, measured = forward.patches(forward.s[some]), found.measured[some]
    fitted, asked = slice(0, None, 2), slice(1, None, 2)
    stored: Modes = forward.probe * np.float32(found.before.scale)
    both = [
        _refined(start, patches[fitted], measured[fitted], forward.good) for start in (stored, _with_further(stored))
    ]
    own, more = (_misfit(modes, patches[asked], measured[asked], forward.good) for modes in both)
    power = (np.abs(both[1]) ** 2).sum(axis=(1, 2))
    share = float(1 - np.sort(power)[::-1][: len(stored)].sum() / power.sum())
    told = more.over_floor < min(_OVER_FLOOR, own.over_floor)
    excess = own.mean - own.floor
    if not told or share < _SHARE or more.leads(own) < _LEAD or more.mean - more.floor > _PART * excess:
        return None
    if _held(stored, both[1]) < _OF_THE_OWN:
        return None
    made = _intensity(both[1], forward.patches(forward.s)) * forward.good
    if not found.better(made):
        return None
    said = (
        f"about {share:.0%} of the light is of further modes of the beam: with {_FURTHER} more than the "
        f"{len(stored)} of the file, frames that they were not fitted to are explained (misfit {more.mean:.4f}), with "
        f"those of the file alone, refined, they are not ({own.mean:.4f}): modes of the probe were left out, or the "
        "beam is partly coherent or trembles; store all modes"
    )
    return said, made


def _with_further(stored: Modes) -> Modes:
    """The stored modes and further ones (P + 2, N, N) to begin with: the first along either axis, apart from all."""
    axis = np.arange(stored.shape[-1]) - stored.shape[-1] // 2
    modes = list(stored.astype(np.complex128))
    for ramp in (axis[np.newaxis, :], axis[:, np.newaxis]):
        one = stored[0] * ramp
        for other in modes:
            one = one - other * (np.vdot(other, one) / max(float((np.abs(other) ** 2).sum()), 1e-300))
        light = _SEED_LIGHT * (np.abs(stored) ** 2).sum() / max(float((np.abs(one) ** 2).sum()), 1e-300)
        modes.append(one * np.sqrt(light))
    return np.asarray(modes, np.complex64)


def _refined(modes: Modes, patches: Modes, measured: Floats, good: NDArray[np.bool_]) -> Modes:
    """Modes (P, N, N) that come nearer to intensities (m, N, N) of known patches of the object, by error reduction."""
    held = ifftshift(np.sqrt(np.maximum(measured, 0)).astype(np.float32), axes=(1, 2)) * patches.shape[-1]
    known = ifftshift(good)
    light = (np.abs(patches) ** 2).sum(axis=0)
    light = np.maximum(light, _LIT * light.max())
    for _ in range(_ROUNDS):
        waves = fft2(patches[:, np.newaxis] * modes)
        made = np.sqrt((np.abs(waves) ** 2).sum(axis=1))
        factor = np.where(known, held / np.maximum(made, 1e-12), 1)
        back = ifft2(waves * factor[:, np.newaxis].astype(np.float32))
        modes = np.asarray((patches.conj()[:, np.newaxis] * back).sum(axis=0) / light, np.complex64)
    return modes


def _intensity(modes: Modes, patches: Modes) -> Floats:
    """Intensities (m, N, N), zero frequency at N/2."""
    power = np.sum([np.abs(fft2(patches * mode)) ** 2 for mode in modes], axis=0)
    return np.asarray(fftshift(power, axes=(1, 2)) / modes.shape[-1] ** 2, np.float64)


def _misfit(modes: Modes, patches: Modes, measured: Floats, good: NDArray[np.bool_]) -> Misfit:
    return misfit_of(np.sqrt(_intensity(modes, patches)) * good, np.sqrt(np.maximum(measured, 0)))


def _held(stored: Modes, modes: Modes) -> float:
    """Part of the light of the stored modes that lies in the span of others."""
    basis = np.linalg.qr(modes.reshape(len(modes), -1).T)[0]
    own = stored.reshape(len(stored), -1)
    inside = own.conj() @ basis
    return float((np.abs(inside) ** 2).sum() / max(float((np.abs(own) ** 2).sum()), 1e-300))
