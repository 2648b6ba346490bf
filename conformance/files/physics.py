"""Whether a file explains itself: its own probe, object and positions against all of its frames (FIL-028)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.archive import DamagedArchive
from conformance.files.assembly import Stated
from conformance.files.diagnose.engine import FEWEST, Diagnosis, diagnose
from conformance.files.diagnose.explained import SOUND, SOUND_ALONE, sound
from conformance.files.diagnose.forward import Forward, misfit_of
from conformance.files.diagnose.lines import line_length
from conformance.files.diagnose.mending import mended
from conformance.files.diagnose.opened import parts_from, scan_in
from conformance.files.diagnose.quantity import intensity_of, quantity_of
from conformance.files.diagnose.quantity_in import quantity_in
from conformance.files.diagnose.reasons import reason_of
from conformance.files.diagnose.residual import motion, residual_of
from conformance.files.diagnose.sample import Sample, Scan, StoredFrames, blocks, take
from conformance.files.diagnose.sentences import sentences
from conformance.files.examine import ScanReport, in_order
from conformance.files.finding import Finding, Severity
from conformance.files.formats.table import format_of, sniff
from conformance.files.formats.values import Stored
from conformance.files.poisson import root_variance
from conformance.files.unfit import UnfitFile

_MOST_FRAMES = 20_000
_FOR_GAIN, _AT_ONCE = 64, 64
_DARK = 0.05
"""Power against the median below which a frame shows nothing."""

_ODD, _SPREADS, _FEWEST_MOVED = 3.0, 8.0, 4
"""Misfit of a frame, against that of the frames in the middle, and in spreads above it, from which it stands alone."""

_FIRST = frozenset({"FIL-005", "FIL-006", "FIL-007", "FIL-009", "FIL-010", "FIL-011", "FIL-017", "FIL-024", "FIL-026"})
"""Clauses whose faults keep probe and object from explaining frames, whatever else is wrong."""

_OF_ALL, _OF_ONE_RUN = 0.85, 0.8
_MOST_NAMED = 8
_NEEDED = {"diff3d": "frames", "xcoords": "positions", "probeGuess": "probe", "objectGuess": "object"}


@dataclass(frozen=True, eq=False)
class Explained:
    """How far the frames of a file lie from what its probe and object make at its positions.

    Attributes
    ----------
    index : (m,) int64
        Numbers of the frames in the scan; those without light are left out.
    left, noise, power : (m,) float64
        Squared misfit of the amplitudes, what counting noise alone leaves, and the power.
    counted : bool
        Whether the frames are known to be counts or their roots, so that the noise can be known.
    step : int
        One frame in so many was looked at.
    """

    index: NDArray[np.int64]
    left: NDArray[np.float64]
    noise: NDArray[np.float64]
    power: NDArray[np.float64]
    counted: bool
    step: int

    @property
    def misfit(self) -> float:
        """Share of the power of a typical frame that is not explained."""
        return float(np.median(self.left) / np.median(self.power))

    @property
    def over_floor(self) -> float:
        """How many times what counting noise leaves a typical frame leaves."""
        return float(np.median(self.left) / max(float(np.median(self.noise)), 1e-300))

    @property
    def sound(self) -> bool:
        """Whether a typical frame is explained, as frames of a reconstructed measured scan are."""
        return self.misfit < SOUND_ALONE or (self.counted and self.over_floor < SOUND)

    @property
    def odd(self) -> NDArray[np.int64]:
        """Frames, the worst first, that are explained far worse than the others of the scan."""
        share = self.left / np.median(self.power)
        middle = float(np.median(share))
        spread = 1.4826 * float(np.median(np.abs(share - middle)))
        allowed = SOUND_ALONE if not self.counted else SOUND * self.noise / np.median(self.power)
        odd = np.asarray((share > _ODD * middle) & (share > middle + _SPREADS * spread) & (share > allowed))
        return np.asarray(self.index[odd][np.argsort(-share[odd])])


def with_physics(report: ScanReport) -> ScanReport:
    """Add to what was found in a file whether it explains itself.

    Parameters
    ----------
    report : ScanReport
        Of :func:`conformance.files.examine.examine`.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    try:
        found = tuple(_findings(report))
    except (UnfitFile, DamagedArchive) as error:
        found = (_note(f"whether the file explains itself was not looked at: {error}"),)
    return replace(report, findings=in_order((*report.findings, *found)))


