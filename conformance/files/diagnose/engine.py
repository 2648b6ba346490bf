"""The diagnosis of a scan: its turn, its unit, its zero frequency, its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose import matched
from conformance.files.diagnose.asked import root, scaled_positions, turned_positions
from conformance.files.diagnose.broken import beside_broken, broken_numbers
from conformance.files.diagnose.disagreement import Known, asked, unknown
from conformance.files.diagnose.explained import faults_of, forward_of, mending_of, sound
from conformance.files.diagnose.far_field import Field, field_of
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.halves import NAME as INTERLEAVED
from conformance.files.diagnose.halves import belonging
from conformance.files.diagnose.leaning import LEANING, leaning
from conformance.files.diagnose.motions import MOTION
from conformance.files.diagnose.near_field import shear_of
from conformance.files.diagnose.of_object import of_the_object
from conformance.files.diagnose.off_centre import off_centre
from conformance.files.diagnose.order import PAIRINGS
from conformance.files.diagnose.orientation import Orientation, oriented, prior, trusted
from conformance.files.diagnose.pieces import ends_apart, pieces
from conformance.files.diagnose.quantity import Quantity, intensity_of, noise_unit
from conformance.files.diagnose.quantity_in import quantity_in
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.reasons import beside_reasons
from conformance.files.diagnose.rematched import SHUFFLED, SLIPPED
from conformance.files.diagnose.reordered import reordered
from conformance.files.diagnose.rivals import rivals
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.scale import scale_guess
from conformance.files.diagnose.signs import counted_on, evened, left_out, repeated, sliding
from conformance.files.diagnose.turns import EIGHT, Turn
from conformance.files.diagnose.units import Scale, unit
from conformance.files.diagnose.verdict import QUARTER, Verdict, Word, unshown
from conformance.files.diagnose.weighing import weighed
from conformance.files.diagnose.zero import zero_frequency
from conformance.files.fix import Fix
from conformance.files.neighbours import typical_step

FEWEST = 8
"""Frames below which nothing is said."""

_UNASKED = unknown("nothing was asked")
_BREAKS = frozenset({"repeated", "dark", "unlike", "none", "wandering"})
"""Faults that no other positions mend."""

_ELSEWHERE = PAIRINGS | {MOTION, "oblique", "lines", "wandering", INTERLEAVED}
"""Faults beside which a turn that estimators agree on may be that of other positions."""

_NO_TURN = frozenset({MOTION, LEANING, "oblique", "lag"})
"""Faults that lean the scan: to who asks for turns alone, they look like one by an angle that is no quarter."""

_OF_TWO_SCANS = _ELSEWHERE | {"scale", "none", "unlike", "left-over"}
"""What frames of two scans that are interleaved look like."""

_BY_THE_OBJECT = 0.01
"""Part of one within which probe and object of a file tell the scale of its positions."""

_UNIT = 8.0
"""Factor on the positions from which they may be of another unit."""

_SMALLEST_STEP, _LARGEST_STEP = 0.05, 1.0
"""Median step of a scan in object pixels, and in sides of a frame, outside which positions are in another unit."""


@dataclass(frozen=True)
class Diagnosis:
    """Which convention a scan is in.

    Attributes
    ----------
    orientation : Verdict
        The turn that makes the positions canonical.
    readings : tuple of Reading
        What each estimator says by itself.
    faults : tuple of Fault
        What else is not as the contract has it, surest first.
    quantity : Quantity
        What the stored values are.
    frames : int
        How many were looked at.
    turned : tuple of Fix
        What would turn the positions as the orientation asks; empty where it asks for nothing.
    known : Known
        How closely the places of the frames are known.
    """

    orientation: Verdict
    readings: tuple[Reading, ...]
    faults: tuple[Fault, ...]
    quantity: Quantity
    frames: int
    turned: tuple[Fix, ...] = ()
    known: Known = _UNASKED

    @property
    def stored(self) -> bool:
        """Whether the turn that was found leaves the scan as it is, or may do so."""
        return self.orientation.quarter == EIGHT[0]

    @property
    def wrong(self) -> bool:
        """Whether it is certainly, or likely, not as the contract has it."""
        return any(one.sure for one in self.faults) or (self.orientation.turn is not None and not self.stored)

    @property
    def upright(self) -> bool:
        """Whether the positions surely go with the frames as stored, and nothing speaks against them."""
        return self.orientation.word is Word.CERTAIN and self.stored and not self.faults

    @property
    def canonical(self) -> bool:
        """Whether the scan is surely as the contract has it: upright, and its places measured."""
        return self.upright and self.known.closely


def scan_of(arrays: Mapping[str, NDArray[Any]]) -> Scan:
    """What is to be diagnosed of arrays under the contract's names."""
    positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1).astype(np.float64)
    return Scan(arrays["diff3d"], positions, arrays.get("probeGuess"), arrays.get("objectGuess"))


