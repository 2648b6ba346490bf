"""Whether the object of a file is what does not go with the rest: frames make another one with probe and positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from conformance.files.diagnose.confirmation import nearest_to_the_middle
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.reconstruction import canvases, scaled_probe
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import Word

NAME = "object"
_FRAMES, _FEWEST, _BORDER, _WORSE = 36, 16, 2, 2.0
_SOUND, _SOUND_ALONE = 3.0, 0.02
"""Misfit over the floor, and misfit, up to which frames are explained."""

FINER: Mapping[str, float] = {
    "on pixels twice as large": 0.5,
    "on pixels half as large": 2.0,
    "on pixels three times as large": 1 / 3,
    "on pixels a third as large": 3.0,
    "on pixels four times as large": 0.25,
    "on pixels a quarter as large": 4.0,
    "on pixels 1.5 times as large": 2 / 3,
    "on pixels two thirds as large": 1.5,
}
"""How an object may be sampled otherwise than probe and positions, and the factor on its sides that mends it."""

_INSIDE, _MOST_PIXELS = 0.9, 1 << 24


def resampled(state: Forward) -> Iterator[tuple[str, NDArray[np.complex64]]]:
    """Objects on other pixels, on which most of the patches lie.

    Parameters
    ----------
    state : Forward
    """
    for said, factor in FINER.items():
        if state.object.size * factor**2 > _MOST_PIXELS:
            continue
        made = zoom(state.object, factor, order=1, grid_mode=True, mode="nearest").astype(np.complex64)
        if min(made.shape) >= state.N and state.changed(None, made).inside(state.s).mean() > _INSIDE:
            yield said, made


def of_the_object(faults: Sequence[Fault], sample: Sample, floor: float, mended: float) -> list[Fault]:
    """The faults; that the object does not belong here, in place of that nothing explains the frames by it.

    Frames that overlap agree on an object only where probe and positions are theirs; at positions in another order they
    must not.

    Parameters
    ----------
    faults : sequence of Fault
        By probe and object of the file.
    sample : Sample
        Positions in object pixels.
    floor : float
        Misfit that counting noise leaves.
    mended : float
        Misfit of the frames by the object of the file, as far as it could be mended.
    """
    none = next((one for one in faults if one.name == "none"), None)
    if none is None or sample.probe is None or len(sample.probe) > 1 or len(sample) < _FEWEST:
        return list(faults)
    few = sample.part(np.sort(nearest_to_the_middle(sample.s, _FRAMES)))
    orders = np.stack([few.s, np.roll(few.s, len(few) // 2, axis=0)])
    used = np.ones(orders.shape[:2], bool)
    left, other = canvases(few, scaled_probe(sample.probe, few.intensity), orders, used, _BORDER).misfit.mean(axis=1)
    if left > max(_SOUND * floor, _SOUND_ALONE) or min(other, mended) < _WORSE * left:
        return list(faults)
    said = (
        f"{none.sentence.split(': misfit')[0]}, but frames, positions and probe make an object of their own that "
        f"explains them (misfit {left:.3f} in a short reconstruction): the object of the file is of another sample or "
        "place"
    )
    remedy = "take the object that was reconstructed from these frames, or leave it out"
    return [Fault(NAME, Word.LIKELY, said, remedy) if one is none else one for one in faults]
