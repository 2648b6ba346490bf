"""What of a beam may differ from the probe of a file: its width, and light of other energies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from conformance.files.diagnose.forward import misfit_of
from conformance.files.diagnose.residual import Floats, Reason, Residual

_WIDTHS = (0.7, 0.8, 0.87, 0.93, 1.07, 1.15, 1.25, 1.4)
_ORDERS, _HARMONIC = (2, 3), 0.005


def of_another_width(found: Residual) -> Reason | None:
    """A probe that is sampled otherwise than object and frames.

    Parameters
    ----------
    found : Residual
    """
    tried = [(width, _made(found, width)) for width in _WIDTHS]
    best = min(tried, key=lambda one: found.after(one[1]).mean)[0]
    tried += [(width, _made(found, width)) for width in (best - 0.03, best + 0.03)]
    width, made = min(tried, key=lambda one: found.after(one[1]).mean)
    if not found.better(made):
        return None
    said = (
        f"the frames are explained once the probe is made {width:.2f} times as wide: it is stored on pixels of another "
        "size than those of object and frames"
    )
    return said, made


def with_harmonics(found: Residual) -> Reason | None:
    """Light of a multiple of the energy, whose pattern is as many times smaller.

    Parameters
    ----------
    found : Residual
    """
    told: list[Reason] = []
    for order in _ORDERS:
        small = _zoomed(found.made.mean(axis=0), 1 / order) * found.forward.good
        left = (found.measured - found.made).mean(axis=0)
        # What has gone into the harmonic is missing in the rest.
        terms = np.stack([small.ravel(), found.made.mean(axis=0).ravel()])
        weight = 1 / np.sqrt(terms[1] + terms[1].mean())
        parts = np.linalg.lstsq((terms * weight).T, left.ravel() * weight, rcond=None)[0]
        made = np.maximum(found.made * (1 + parts[1]) + parts[0] * small, 0)
        share = found.share(parts[0] * small)
        if share > _HARMONIC and found.better(made):
            said = (
                f"{share:.0%} of the light makes a pattern {order} times smaller than the rest: harmonic {order} of "
                "the beam, which mirrors or a detuned monochromator take out"
            )
            told.append((said, made))
    return found.best(told)


def _made(found: Residual, width: float) -> Floats:
    """Intensities with a probe that is so many times as wide."""
    forward = found.forward
    modes = np.stack([_zoomed(one, width) for one in forward.probe]).astype(np.complex64)
    made = forward.changed(modes, None).simulated(forward.s) * forward.good
    scale = misfit_of(made, forward.amplitude * forward.good).scale
    return np.square(made, dtype=np.float64) * scale**2


def _zoomed(image: NDArray[np.inexact], by: float) -> Any:
    """An image (N, N) so many times as large about its middle."""
    middle = image.shape[0] // 2
    return affine_transform(image, np.eye(2) / by, middle - middle / by, order=1)