def diagnose(scan: Scan, rng: np.random.Generator, declared: str = "amplitude") -> Diagnosis:
    """Say which convention a scan is in; memory does not grow with the number of frames.

    Parameters
    ----------
    scan : Scan
    rng : numpy.random.Generator
        Draws windows of a large scan, pairs, frequencies, and the nulls.
    declared : str
        What the frames are said to be, ``amplitude`` or ``counts``: believed where the values do not show it.
    """
    M = len(scan.positions)
    if M < FEWEST:
        return _too_few(M)
    scan, ran_over = counted_on(scan)
    quantity = quantity_in(scan)
    meant = quantity.intensity if quantity.name != "unknown" else intensity_of(declared)
    sample, uneven = evened(take(scan, meant, rng))
    if len(sample) < FEWEST:
        return _too_few(len(sample))
    factor, unlike = _scale(sample, rng)
    faults = [*ran_over, *_values(quantity, declared), *uneven, *left_out(sample), *repeated(sample), *unlike]
    found = oriented(sample, rng, factor)
    readings = found.readings
    # A scan of another kind has none of the faults that probe and object show.
    field, other = _kind(sample, found, factor, rng)
    faults, another = [*faults, *other], any(one.sure for one in other)
    faults += [] if another else pieces(sample, field.shown or trusted(found.zero))
    askew, doubted = _otherwise_placed(scan, sample, found, factor, rng) if not another else ([], False)
    faults, explained = [*faults, *askew], False
    if not another:
        reading, shown = _shown(scan, sample, found, factor, quantity, rng)
        shown = _of_another_unit(shown, sample, found, rng)
        readings += reading
        explained = any(one.decided for one in reading)
        # Probe and object explain the far field alone; frames that stand beside another position are what is repeated.
        paired = any(one.name in {*PAIRINGS, SHUFFLED, SLIPPED} for one in shown)
        faults = [one for one in faults if not ((explained and one in other) or (paired and one.name == "repeated"))]
        if explained or (scan.object is not None and any(one.sure for one in shown)):
            faults = [one for one in faults if one not in askew]
        faults = _one_unit(faults, shown)
    faults = _beside_holograms(_beside_breaks(faults, askew), other)
    verdict = weighed(readings, faults)
    if not field.shown and not explained:
        certain = any(one.word is Word.CERTAIN for one in other)
        verdict = replace(verdict, twin_open=verdict.turn is not None) if certain else unshown(verdict, field.why)
    if (askew or doubted) and not explained:
        verdict = _beside_rivals(verdict, doubted)
    in_pixels = sample.moved(sample.s * factor)
    known = Known(_BY_THE_OBJECT, "") if explained else unknown("other faults come first")
    if not explained and not faults:
        known, faults = asked(in_pixels, found, verdict, rng)
    if not explained and not another:
        verdict, faults = reordered(scan, in_pixels, found, verdict, faults, rng)
        faults = [*faults, *leaning(in_pixels, scan.positions[:, ::-1] * factor, found, verdict)]
        verdict, known, faults = _elsewhere(verdict, known, faults, belonging(in_pixels, found, verdict, rng))
    verdict, faults = beside_broken(verdict, faults, broken_numbers(scan))
    turned = turned_positions(scan.positions[:, ::-1], verdict.asked) if verdict.asked is not None else ()
    readings += () if another else prior(in_pixels, found.zero, verdict)
    return Diagnosis(verdict, readings, tuple(faults), quantity, len(sample), turned, known)


def _one_unit(faults: Sequence[Fault], shown: Sequence[Fault]) -> list[Fault]:
    """All faults; a scale that probe and object ask for after a unit is the rest of that unit, and no other fault."""
    unit = next((one for one in faults if one.name == "unit" and one.sure), None)
    rest = next((one for one in shown if one.name == "scale" and one.sure), None)
    if unit is None or rest is None:
        return [*faults, *shown]
    whole = replace(
        unit,
        remedy=f"{unit.remedy}, then {rest.remedy}",
        figures=unit.figures | rest.figures,
        fixes=unit.fixes + rest.fixes,
    )
    return [whole if one is unit else one for one in faults] + [one for one in shown if one is not rest]


