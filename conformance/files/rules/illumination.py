"""Rules about probe, object and frames together: scale, centre, overlap, patches beyond the object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.neighbours import Places, tied_parts
from conformance.files.overflow import filled
from conformance.files.rules.pixel_size import far_light, pixels_apart, shows_amplitudes, shows_counts
from conformance.files.rules.pixels import stuck_pixels
from conformance.files.rules.positions import misplaced_rows
from conformance.files.rules.steps import moves_on
from conformance.files.rules.view import View
from conformance.files.survey import Floats, is_whole

_SCALES = (0.3, 3.0)
_ALIKE, _AS_MUCH = (0.5, 2.0), (0.7, 1.4)
_OF_PICTURES, _FEW = (255.0, 65535.0), 3
"""Where pictures of 8 and 16 bits end, and how many pixels of a scan that was scaled to them reach it."""

_LEAST_OVERLAP, _LEAST_TIED = 0.15, 0.05
_FEWEST_PLACES, _MOST_PLACES, _FEWEST_OF_PART, _MOST_OF_ALL = 16, 50_000, 4, 0.9
_IN_CORNERS, _IN_MIDDLE = 0.7, 0.05
"""Parts of the light in the corners, and about the middle, of frames whose zero frequency stands in the corner."""

_GOOD_MATCH, _GAIN, _LEAST_SHIFT, _HIDDEN = 0.6, 0.1, 2, 0.3


def probe_scale(view: View) -> Iterator[Finding]:
    """FIL-011: power and pixel size of the probe against those of the frames."""
    power, frames = powers(view)
    if power <= 0 or frames <= 0:
        return
    factor = float(np.sqrt(frames / power))
    if view.probe is not None and is_intensity(view):
        problem = (
            f"the values of the probe are real and sum up to {view.probe.real.sum():.3g}, as the light of a frame "
            f"does ({frames:.3g}): the intensity of the beam, where its field is meant, with its phase"
        )
        yield Finding("FIL-011", Severity.WARNING, "probeGuess", problem)
    elif not on_scale(view):
        # Whole numbers that are not held to be counts were found to be amplitudes.
        intensities = "" if view.counts or is_whole(view.survey.sample) else ", or the frames are intensities"
        problem = (
            f"the probe has power {power:.3g}, a frame {frames:.3g}: transmissions near {factor:.3g} would be needed, "
            f"the amplitudes are on scales {factor:.3g} apart{_by_norm(factor, view.N)}{intensities}"
        )
        yield Finding("FIL-011", Severity.WARNING, "probeGuess", problem)
    elif apart := pixels_apart(view):
        yield Finding("FIL-011", Severity.WARNING, "probeGuess", apart)


def is_intensity(view: View) -> bool:
    """Whether the probe is no field but its intensity: real, not below zero, and as much as a frame holds."""
    power, frames = powers(view)
    if view.probe is None or power <= 0 or frames <= 0 or view.probe.imag.any() or (view.probe.real < 0).any():
        return False
    alike = _ALIKE[0] < float(view.probe.real.sum()) / frames < _ALIKE[1]
    return alike and not on_scale(view)


def whole_amplitudes(view: View) -> Finding | None:
    """FIL-017: whole numbers that are amplitudes: their squares are the light of probe and object, not they themselves.

    Parameters
    ----------
    view : View
        Of frames that look like counts.
    """
    if not view.counts or shows_counts(view):
        return None
    top = float(view.survey.largest.max())
    if top in _OF_PICTURES and (view.survey.largest == top).sum() <= _FEW and shows_amplitudes(view):
        problem = (
            f"the values are whole numbers that end at {top:.0f} in a pixel or two of the scan, and their squares, "
            "not they themselves, are spread as the far field of the probe: amplitudes that were scaled to the numbers "
            "of a picture and rounded. They are no counts, and have no root to be taken; their scale and the dim ones "
            "are lost, take them from the source"
        )
        return Finding("FIL-017", Severity.WARNING, view.stack, problem)
    if view.expected is None:
        return None
    light = float(np.median(view.expected))
    sums, squares = (float(np.median(one)) for one in view.survey.flux)
    if light <= 0 or sums <= 0 or not _AS_MUCH[0] < squares / light < _AS_MUCH[1]:
        return None
    if _ALIKE[0] < sums / light < _ALIKE[1]:
        return None
    problem = (
        f"the values are whole numbers, and their squares ({squares:.3g} a frame), not they themselves ({sums:.3g}), "
        f"are what probe and object let expect ({light:.3g}): amplitudes that were rounded, which loses the dim ones, "
        "or on which the noise of counts was drawn; they are no counts, and have no root to be taken"
    )
    return Finding("FIL-017", Severity.WARNING, view.stack, problem)


def _by_norm(factor: float, N: int) -> str:
    ratio = max(factor, 1 / factor) / N
    return f" (about N = {N}: a Fourier transform with another norm?)" if 0.9 < ratio < 1.1 else ""


def powers(view: View) -> tuple[float, float]:
    """Power of the probe, 0 where there is none, and of a typical frame."""
    probe = 0.0 if view.probe is None else float((np.abs(view.probe) ** 2).sum())
    return probe, float(np.median(view.flux))


def on_scale(view: View) -> bool:
    """Whether probe and frames are of one scale, be it for what the object of the file absorbs.

    Parameters
    ----------
    view : View
        With a probe that holds light.
    """
    power, frames = powers(view)
    through = 1.0 if view.expected is None else float(np.median(view.expected)) / power
    # An object absorbs; one that amplifies makes up for the scale of the probe.
    passed = (1.0, through) if 0 < through < 1 else (1.0,)
    return any(_SCALES[0] < float(np.sqrt(frames / power / one)) < _SCALES[1] for one in passed)


def centre(view: View) -> Iterator[Finding]:
    """FIL-010: where the mean pattern fits the far field of the probe best; without one, if it lies in the corner."""
    if view.probe is None or not view.probe.any():
        yield from _in_the_corner(view)
        return
    pattern, far = np.sqrt(view.intensity), np.sqrt(far_light(view.probe))
    if pattern.std() == 0 or far.std() == 0:
        return
    known = view.measured & ~view.once(stuck_pixels)[1]
    if float((far**2)[~known].sum()) > _HIDDEN * float((far**2).sum()):
        # Behind a beam stop lies what tells the middle.
        return
    match = _matches(pattern, far, known)
    at = np.unravel_index(int(match.argmax()), match.shape)
    shift = [int(n) if n < side // 2 else int(n) - side for n, side in zip(at, match.shape, strict=True)]
    best, here = float(match[at]), float(match[0, 0])
    if max(map(abs, shift)) >= _LEAST_SHIFT and best > _GOOD_MATCH and best - here > _GAIN:
        turned = float(_matches(pattern, _pointed(far), known)[0, 0])
        if turned >= best:
            problem = (
                f"the mean pattern fits the far field of the probe turned by 180 degrees ({turned:.2f}, as stored "
                f"{here:.2f}): was the probe conjugated, or were frames or probe turned?"
            )
            yield Finding("FIL-010", Severity.WARNING, view.stack, problem)
            return
        corner = all(abs(abs(n) - side // 2) <= 1 for n, side in zip(shift, match.shape, strict=True))
        where = f"{_aside(shift[0], 'row')} and {_aside(shift[1], 'column')}"
        said = (
            "the zero frequency seems to stand in the corner" if corner else f"the beam stands {where} from the middle"
        )
        problem = (
            f"{said}: the mean pattern fits the far field of the probe there ({best:.2f}, in the middle {here:.2f})"
            f"{moves_on(view)}"
        )
        yield Finding("FIL-010", Severity.WARNING, view.stack, problem)


def _in_the_corner(view: View) -> Iterator[Finding]:
    """FIL-010: light that lies in the four corners, and next to none about the middle."""
    image = np.maximum(view.intensity, 0.0)
    whole = float(image.sum())
    if whole <= 0 or min(image.shape) < _FEWEST_PLACES:
        return
    rows, columns = (side // 4 for side in image.shape)
    rolled = np.fft.fftshift(image)
    corners, middle = (
        float(one[rows : image.shape[0] - rows, columns : image.shape[1] - columns].sum()) / whole
        for one in (rolled, image)
    )
    if corners > _IN_CORNERS and middle < _IN_MIDDLE and view.measured.all():
        problem = (
            f"the zero frequency seems to stand in the corner: {corners:.0%} of the light lies in the four corners of "
            f"the frames, {middle:.1%} about the middle"
        )
        yield Finding("FIL-010", Severity.WARNING, view.stack, problem)


def _pointed(image: Floats) -> Floats:
    """An image turned by 180 degrees about its middle at [N // 2, N // 2]."""
    return np.asarray(np.roll(image[::-1, ::-1], [1 - side % 2 for side in image.shape], (0, 1)))


def _aside(shift: int, word: str) -> str:
    return f"{shift:+d} {word}{'s' * (abs(shift) != 1)}"


def _matches(pattern: Floats, far: Floats, known: NDArray[np.bool_]) -> Floats:
    """Correlation coefficient of a pattern with the far field, for every cyclic shift, over known pixels."""
    here = known.astype(float)
    number, spectrum = here.sum(), np.conj(np.fft.fft2(far))
    a = np.where(known, pattern - pattern[known].mean(), 0.0)
    product = _moved(a, spectrum)
    if known.all():
        spread = ((far - far.mean()) ** 2).sum() * np.ones_like(far)
    else:
        spread = _moved(here, np.conj(np.fft.fft2(far**2))) - _moved(here, spectrum) ** 2 / number
    return np.asarray(product / np.sqrt(np.maximum(spread * (a**2).sum(), 1e-300)))


def _moved(image: Floats, spectrum: NDArray[np.complex128]) -> Floats:
    """Sum of the product of an image with another one, of conjugate spectrum as given, for every cyclic shift."""
    return np.asarray(np.fft.ifft2(np.fft.fft2(image) * spectrum).real)


def patches_on_object(view: View) -> Iterator[Finding]:
    """FIL-012: patches that reach past the object, besides those of points that are named by themselves."""
    view = _without(view, misplaced_rows(view))
    if view.object_shape is None or view.x is None or view.y is None:
        return
    (height, width), half = view.object_shape, view.N // 2
    low_x, high_x = view.x - half, view.x + half - 1
    low_y, high_y = view.y - half, view.y + half - 1
    inside = (low_x >= 0) & (low_y >= 0) & (high_x <= width - 1) & (high_y <= height - 1)
    touching = (high_x >= 0) & (high_y >= 0) & (low_x <= width - 1) & (low_y <= height - 1)
    if inside.all():
        return
    M = len(view.x)
    if not touching.any():
        problem = (
            f"none of {M} patches touches objectGuess ({height} x {width}); the positions begin at "
            f"x = {view.x.min():.6g}, y = {view.y.min():.6g}: another origin{_remedy(view, height, width)}"
        )
    else:
        rows = int(np.ceil(high_y.max()) - np.floor(low_y.min())) + 1
        columns = int(np.ceil(high_x.max()) - np.floor(low_x.min())) + 1
        outside = int((~inside).sum())
        problem = (
            f"{outside} of {M} patches reach past objectGuess ({height} x {width}; the patches need "
            f"{rows} x {columns}), up to {_reach(view, height, width):.3g} pixels{_remedy(view, height, width)}"
        )
    yield Finding("FIL-012", Severity.WARNING, "objectGuess", problem, None)


def _without(view: View, rows: NDArray[np.intp]) -> View:
    """The scan without some of its points."""
    if not len(rows) or view.x is None or view.y is None:
        return view
    return replace(view, x=np.delete(view.x, rows), y=np.delete(view.y, rows))


def _remedy(view: View, height: int, width: int) -> str:
    """Say which one change of the positions puts all patches on the object; empty where none does."""
    assert view.x is not None
    assert view.y is not None
    x, y, half = view.x, view.y, view.N // 2
    changes = (
        ("x and y were exchanged", y, x),
        ("N/2 were added, as to corners of patches", x + half, y + half),
        ("half the object's size were added, as to positions from its middle", x + width / 2, y + height / 2),
    )
    told = [what for what, i, j in changes if _all_inside(i, j, half, (height, width))]
    if told:
        return f"; all would lie on it if {' or '.join(told)}"
    full = [
        f"{name} fills the {period:.0f} that {int(np.log2(period))} bits hold, where the object has room for "
        f"{side - view.N}: did its counter run over?"
        for name, at, side in (("x", x, width), ("y", y, height))
        if 0 < (period := filled(at)) < side - view.N
    ]
    return f"; {' and '.join(full)}" if full else ""


def _all_inside(x: Floats, y: Floats, half: int, shape: tuple[int, int]) -> bool:
    """Whether all patches lie on the object, to one pixel."""
    return all(at.min() >= half - 1 and at.max() <= side - half + 1 for at, side in ((y, shape[0]), (x, shape[1])))


def _reach(view: View, height: int, width: int) -> float:
    half = view.N // 2
    assert view.x is not None
    assert view.y is not None
    beyond = [half - view.x, half - view.y, view.x + half - width, view.y + half - height]
    return float(max(one.max() for one in beyond))


def overlap(view: View) -> Iterator[Finding]:
    """FIL-013: light that neighbouring points share."""
    if view.probe is None or view.places is None:
        return
    light = np.abs(view.probe[0])
    if not light.any():
        return
    shared = _shared(light, view.places)
    typical = float(np.median(shared))
    if typical < _LEAST_OVERLAP:
        problem = f"neighbouring points share {typical:.0%} of their light: nothing ties their patches together"
        yield Finding("FIL-013", Severity.WARNING, "xcoords", problem)
        return
    parts = _parts(light, view.places)
    if len(parts) > 1 and parts[0] < _MOST_OF_ALL * parts.sum():
        few = f"{parts[-1]} to {parts[0]}" if parts[-1] < parts[0] else f"{parts[0]}"
        problem = (
            f"the points lie in {len(parts)} parts, of {few} points, whose patches share less than "
            f"{_LEAST_TIED:.0%} of their light, as of lines too far apart: nothing ties one part to the next"
        )
        yield Finding("FIL-013", Severity.WARNING, "xcoords", problem)


def _parts(light: Floats, places: Places) -> NDArray[np.int64]:
    """(n,) how many places each part of the scan has that shares light with no other; single ones are no parts."""
    if not _FEWEST_PLACES <= len(places.points) <= _MOST_PLACES:
        return np.array([len(places.points)])
    own = _autocorrelation(light)
    middle = (len(own) - 1) / 2
    reach = float(np.hypot(*(np.argwhere(own >= _LEAST_TIED) - middle).T).max(initial=0.0)) + 1
    parts = tied_parts(places.points, reach)
    return np.asarray(parts[parts >= _FEWEST_OF_PART])


def _shared(light: Floats, places: Places) -> Floats:
    """(P,) overlap of the amplitude at each place with that at its nearest neighbour."""
    if len(places.points) < 2:
        return np.ones(1)
    steps = np.abs(places.points[places.others] - places.points)[:, ::-1]
    N, own = light.shape[0], _autocorrelation(light)
    whole = np.minimum(np.rint(steps), N).astype(int)
    padded = np.pad(own, 1)
    # The autocorrelation is even; both diagonals are looked at, and the better one counts.
    first = padded[N + whole[:, 0], N + whole[:, 1]]
    second = padded[N + whole[:, 0], N - whole[:, 1]]
    return np.asarray(np.maximum(first, second))


def _autocorrelation(light: Floats) -> Floats:
    """(2 N - 1, 2 N - 1) share of its light that an image has in common with itself moved aside, 1 in the middle."""
    N = light.shape[0]
    spectrum = np.fft.rfft2(light, (2 * N, 2 * N))
    return np.asarray(np.fft.fftshift(np.fft.irfft2(np.abs(spectrum) ** 2, (2 * N, 2 * N)))[1:, 1:] / (light**2).sum())
