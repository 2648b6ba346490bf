"""A probe of another plane, or whose modes have other shares of the light: what it is once that is mended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from conformance.files.diagnose.fitting import few_of
from conformance.files.diagnose.forward import Forward

REFOCUSED, SHARED = "probe of the plane of the sample", "probe with other shares of its modes"
"""Names of the repairs."""

_FIRST, _LAST, _STEPS, _BETTER, _LEAST = 0.3, 40.0, 14, 0.7, 0.15
"""Radians at the usual angle of the beam that are tried, how many of either sign, part of the misfit that is left, and
the part of a step down to which the best is sought."""

_SHARE = 0.03
"""Part of the light by which the share of a mode is another one."""


def refocused(state: Forward) -> tuple[str, NDArray[np.complex64]] | None:
    """What moved a probe to where it explains the frames, and the probe there; None where no plane does far better.

    Parameters
    ----------
    state : Forward
    """
    few = state.part(few_of(state))
    N = state.N
    waves = np.fft.fft2(state.probe.astype(np.complex128))
    q = np.fft.fftfreq(N)
    squared = np.add.outer(q**2, q**2)
    light = (np.abs(waves) ** 2).sum(axis=0)
    usual = float((light * squared).sum() / max(float(light.sum()), 1e-300))
    if not usual > 0:
        return None

    def at(phase: float) -> NDArray[np.complex64]:
        return np.asarray(np.fft.ifft2(waves * np.exp(1j * phase * squared / usual)), np.complex64)

    def left(phase: float) -> float:
        return float(few.changed(at(phase), None).missed(few.s).mean())

    steps = np.geomspace(_FIRST, _LAST, _STEPS)
    tried = {phase: left(phase) for phase in (*-steps, 0.0, *steps)}
    best, width = min(tried, key=lambda one: tried[one]), 0.4
    while width > _LEAST / _STEPS and best:
        for phase in (best * (1 - width), best * (1 + width)):
            tried[phase] = left(phase)
        best, width = min(tried, key=lambda one: tried[one]), width / 2
    if tried[best] > _BETTER * tried[0.0]:
        return None
    what = (
        f"the probe is that of another plane (defocus), distance times wavelength {abs(best) / usual / np.pi:.3g} "
        "squares of an object pixel from that of the sample: propagate it there, or take the one that was "
        "reconstructed with this object"
    )
    return what, at(best)


def shared_out(state: Forward) -> tuple[str, NDArray[np.complex64]] | None:
    """What gives the modes of a probe other powers, and the probe with them; None where theirs are the best.

    Parameters
    ----------
    state : Forward
    """
    if len(state.probe) < 2:
        return None
    few = state.part(few_of(state))
    lit = few.good.ravel()
    made = [few.changed(mode[np.newaxis], None).simulated(few.s) for mode in state.probe]
    terms = np.stack([np.square(one, dtype=np.float64).reshape(len(few.s), -1)[:, lit].ravel() for one in made])
    measured = np.square(few.amplitude, dtype=np.float64).reshape(len(few.s), -1)[:, lit].ravel()
    weight = 1 / np.sqrt(measured + max(float(measured.mean()), 1e-300))
    factors, _ = nnls((terms * weight).T, measured * weight)
    light = terms.sum(axis=1)
    if not factors.any() or not light.all():
        return None
    was, now = light / light.sum(), factors * light / (factors * light).sum()
    if np.abs(was - now).max() < _SHARE:
        return None
    said = [", ".join(f"{one:.0%}" for one in shares) for shares in (now, was)]
    what = f"give the modes of the probe {said[0]} of the light, where they have {said[1]}: their powers were lost"
    return what, np.asarray(state.probe * np.sqrt(factors / factors.max())[:, np.newaxis, np.newaxis], np.complex64)