def _findings(report: ScanReport) -> Iterator[Finding]:
    form = format_of(sniff(report.path))
    if form is None:
        return
    with form.opened(report.path) as held:
        lacking = [word for name, word in _NEEDED.items() if name not in held.parts]
        if lacking:
            yield _note(f"whether the file explains itself cannot be told: it holds no {' and no '.join(lacking)}")
            return
        scan = scan_in({name: part.values for name, part in parts_from([held], Stated()).items()})
        shape = scan.frames.shape
        if scan.object is None or scan.probe is None or scan.probe.shape[-2:] != shape[1:] or shape[1] != shape[2]:
            told = "probe or object do not fit the frames, or are what a reconstruction starts from"
            yield _note(f"whether the file explains itself cannot be told: {told}")
            return
        rng = np.random.default_rng(0)
        found = explained(scan, rng)
        if found is None:
            yield _note("whether the file explains itself cannot be told: too few frames hold light")
            return
        loud = sorted({one.clause for one in report.findings if one.severity is not Severity.NOTE} & _FIRST)
        left = "" if loud else _left(scan, found, rng)
        if found.sound:
            yield from _told(found, scan, left)
        else:
            yield from _unexplained(found, left or _because(diagnose(scan, rng), loud))
        if found.sound and "Y" in held.parts:
            yield from _patches_told(scan, held.parts["Y"].values, found)


def _patches_told(scan: Scan, patches: Stored, found: Explained) -> Iterator[Finding]:
    """Say where stored patches do not belong to the frames of their number, which the object explains."""
    if patches.shape != scan.frames.shape or patches.fortran or scan.probe is None:
        return
    some = next(patches.blocks())[:_FOR_GAIN]
    index, stored = next(_frames(scan, 1))
    together = min(len(some), len(index))
    if together < 2 or index[together - 1] != together - 1:
        return
    meant = _meant(stored, found)
    amplitude = np.sqrt(np.maximum(meant(stored[:together].astype(np.float32)), 0))
    modes = np.reshape(scan.probe, (-1, *scan.frames.shape[1:])).astype(np.complex64)
    made = np.sqrt(sum(np.abs(np.fft.fft2(some[:together] * mode)) ** 2 for mode in modes)) / amplitude.shape[-1]
    told = misfit_of(np.fft.fftshift(made, axes=(1, 2)), amplitude)
    if told.mean > max(SOUND_ALONE, _ODD * found.misfit):
        problem = (
            f"the stored patches do not make the frames of their number: {told.mean:.1%} of the light is left over, "
            f"where patches of objectGuess leave {found.misfit:.2%}: in another order, or of another object?"
        )
        yield Finding("FIL-028", Severity.WARNING, "Y", problem)


