"""What a file says of pixels that were not measured (FIL-024)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import MASK
from conformance.files.finding import Finding, Severity
from conformance.files.fix import Fix, Grade
from conformance.files.formats.description import Part
from conformance.files.formats.values import Stored
from conformance.files.polarity import flat, meaning, shown_by
from conformance.files.survey import Survey

_FEWEST, _MOST_DARK, _OF_MASK, _MOST = 8, 0.3, 0.5, 0.9
_TURNS: dict[str, Callable[[NDArray[np.bool_]], NDArray[np.bool_]]] = {
    "transposed": np.transpose,
    "with its rows mirrored": np.flipud,
    "with its columns mirrored": np.fliplr,
    "turned by 180 degrees": lambda bad: bad[::-1, ::-1],
    "turned by 90 degrees": np.rot90,
    "turned by -90 degrees": lambda bad: np.rot90(bad, -1),
    "transposed and turned by 180 degrees": lambda bad: bad.T[::-1, ::-1],
    "shifted by half its side, as fftshift does": np.fft.fftshift,
    "shifted by half its rows": lambda bad: np.fft.fftshift(bad, axes=0),
    "shifted by half its columns": lambda bad: np.fft.fftshift(bad, axes=1),
}
ADOPTING = "--mask-ones"
_READ = f"{MASK} is the name that is read"


def about_mask(mask: Stored, survey: Survey) -> Iterator[Finding]:
    """Say what is wrong with a mask that fits, or how many pixels it leaves out.

    Parameters
    ----------
    mask : Stored
    survey : Survey
        What the frames show.
    """
    if mask.needs_unpickling or mask.shape != survey.sides or mask.dtype.kind != "b":
        # A mask that does not fit is refused elsewhere (NPZ-047).
        return
    bad = mask.array()
    light = np.where(bad & ~survey.steady, survey.sums, 0.0).sum() / max(1e-300, float(survey.sums.sum()))
    if bad.mean() > 0.5 or light > 0.5:
        share = f"{bad.mean():.0%} of the pixels are masked, which hold {light:.0%} of the light"
        problem = f"{share}: is True meant for good ones?"
        yield Finding("FIL-024", Severity.WARNING, MASK, problem)
        return
    lit = int((bad & (survey.largest != 0)).sum())
    rest = (
        f"; {lit} of them do not hold 0, and a reader that does not know the mask takes that for light" if lit else ""
    )
    turned = _turned(bad, survey)
    severity = Severity.WARNING if lit or turned else Severity.NOTE
    yield Finding("FIL-024", severity, MASK, f"{int(bad.sum())} of {bad.size} pixels are masked{rest}{turned}")


def _turned(bad: NDArray[np.bool_], survey: Survey) -> str:
    """Say that a mask fits the pixels that hold one value once it is turned or shifted; empty where it does not."""
    dead = survey.steady
    number = int(bad.sum())
    # Where most pixels are dark every mask fits somewhere.
    if number < _FEWEST or dead.mean() > _MOST_DARK or bad.shape[0] != bad.shape[1]:
        return ""
    if int((bad & dead).sum()) > _OF_MASK * number:
        return ""
    for word, one in _TURNS.items():
        if int((one(bad) & dead).sum()) > _MOST * number:
            return f"; {word}, it would lie on pixels that hold one value in all frames: treat it as the frames were"
    return ""


def about_named_mask(mask: Part, survey: Survey, dtype: np.dtype[Any]) -> Iterator[Finding]:
    """Say what a mask under another name marks, as far as its name or the frames tell what its numbers mean.

    Parameters
    ----------
    mask : Part
        (N, N) or (M, N, N), as it is stored.
    survey : Survey
        What the frames show.
    dtype : numpy.dtype
        Data type of the frames.
    """
    marked = flat(mask.values.array())
    bad, why = meaning(mask.quantity, marked, shown_by(marked, _dead(survey, dtype), survey.sums / max(1, survey.M)))
    what = f"{mask.source} {mask.values.shape} is a mask by its name"
    fix = adopting(mask.source, None if bad is None else "bad" if bad else "good")
    if bad is None:
        yield Finding("FIL-024", Severity.WARNING, MASK, f"{what}: {why}; {_READ}", fix=fix)
        return
    number = int((marked == bad).sum())
    severity = Severity.WARNING if number else Severity.NOTE
    said = f"{number} of {marked.size} pixels are bad, its {'ones' if bad else 'zeros'} ({why})"
    yield Finding("FIL-024", severity, MASK, f"{what}: {said}; {_READ}", fix=fix if number else None)


def adopting(name: str, ones: str | None) -> Fix:
    """Return the fix that makes a mask of some name the one that is read; ``ones`` says what its ones mean."""
    after = {"name": MASK} if ones is None else {"name": MASK, "ones": ones}
    return Fix(
        "adopt-mask",
        Grade.DECLARED,
        MASK,
        "FIL-024",
        {"name": name},
        after,
        ADOPTING,
        {"from": name, "ones": ones or ""},
    )


def _dead(survey: Survey, dtype: np.dtype[Any]) -> NDArray[np.bool_]:
    """Pixels that hold no light in any frame: one value throughout, a marker, or no number."""
    top = float(np.iinfo(dtype).max) if dtype.kind in "iu" else np.inf
    lost = survey.always("non-finite") | survey.always("negative") | (survey.least >= top)
    return np.asarray(survey.steady | lost)
