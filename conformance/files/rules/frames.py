"""Rules about whole frames: empty ones, bursts, patterns that slide."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.by_place import descanned
from conformance.files.rules.copies import copies
from conformance.files.rules.counted import cut_below, evened, mirrored
from conformance.files.rules.enlarged import enlarged
from conformance.files.rules.exposures import of_two_exposures
from conformance.files.rules.flares import flared_rows
from conformance.files.rules.flattened import flattened, smeared
from conformance.files.rules.flux import in_turn
from conformance.files.rules.pixels import flares
from conformance.files.rules.rearranged import rearranged
from conformance.files.rules.steps import moved_frames, power_steps, single_dips
from conformance.files.rules.torn import lost_rows, stale_frames, torn_frames
from conformance.files.rules.view import View
from conformance.files.rules.wording import listed
from conformance.files.survey import Floats, is_whole

_BRIGHT, _DIM = 5.0, 0.1
_STEADY_SLIDE, _REST = 0.6, 0.5
_FEWEST_VALUES = 8
_PARTS, _DRIFT = 8, 5.0
_EVEN = 1e-5
_LONGEST_SLIDE = 1 << 16
_UNDONE: tuple[tuple[Callable[[Floats], Floats], str], ...] = (
    (np.expm1, "logarithms log(1 + n)"),
    (np.exp, "logarithms"),
    (lambda values: 10.0**values - 1, "decimal logarithms log10(1 + n)"),
    (lambda values: 10.0**values, "decimal logarithms"),
    (lambda values: 2.0**values - 1, "binary logarithms log2(1 + n)"),
    (lambda values: values**4, "fourth roots"),
    (lambda values: np.expm1(values * (np.log(2) / values.min())), "logarithms log(1 + n), on some scale,"),
    (lambda values: np.exp(values * (np.log(2) / values.min())), "logarithms, on some scale,"),
    (lambda values: _above_floor(np.exp(values)), "logarithms log(a + n)"),
    (lambda values: _above_floor(10.0**values), "decimal logarithms log10(a + n)"),
    (lambda values: np.exp(values - values.min()), "logarithms, above some floor,"),
    (lambda values: 10.0 ** (values - values.min()), "decimal logarithms, above some floor,"),
    (lambda values: 10.0 ** ((values - values.min()) / 10), "decibels"),
)
_FEW_AT_PEAK, _ONE_ALONE, _ALWAYS = 2, 0.9, 0.998
_SCALED = "each was scaled by itself, and its power is lost"
_SIGNED, _FEW_FLARED = 0.05, 4
_MANY_COUNTS, _ONE_PATTERN, _BEYOND_NOISE, _BY_CHANCE, _MOST_ROOT = 5.0, 2e-4, 4.0, 12.0, 1e5
_FEWEST_COUNTS, _NO_MORE, _LESS, _ABOVE_OFFSET = 3.0, 1.5, 0.5, 2.0
_PEDESTAL, _FLAT, _ABOVE = 0.1, 1.3, 8.0
_BETWEEN_KINDS, _FEWEST_OF_KIND, _AS_MUCH = 2.0, 3, (0.6, 1.7)
_GIGABYTE = 1 << 30
_OFFSET = 1e-3


def empty_frames(view: View) -> Iterator[Finding]:
    """FIL-003: frames without light in a scan that has some."""
    dark = dark_rows(view)
    if view.M and not (view.survey.largest > 0).any():
        problem = f"none of the {view.M} frames holds any light: nothing can be learned from them"
        yield Finding("FIL-003", Severity.WARNING, view.stack, problem)
    if len(dark):
        problem = f"{len(dark)} of {view.M} frames hold nothing: {listed(dark)}"
        yield Finding("FIL-003", Severity.WARNING, view.stack, problem, (int(dark[0]),))
    yield from torn_frames(view)


def dark_rows(view: View) -> NDArray[np.intp]:
    """Numbers of the frames without light, in a scan that has some."""
    return np.flatnonzero((view.flux <= 0) & (view.flux.max(initial=0.0) > 0))


def outshining_frames(view: View) -> Iterator[Finding]:
    """FIL-004: frames whose power is far from the median's."""
    counted = counted_rows(view)
    if len(counted):
        problem = (
            f"{len(counted)} of {view.M} frames are counts, and the others amplitudes: they sum up to what the squares "
            f"of the others do: {listed(counted)}"
        )
        yield Finding("FIL-004", Severity.WARNING, view.stack, problem, (int(counted[0]),))
    if alternating := in_turn(view) if not len(counted) else "":
        yield Finding("FIL-004", Severity.WARNING, view.stack, alternating)
    else:
        yield from _odd_frames(view)
    if scaled := scaled_each(view):
        yield Finding("FIL-004", Severity.WARNING, view.stack, scaled)
    yield from same_power(view)