def _of_another_unit(
    shown: Sequence[Fault], sample: Sample, found: Orientation, rng: np.random.Generator
) -> list[Fault]:
    """The faults; that no repair fits is not said where only those tell the turn who do not ask for the unit.

    Parameters
    ----------
    shown : sequence of Fault
        By probe and object.
    sample : Sample
    found : Orientation
    rng : numpy.random.Generator
        Draws pairs.
    """
    overlap = any(one.decided and one.estimator == matched.NAME for one in found.readings)
    if overlap or found.verdict.turn is None or not any(one.name == "none" for one in shown):
        return list(shown)
    guess = scale_guess(sample, rng)
    if 1 / _UNIT < guess < _UNIT:
        return list(shown)
    said = "perhaps the positions are of another unit: no repair fits in this one, and frames do not tell which it is"
    unit = Fault("unit", Word.CANNOT_TELL, said, "divide the positions by the size of an object pixel")
    return [unit if one.name == "none" else one for one in shown]


def _otherwise_placed(
    scan: Scan, sample: Sample, found: Orientation, factor: float, rng: np.random.Generator
) -> tuple[list[Fault], bool]:
    """What other positions explain better than turned ones, and whether the turn is in doubt for it."""
    if not np.isfinite(factor):
        return [], False
    return rivals(sample.moved(sample.s * factor), scan.positions[:, ::-1] * factor, found, rng)


def _beside_holograms(faults: Sequence[Fault], other: Sequence[Fault]) -> list[Fault]:
    """The faults, that of the probe not to be told where frames may be holograms, which are no far field of one."""
    return [replace(one, word=Word.CANNOT_TELL) if other and one.name == "probe" else one for one in faults]


def _beside_breaks(faults: Sequence[Fault], askew: Sequence[Fault]) -> list[Fault]:
    """The faults, other positions only thinkable where the scan is broken in a way that they leave unexplained."""
    if not any(one.sure and one.name in _BREAKS for one in faults):
        return list(faults)
    return [replace(one, word=Word.CANNOT_TELL) if one in askew else one for one in faults]


def _beside_rivals(verdict: Verdict, doubted: bool) -> Verdict:
    """A verdict where other positions than turned ones may be the right ones."""
    if doubted and verdict.turn is not None:
        why = f"{verdict.reason}, but what looks like a turn may be something else"
        return Verdict(Word.CANNOT_TELL, None, float("nan"), False, why)
    if verdict.turn is not None and abs(verdict.turn.off_quarter) > QUARTER and verdict.word is Word.CERTAIN:
        return replace(verdict, word=Word.LIKELY, reason=f"{verdict.reason}, but other positions may fit as well")
    return verdict


def _elsewhere(
    verdict: Verdict, known: Known, faults: list[Fault], told: tuple[Sequence[Fault], str]
) -> tuple[Verdict, Known, list[Fault]]:
    """What is said where frames may belong to other positions: a turn is likely at most.

    Parameters
    ----------
    verdict : Verdict
    known : Known
    faults : list of Fault
    told : tuple of (sequence of Fault, str)
        That two scans are interleaved, which explains many others; why a turn is likely at most.
    """
    mixed, doubt = told
    if mixed:
        faults = [*mixed, *(one for one in faults if one.name not in _OF_TWO_SCANS)]
        known = unknown("other faults come first")
    if any(one.name in _ELSEWHERE for one in faults):
        doubt = "frames may belong to other positions"
    if verdict.general and any(one.name in _NO_TURN for one in faults):
        why = f"{verdict.reason}, but what looks like a turn by an angle may be axes, or a pace, that lean so"
        verdict = Verdict(Word.CANNOT_TELL, None, float("nan"), False, why)
    if verdict.word is Word.CERTAIN and doubt:
        verdict = replace(verdict, word=Word.LIKELY, reason=f"{verdict.reason}, but {doubt}")
    return verdict, known, faults