def explained(scan: Scan, rng: np.random.Generator) -> Explained | None:
    """Compare frames with what probe and object make of them, in one pass; None where too few hold light.

    Parameters
    ----------
    scan : Scan
        With a probe, and an object of two axes.
    rng : numpy.random.Generator
        Draws where the frames lie from which the brightness is taken.
    """
    quantity = quantity_in(scan)
    meant = quantity.intensity
    sample = take(scan, meant, rng, _FOR_GAIN)
    if len(sample) < 2 or sample.probe is None or scan.object is None:
        return None
    model = _model(scan, sample)
    gain = misfit_of(model.simulated(model.s) * model.good, model.amplitude * model.good).gain
    step = -(-len(scan.positions) // _MOST_FRAMES)
    rows: list[tuple[NDArray[np.float64], ...]] = []
    for index, stored in _frames(scan, step):
        with np.errstate(invalid="ignore", over="ignore"):
            amplitude = np.sqrt(np.maximum(np.where(model.good, meant(stored.astype(np.float32)), 0), 0))
        made = gain * model.simulated(scan.positions[index, ::-1].astype(np.float64)) * model.good
        left = ((made - amplitude) ** 2).sum(axis=(1, 2), dtype=np.float64)
        noise = root_variance(np.square(made, dtype=np.float64) / quantity.unit).sum(axis=(1, 2)) * quantity.unit
        rows.append((index.astype(np.float64), left, noise, (amplitude**2).sum(axis=(1, 2), dtype=np.float64)))
    index, left, noise, power = (np.concatenate(one) for one in zip(*rows, strict=True))
    lit = np.isfinite(left) & np.isfinite(power) & (power > _DARK * np.median(power))
    if lit.sum() < 2:
        return None
    counted = quantity.counted
    return Explained(index[lit].astype(np.int64), left[lit], noise[lit], power[lit], counted, step)


def _meant(stored: NDArray[Any], found: Explained) -> Callable[[NDArray[Any]], NDArray[np.floating]]:
    """What makes intensities of stored values, of some frames of those that were compared."""
    quantity = quantity_of(stored)
    known = found.counted or quantity.name in ("intensity", "shares")
    return quantity.intensity if known else intensity_of("amplitude")


def _model(scan: Scan, sample: Sample) -> Forward:
    assert sample.probe is not None
    assert scan.object is not None
    amplitude = np.sqrt(np.maximum(sample.intensity, 0))
    obj = np.asarray(scan.object, np.complex64)
    return Forward(amplitude, sample.s, sample.probe, obj, sample.good, sample.index)


def _frames(scan: Scan, step: int) -> Iterator[tuple[NDArray[np.int64], NDArray[Any]]]:
    """Every so many frames of a scan, with their numbers, in one pass over the file."""
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(scan.positions).all(axis=1))
    held = scan.frames.held.blocks() if isinstance(scan.frames, StoredFrames) else iter([scan.frames[:]])
    start = 0
    for block in held:
        whole = np.asarray(block).reshape(-1, *scan.frames.shape[1:])
        index = np.arange(start, min(start + len(whole), len(finite)))
        index = index[(index % step == 0) & finite[index]]
        for first in range(0, len(index), _AT_ONCE):
            few = index[first : first + _AT_ONCE]
            yield few, whole[few - start]
        start += len(whole)


def _left(scan: Scan, found: Explained, rng: np.random.Generator) -> str:
    """What explains what is left over in frames that each are explained as well as the others; empty where nothing."""
    meant = _meant(next(_frames(scan, 1))[1], found)
    sample = take(scan, meant, rng, 2 * _FOR_GAIN)
    return reason_of(residual_of(_model(scan, sample), scan.positions[:, ::-1].astype(np.float64)))[0]


def _unexplained(found: Explained, because: str) -> Iterator[Finding]:
    problem = (
        f"probe, object and positions of this file do not explain its frames: {_left_over(found)}, where sound scans "
        f"leave less than {SOUND_ALONE:.0%}, or {SOUND:.0f} times that noise. {because[:1].upper()}{because[1:]}"
    )
    yield Finding("FIL-028", Severity.WARNING, "objectGuess", problem)