def _odd_frames(view: View) -> Iterator[Finding]:
    """Single frames, or parts of the scan, whose light is not that of the others."""
    counted, flared = counted_rows(view), flared_rows(view, view.once(flares))
    if len(flared) > view.M // _FEW_FLARED:
        # What outshines the others by one pixel is that pixel's fault.
        return
    found = False
    for odd, word in zip(odd_rows(view), ("brighter", "darker"), strict=True):
        odd = np.setdiff1d(odd, flared)
        if len(odd):
            found = True
            typical = float(np.median(view.brightness[odd]) / np.median(view.brightness))
            factor = f"{typical if typical > 1 else 1 / typical:.3g}"
            few = f"{len(odd)} of {view.M} frames are" if len(odd) > 1 else "1 frame is"
            problem = f"{few} {factor} times {word} than the median: {listed(odd)}"
            yield Finding("FIL-004", Severity.WARNING, view.stack, problem, (int(odd[0]),))
    if drift := _drift(view):
        yield Finding("FIL-004", Severity.WARNING, view.stack, drift)
    if not len(counted):
        yield from power_steps(view, np.concatenate(odd_rows(view)))
    if not len(counted) and not found and not len(flared) and not len(lost_rows(view)):
        yield from single_dips(view)


def scaled_each(view: View) -> str:
    """Say that all frames end at one largest value, each at a pixel or two; empty where they do not."""
    peaks = view.survey.peaks[view.flux > 0]
    first = view.survey.first
    if len(peaks) < _FEWEST_VALUES or not len(first) or view.survey.steady.all() or peaks.max() <= 0:
        return ""
    at_peak = (first == first.max(axis=(1, 2), keepdims=True)).sum(axis=(1, 2))
    if first.dtype.kind in "iu" and len(first) >= _FEWEST_VALUES and (at_peak == 1).mean() > _ONE_ALONE:
        # The brightest pixel holds the largest of the type in nearly all frames, and was taken for a marker.
        end = np.iinfo(first.dtype).max
        always = float(view.survey.sums.max()) > _ALWAYS * end * view.M
        if always and (first.max(axis=(1, 2)) == end).all() and (view.survey.largest == end).sum() > 1:
            return f"every frame ends at {end}, the largest of its type, at one pixel: {_SCALED}"
    # A detector that saturates does so at many pixels, or always at the one where the beam stands.
    places = int((view.survey.largest >= (1 - _EVEN) * float(peaks.max())).sum())
    alone = float(np.median(at_peak)) <= _FEW_AT_PEAK and (places > 1 or first.dtype.kind == "f")
    if float(np.ptp(peaks)) > _EVEN * float(peaks.max()) or not alone:
        return ""
    return f"the largest value of every frame is {peaks.max():.6g}: {_SCALED}"


def _drift(view: View) -> str:
    """Say by how much the power of the frames falls or grows over the scan; empty where it does not."""
    parts = [float(np.median(part)) for part in np.array_split(view.flux, _PARTS)] if view.M >= 4 * _PARTS else []
    if not parts or min(parts) <= 0:
        return ""
    steps = np.sign(np.diff(parts))
    factor = parts[0] / parts[-1]
    if not (steps == steps[0]).all() or max(factor, 1 / factor) < _DRIFT:
        return ""
    word = "falls" if factor > 1 else "grows"
    return f"the power of the frames {word} steadily over the scan, by a factor of {max(factor, 1 / factor):.3g}"