def _shown(
    scan: Scan, sample: Sample, found: Orientation, factor: float, quantity: Quantity, rng: np.random.Generator
) -> tuple[tuple[Reading, ...], list[Fault]]:
    """What probe and object of the file say of it, or the probe alone."""
    if scan.object is None or sample.probe is None or not np.isfinite(factor):
        return (), off_centre(sample, found, factor, rng)
    s_all = scan.positions[:, ::-1] * factor
    zero = found.zero.shift if found.zero is not None and trusted(found.zero) else None
    unit = quantity.unit if quantity.counted else noise_unit(sample.intensity)
    done, reading = mending_of(forward_of(sample, scan.object, factor, unit), s_all, _worth_a_try(found), zero)
    faults = beside_reasons(faults_of(done, s_all, quantity.counted), done, s_all)
    faults = of_the_object(faults, sample.moved(sample.s * factor), done.stored.floor, done.mended.mean)
    # The mean frame and the probe alone are a weaker witness than all frames.
    return (reading,), faults + ([] if sound(done) else off_centre(sample, found, factor, rng))


def _kind(sample: Sample, found: Orientation, factor: float, rng: np.random.Generator) -> tuple[Field, list[Fault]]:
    """Whether the frames are shown to be of the far field, and what makes them a scan of another kind."""
    shear = shear_of(sample, found.readings, rng)
    field = field_of(sample.moved(sample.s * (factor if np.isfinite(factor) else 1.0)), found, shear, rng)
    kinds = sliding(sample) or list(field.faults)
    if ends_apart(sample)[0]:
        # What jumps with the crop moves as a shadow does.
        kinds = [one if one.word is Word.CERTAIN else replace(one, word=Word.CANNOT_TELL) for one in kinds]
    return field, kinds


def _worth_a_try(found: Orientation) -> list[Turn]:
    """The turn that was found; where none was, the eight, and what each estimator takes for the best."""
    turn = found.verdict.turn
    if turn is not None:
        return [turn if found.verdict.general else turn.quarter]
    return [*EIGHT, *(one.turn for one in found.readings if one.turn is not None)]


def _too_few(frames: int) -> Diagnosis:
    why = f"{frames} frames with light are too few"
    verdict = Verdict(Word.CANNOT_TELL, None, float("nan"), False, why)
    return Diagnosis(verdict, (), (), Quantity("unknown", why), frames)


def _values(quantity: Quantity, declared: str) -> list[Fault]:
    if quantity.name in ("unknown", declared) or (
        quantity.name in _PLURAL and declared == "counts" and not quantity.counted
    ):
        return []
    remedy = {
        "counts": "store square roots",
        "amplitude": "square them",
        "log": "take the logarithm back, then the root",
        "intensity": "take 0 for what lies below zero, then the root",
        "shares": "store square roots",
        "rounded": "write the square roots of all counts as they are, in single precision",
    }
    said = f"the frames hold {_PLURAL[quantity.name]}, not {_PLURAL.get(declared, declared)}: {quantity.evidence}"
    fixes = (root(),) if quantity.name in ("counts", "shares") else ()
    # Amplitudes that were interpolated undershoot, too.
    word = Word.CERTAIN if quantity.counted or fixes else Word.LIKELY
    return [Fault(quantity.name, word, said, remedy[quantity.name], {}, fixes)]


_PLURAL = {
    "counts": "counts",
    "amplitude": "amplitudes",
    "log": "logarithms of counts",
    "intensity": "intensities, from which a background was taken",
    "shares": "intensities",
    "rounded": "amplitudes that were rounded to whole numbers",
}


def _scale(sample: Sample, rng: np.random.Generator) -> tuple[float, list[Fault]]:
    """Object pixels in a unit of the positions, and what is wrong with the unit."""
    step = typical_step(sample.s)
    if _SMALLEST_STEP <= step <= _LARGEST_STEP * sample.N:
        return 1.0, []
    said = (
        f"neighbouring positions are {step:.3g} apart, which cannot be pixels of an object under frames of {sample.N}"
    )
    if step > sample.N:
        said = f"neighbouring positions are {step:.3g} apart, more than the {sample.N} pixels of a frame"
    found = Scale(float("nan"), float("nan"), 0.0, False)
    if sample.probe is not None:
        found = unit(sample, zero_frequency(sample.mean(), sample.probe, sample.good), None, rng)
    if not found.decided:
        remedy = "find in which unit they are, and divide them by the size of an object pixel in it"
        return float("nan"), [Fault("unit", Word.LIKELY, said, remedy)]
    size = 1 / found.factor
    remedy = f"divide the positions by the size of an object pixel, about {size:.2g} of their unit"
    figures = {"factor": found.factor, "lead": found.lead}
    return found.factor, [Fault("unit", Word.CERTAIN, said, remedy, figures, (scaled_positions(found.factor),))]