def _of_lines(found: Explained, scan: Scan) -> str:
    """Say that the frames that are not explained are those of every second line of the scan; empty where not."""
    length = line_length(scan.positions)
    if length is None:
        return ""
    odd = np.asarray(found.odd)
    for first in (0, 1):
        mine = found.index[(found.index // length) % 2 == first]
        held, whole = float(np.isin(odd, mine).mean()), float(np.isin(mine, odd).mean())
        if min(held, whole) > _OF_ALL:
            return (
                f"; they are those of every second line of {length}, from line {first} on: was each such line read the "
                "other way round, or its frames turned?"
            )
    return ""


def _told(found: Explained, scan: Scan, left: str) -> Iterator[Finding]:
    yield _note(f"probe, object and positions of this file explain its frames: {_left_over(found)}")
    odd = found.odd
    if left:
        yield Finding("FIL-028", Severity.WARNING, "diff3d", f"what is left over has a reason: {left}")
    elif len(odd):
        named = ", ".join(map(str, odd[:_MOST_NAMED])) + (", ..." if len(odd) > _MOST_NAMED else "")
        worst = float((found.left / np.median(found.power)).max())
        problem = (
            f"{len(odd)} of {len(found.index)} frames are not explained by probe, object and positions, as the others "
            f"are: up to {worst:.0%} of the light is left over, elsewhere {found.misfit:.2%}; the worst first: "
            f"{named}{_of_lines(found, scan) or _of_run(found, scan) or _moved(found, scan)}"
        )
        yield Finding("FIL-028", Severity.WARNING, "diff3d", problem)


def _moved(found: Explained, scan: Scan) -> str:
    """Say that the frames that are not explained stand aside, each by its own way; empty where they do not."""
    rows = np.sort(found.odd)[:_FOR_GAIN]
    if found.step > 1 or len(rows) < _FEWEST_MOVED:
        return ""
    told = motion(residual_of(_some(found, scan, rows), np.empty((0, 2))))
    return "" if told is None else f"; {told[0]}"


def _some(found: Explained, scan: Scan, rows: NDArray[np.int64]) -> Forward:
    """Some frames with the probe and the object of the file."""
    stored = np.concatenate(list(blocks(scan.frames, rows)))
    meant = _meant(stored, found)
    amplitude = np.sqrt(np.maximum(meant(stored.astype(np.float32)), 0)).astype(np.float32)
    probe = np.reshape(np.asarray(scan.probe, np.complex64), (-1, *amplitude.shape[1:]))
    good = np.ones(amplitude.shape[1:], bool)
    s = scan.positions[rows, ::-1].astype(np.float64)
    return Forward(amplitude, s, probe, np.asarray(scan.object, np.complex64), good, rows)


def _of_run(found: Explained, scan: Scan) -> str:
    """Say that the frames that are not explained are one run, and what explains it; empty where they are not."""
    odd = np.sort(found.odd)
    first, last = int(odd[0]), int(odd[-1])
    if found.step > 1 or len(odd) < FEWEST or len(odd) < _OF_ONE_RUN * (last - first + 1):
        return ""
    rows = np.unique(np.linspace(first, last, min(last - first + 1, _FOR_GAIN)).astype(np.int64))
    run, s_all = _some(found, scan, rows), scan.positions[:, ::-1].astype(np.float64)
    done = mended(run, s_all, (), None)
    mends = f", which are explained once this is done to them: {done.steps[0].repair.what}" if done.steps else ""
    return f"; they are one run, {first} to {last}{mends if sound(done) else ''}"


def _left_over(found: Explained) -> str:
    told = found.counted and np.median(found.noise) > np.finfo(np.float64).eps * np.median(found.power)
    times = f", {found.over_floor:.1f} times what counting noise leaves" if told else ""
    looked = "" if found.step == 1 else f" (one frame in {found.step} was looked at)"
    return f"{found.misfit:.2%} of the light of a typical frame is left over{times}{looked}"


def _because(diagnosis: Diagnosis, loud: Sequence[str]) -> str:
    """What a diagnosis says of it, in its own sentences; nothing where it finds none, and the file has other faults."""
    if loud and (not diagnosis.wrong or any(one.name == "none" for one in diagnosis.faults)):
        return f"What {' and '.join(loud)} found comes first."
    if not diagnosis.wrong:
        return "No usual fault explains it: probe, object or positions may be of another scan."
    said = sentences(diagnosis)
    told = [one for one in said if diagnosis.stored is False or not one.startswith("The positions go with")]
    return " ".join(told[:3])


def _note(problem: str) -> Finding:
    return Finding("FIL-028", Severity.NOTE, "file", problem)