def own_frames(view: View) -> Iterator[Finding]:
    """FIL-025: lit frames that are copies of one before them, at another place, or with the same noise."""
    if all_alike(view):
        problem = f"all {view.M} frames are one and the same: one was written again and again, or it is no scan"
        yield Finding("FIL-025", Severity.WARNING, view.stack, problem)
    elif one_pattern(view):
        problem = (
            f"all {view.M} frames show one pattern, and differ by the noise of counting alone: no sample was in the "
            "beam, it did not move, or it changes the light less than so many counts show"
        )
        yield Finding("FIL-025", Severity.WARNING, view.stack, problem)
    for rows, how in zip(copies(view), ("though at other places", "at the same place, noise and all"), strict=True):
        if len(rows):
            few = f"{len(rows)} of {view.M} frames are copies" if len(rows) > 1 else "1 frame is a copy"
            problem = f"{few} of a frame before, {how}: {listed(rows)}"
            yield Finding("FIL-025", Severity.WARNING, view.stack, problem, (int(rows[0]),))
    yield from stale_frames(view)


def all_alike(view: View) -> bool:
    """Whether all frames show one and the same light."""
    return view.M > 1 and bool(view.survey.steady.all() and (view.survey.largest > 0).any())


def one_pattern(view: View) -> bool:
    """Whether roots of counts differ from frame to frame by as much as counting makes them, and no more."""
    survey = view.survey
    if view.M < _FEWEST_VALUES or view.counts or not is_whole(survey.sample[survey.sample < _MOST_ROOT] ** 2):
        return False
    light = survey.squares / view.M
    # Of fewer counts, roots vary by less than a quarter.
    bright = view.measured & ~survey.steady & (light > _MANY_COUNTS)
    power = float(light[bright].sum())
    if power < float(view.intensity.sum()) / 2:
        return False
    noise = float((1 / 4 + 3 / (32 * light[bright])).sum())
    excess = float((light - (survey.sums / view.M) ** 2)[bright].sum()) * view.M / (view.M - 1) - noise
    error = float(np.sqrt(2 * bright.sum() / view.M)) / 4
    # A few frames that a grain moves are more than the others are aside.
    aside = max(float((np.abs(one - one.mean()) ** 2).max()) for one in survey.moments)
    by_noise = excess < _BEYOND_NOISE * error and excess + 2 * error < _ONE_PATTERN * power
    return bool(by_noise and aside < _BY_CHANCE * float((light > 0).sum()) / 4)


def odd_rows(view: View) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Numbers of the frames that are far brighter than the median, and of those that are far darker and not empty.

    None where counts stand among amplitudes, whose powers cannot be compared.
    """
    median = float(np.median(view.brightness))
    if median <= 0 or len(counted_rows(view)):
        return np.arange(0), np.arange(0)
    ratio = view.brightness / median
    return np.flatnonzero(ratio > _BRIGHT), np.flatnonzero((ratio < _DIM) & (ratio > 0))


def counted_rows(view: View) -> NDArray[np.intp]:
    """Numbers of the frames that are counts in a scan of amplitudes; none where all frames are of one kind."""
    values, squares = view.survey.flux
    lit = np.flatnonzero((values > 0) & (squares > 0))
    if len(lit) < 2 * _FEWEST_VALUES:
        return np.arange(0)
    order = lit[np.argsort(values[lit], kind="stable")]
    steps = np.diff(np.log(values[order]))
    at = int(steps.argmax()) + 1
    low, high = order[:at], order[at:]
    if np.exp(steps[at - 1]) < _BETWEEN_KINDS or min(len(low), len(high)) < _FEWEST_OF_KIND:
        return np.arange(0)
    # What amplitudes square to, counts sum up to: whole frames, and their brightest pixels.
    whole = float(np.median(values[high]) / np.median(squares[low]))
    peak = float(np.median(view.survey.peaks[high]) / np.median(view.survey.peaks[low]) ** 2)
    # Amplitudes of brighter frames sum up to as much by chance, and their peaks are then too low.
    told = _AS_MUCH[0] < whole < _AS_MUCH[1] and 0.25 < peak < 4 and 0.5 < whole / peak < 2
    return np.sort(high) if told else np.arange(0)


def same_power(view: View) -> Iterator[Finding]:
    """FIL-004, as a note: frames that all have one power."""
    mean = float(view.flux.mean())
    if view.M >= _FEWEST_VALUES and mean > 0 and view.flux.std() < _EVEN * mean and not view.survey.steady.all():
        problem = "all frames have one power: each was normalised by itself, so that what the object absorbs is lost?"
        yield Finding("FIL-004", Severity.NOTE, view.stack, problem)


def sliding_frames(view: View) -> Iterator[Finding]:
    """FIL-009: patterns whose circular centroid moves steadily with the number of the frame, or at one of them."""
    signed = view.survey.extent("negative").values
    if view.M < 8 or signed > _SIGNED * view.M * view.survey.least.size:
        # What is below zero in good part has no centre.
        return
    yield from rearranged(view)
    yield from moved_frames(view)
    yield from of_two_exposures(view)
    yield from descanned(view)
    for moment, word, side in zip(view.survey.moments, ("row", "column"), view.survey.sides, strict=True):
        moment = moment[:_LONGEST_SLIDE]
        total = float(np.abs(moment).sum())
        if total <= 0:
            continue
        spectrum = np.abs(np.fft.fft(moment, 8 * len(moment))) / total
        rest = float(spectrum[[*range(-8, 9)]].max())
        best = int(spectrum.argmax())
        if spectrum[best] < _STEADY_SLIDE or rest > _REST:
            continue
        turns = best / len(spectrum)
        step = (turns - 1 if turns > 0.5 else turns) * side
        places = ", ".join(f"{value:.0f}" for value in np.angle(moment[:5]) / (2 * np.pi) * side % side)
        # Rows that are skipped or read twice are whole ones.
        step = round(step) if abs(step) > 0.5 and abs(step - round(step)) < 0.3 else step
        problem = (
            f"the patterns slide by {abs(step):.3g} {word}{'s' * (abs(step) != 1)} a frame and wrap "
            f"(centre at {word} {places}, ...): were the frames read with their true size?"
        )
        yield Finding("FIL-009", Severity.WARNING, view.stack, problem)


def linear(view: View) -> Iterator[Finding]:
    """FIL-017: values that become whole numbers when a logarithm, or a second root, is undone."""
    if view.floor > 0 and view.floor > _OFFSET * float(view.survey.largest[view.measured].max()):
        held = int((view.steady & (view.survey.largest == view.floor)).sum())
        problem = (
            f"no value lies below {view.floor:.6g}, which {held} pixels hold in all frames: a background of that much, "
            "or an offset of the transformation, was left in"
        )
        yield Finding("FIL-017", Severity.WARNING, view.stack, problem)
        return
    if pedestal := _pedestal(view) or _unmoved(view):
        yield Finding("FIL-017", Severity.WARNING, view.stack, pedestal)
    for laid_over in (view.once(flattened), view.once(smeared), enlarged(view)):
        if laid_over:
            yield Finding("FIL-017", Severity.WARNING, view.stack, laid_over)
    if few := cut_below(view):
        yield Finding("FIL-017", Severity.WARNING, view.stack, few)
    # Of what lies under all pixels, the noise is that of a camera.
    if alike := "" if pedestal else evened(view):
        yield Finding("FIL-017", Severity.WARNING, view.stack, alike)
    elif twice := mirrored(view):
        yield Finding("FIL-017", Severity.WARNING, view.stack, twice)
    values = view.survey.sample
    if view.dtype.kind != "f" or len(values) < _FEWEST_VALUES or is_whole(values) or is_whole(values**2):
        return
    for undo, word in _UNDONE:
        with np.errstate(over="ignore"):
            counts = undo(values)
        if is_whole(counts):
            problem = f"the values are {word} of whole numbers, up to {counts.max():.0f}: no amplitudes"
            yield Finding("FIL-017", Severity.WARNING, view.stack, problem)
            return


def _pedestal(view: View) -> str:
    """Say how much light all pixels share, the dark ones too; empty where that is little."""
    held = view.intensity[view.measured & ~view.survey.steady]
    if not held.size or held.size < view.measured.sum() // 2 or view.M < _FEWEST_VALUES or len(odd_rows(view)[0]):
        return ""
    low, middle, high = (float(one) for one in np.quantile(held, (0.02, 0.3, 1.0)))
    share = low * held.size / float(held.sum() or 1.0)
    if low <= 0 or middle > _FLAT * low or high < _ABOVE * low or share < _PEDESTAL:
        return ""
    return (
        f"every pixel holds {low:.3g} of intensity or more on the average, {share:.0%} of the light, and a third of "
        f"them hardly more: was a background (dark current, stray light) left in?"
    )


def _unmoved(view: View) -> str:
    """Say that the dimmer half of the pixels holds counts that no object moves; empty where light falls there.

    Light far from the beam changes from frame to frame by as much as it is; a background by its noise alone.
    """
    survey, sample = view.survey, view.survey.sample
    roots = not is_whole(sample)
    held = view.measured & ~survey.steady
    if (roots and not is_whole(sample**2)) or view.M < _FEWEST_VALUES or held.sum() < held.size // 2:
        return ""
    mean = (survey.squares if roots else survey.sums)[held] / view.M
    above = float(mean.max()) / max(float(np.median(mean)), 1e-300)
    if float(np.quantile(mean, 0.02)) < _FEWEST_COUNTS or above < _ABOVE_OFFSET:
        return ""
    spread = survey.squares[held] / view.M - (survey.sums[held] / view.M) ** 2
    # In units of what counting noise leaves: of roots a quarter, of counts their number.
    noise = spread * 4 if roots else spread / mean
    dim = mean <= np.median(mean)
    share = float(mean[dim].mean()) * len(mean) / float(mean.sum())
    if float(np.quantile(noise[dim], 0.9)) < _LESS:
        return (
            f"half of all pixels hold {float(np.median(mean[dim])):.3g} counts on the average, and change by "
            f"{float(np.median(noise[dim])):.2g} of what counting so much light leaves: an offset of the camera (a "
            f"pedestal), {min(1.0, share):.0%} of all, was left in; subtract it before the root"
        )
    if (
        above < _ABOVE
        or float(np.median(noise[dim])) > _NO_MORE
        or float(np.quantile(noise[dim], 0.9)) > 2 * _NO_MORE
        or share < _PEDESTAL
    ):
        return ""
    return (
        f"half of all pixels hold {float(np.median(mean[dim])):.3g} counts on the average, which change by their noise "
        f"alone, whatever the object does; so much everywhere is {min(1.0, share):.0%} of the light: was a background "
        "(dark current, stray light) left in?"
    )


def _above_floor(values: Floats) -> Floats:
    """Values in steps of the smallest one above the least of all."""
    above = values - values.min()
    steps = above[above > 0]
    return above[above > 0] / steps.min() if len(steps) and np.isfinite(above).all() else np.zeros(0)


def size_in_memory(view: View) -> Iterator[Finding]:
    """FIL-018: frames that take gigabytes as float32."""
    size = view.M * view.survey.sides[0] * view.survey.sides[1] * 4
    if size > _GIGABYTE:
        problem = f"the frames take {size / 1e9:.1f} GB in memory as float32"
        yield Finding("FIL-018", Severity.NOTE, view.stack, problem)
