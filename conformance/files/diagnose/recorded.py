"""How a detector may have recorded what probe and object make: bent, cut, blurred, by another law, or beside a spot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from conformance.files.diagnose.residual import Floats, Reason, Residual

_SMOOTH = (3.0, 1.5, 0.7, 0.0, 0.0)
"""Pixels over which amplitudes are smoothed while their displacement is sought, step by step."""

_ONE_KIND, _MOST_BENT, _GAP, _FOR_STEPS = 0.8, 0.25, 0.7, 2.0
_WIDTHS = (0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0)
_ONE_POWER, _UNLIKE = 1e-4, 0.01
"""Part of their mean by which powers of frames may vary that are one, and by which they must where they are not."""

_BINS, _IN_A_BIN, _ANOTHER_LAW = 12, 100, 0.06
_SPOT, _OF_ALL_THAT_STANDS_OUT, _ERRORS, _OF_THE_LIGHT = 0.1, 0.8, 6.0, 0.01


def bent(found: Residual) -> Reason | None:
    """Frames turned, scaled or stretched about their middle.

    Parameters
    ----------
    found : Residual
    """
    y, x = _coordinates(found.forward.N)
    sizes, made = _displaced(found, [np.stack(one) for one in ((x, -y), (y, x), (y, -x), (x, y))])
    parts = sizes / (found.forward.N / 2)
    turn, size, ellipse = abs(float(parts[0])), abs(float(parts[1])), float(np.hypot(*parts[2:]))
    whole = float(np.hypot(turn, np.hypot(size, ellipse)))
    most, said = max(
        (turn, f"turned by {np.degrees(turn):.1f} degrees about their middle"),
        (size, f"{1 / (1 + float(parts[1])):.3g} times as large: another distance, energy or pixel"),
        (ellipse, f"{2 * ellipse:.1%} longer along one direction than across it: elliptic, or pixels not square"),
    )
    if most < _ONE_KIND * whole or not found.better(made):
        return None
    return f"the frames are {said}, against what probe and object make", made


def distorted(found: Residual) -> Reason | None:
    """Frames bent as by a lens, the more the farther from their middle.

    Parameters
    ----------
    found : Residual
    """
    y, x = _coordinates(found.forward.N)
    sizes, made = _displaced(found, [np.stack((y, x)), np.stack((y, x)) * (x**2 + y**2)])
    edge = float(sizes[1] / (found.forward.N / 2))
    if abs(edge) > _MOST_BENT or abs(float(sizes[1])) < abs(float(sizes[0])) / 2 or not found.better(made):
        return None
    said = (
        f"the frames are bent as by a lens, by {abs(edge):.1%} at the middle of the borders "
        f"({'barrel' if edge > 0 else 'cushion'}), against what probe and object make"
    )
    return said, made


def normalised(found: Residual) -> Reason | None:
    """Frames of one and the same power, where probe and object make them of unlike ones.

    Parameters
    ----------
    found : Residual
    """
    measured, made = (one.sum(axis=(1, 2)) for one in (found.measured, found.made))
    if not made.all() or measured.std() > _ONE_POWER * measured.mean() or made.std() < _UNLIKE * made.mean():
        return None
    even = found.made * (measured / made)[:, np.newaxis, np.newaxis]
    if not found.better(even):
        return None
    said = (
        f"all frames have one and the same power, where probe and object make powers that vary by "
        f"{float(made.std() / made.mean()):.1%}: each was normalised by itself, and what the object absorbs is lost; "
        "write the frames as they were before that"
    )
    return said, even


def cut(found: Residual) -> Reason | None:
    """Frames of which a part lies aside: a gap between chips was cut out or filled in, or one stands beside its place.

    Parameters
    ----------
    found : Residual
    """
    told: list[Reason] = []
    N = found.forward.N
    for axis, along in ((0, 0), (1, 1), (0, 1), (1, 0)):
        at = _seam(found, axis, along)
        fields = [np.zeros((2, N, N)) for _ in range(2)]
        for field, part in zip(fields, (slice(None, at), slice(at, None)), strict=True):
            np.moveaxis(field[along], axis, 0)[part] = 1
        sizes, made = _displaced(found, fields)
        gap = float(sizes[1] - sizes[0])
        if abs(gap) > _GAP and found.better(made):
            told.append((_of_parts(gap, at, axis, along), made))
    return found.best(told)


def _of_parts(gap: float, at: int, axis: int, along: int) -> str:
    words = ("rows", "columns")
    if along != axis:
        return (
            f"{words[axis]} from about {at} on lie about {abs(gap):.0f} {words[along]} aside of the others, against "
            "what probe and object make: a module of the detector that does not stand where it was put together"
        )
    way = "nearer to the others than" if gap > 0 else "farther from the others than"
    done = "cut out" if gap > 0 else "put in"
    return (
        f"{words[axis]} from about {at} on lie about {abs(gap):.0f} pixels {way} probe and object make them: a gap "
        f"between chips of the detector that was {done}"
    )


def blurred(found: Residual) -> Reason | None:
    """Frames in which every pixel holds light of its neighbours.

    Parameters
    ----------
    found : Residual
    """
    tried = [(width, gaussian_filter(found.made, (0, width, width), mode="constant")) for width in _WIDTHS]
    width, made = min(tried, key=lambda one: found.after(one[1]).mean)
    if not found.better(made):
        return None
    said = (
        f"the frames are what probe and object make, blurred by about {width:.2g} pixels (sigma of a Gaussian): the "
        "spread of a scintillator or of charge, frames that were smoothed or resampled, or a beam of little coherence"
    )
    return said, made


def by_another_law(found: Residual) -> Reason | None:
    """Values that go as another power of the intensity.

    Parameters
    ----------
    found : Residual
    """
    good = found.forward.good
    made, measured = found.made[:, good].ravel(), found.measured[:, good].ravel()
    lit = made > made.mean()
    order = np.flatnonzero(lit)[np.argsort(made[lit])]
    if len(order) < _BINS * _IN_A_BIN:
        return None
    parts = np.array_split(order, _BINS)
    points = np.array([(made[one].mean(), max(float(measured[one].mean()), 1e-300)) for one in parts])
    known, told = np.log(points).T
    power = float(np.polyfit(known, told, 1)[0])
    saved = np.maximum(found.made, 0) ** power
    saved *= float(found.measured.sum()) / max(float(saved.sum()), 1e-300)
    if abs(power - 1) < _ANOTHER_LAW or not found.better(saved):
        return None
    said = (
        f"the values go as the power {power:.2f} of the intensity that probe and object make: a gamma of "
        f"{1 / power:.2f} of a camera, or another law, to be taken back"
    )
    return said, saved


def beside_a_spot(found: Residual) -> Reason | None:
    """Light in a small place of the detector that is the same in all frames.

    Parameters
    ----------
    found : Residual
    """
    steady = found.steady()
    if steady is None:
        return None
    slope, left = steady
    under, spread = left.mean(axis=0), left.std(axis=0) / np.sqrt(len(left))
    stands = found.forward.good & (under > _ERRORS * np.maximum(spread, 1e-300))
    spot = np.where(stands, under, 0)
    share, every = found.share(spot), found.share(np.maximum(under, 0))
    made = slope * found.made + spot
    if not 0 < stands.mean() < _SPOT or share < max(_OF_THE_LIGHT, _OF_ALL_THAT_STANDS_OUT * every):
        return None
    if not found.better(made):
        return None
    row, column = np.unravel_index(np.argmax(spot), spot.shape)
    said = (
        f"{share:.0%} of the light lies in {int(stands.sum())} pixels about row {row}, column {column}, is the same in "
        "all frames, and none that probe and object make: a stray reflection, another beam, or hot pixels"
    )
    return said, made


def _coordinates(N: int) -> tuple[Floats, Floats]:
    """Rows and columns (N, N) about the zero frequency, one at the border."""
    y, x = (np.indices((N, N)) - N // 2) / (N / 2)
    return y, x


def _displaced(found: Residual, fields: Sequence[Floats]) -> tuple[Floats, Floats]:
    """How far light lies aside of where it is made, in parts of fields (2, N, N), and intensities with it there.

    A pixel r holds what is made at r plus the fields.
    """
    made, measured, good = np.sqrt(found.made), np.sqrt(found.measured), found.forward.good
    sizes = np.zeros(len(fields))
    moved = made
    for width in _SMOOTH:
        near, here = (gaussian_filter(one, (0, width, width)) if width else one for one in (moved, measured))
        slopes = np.stack(list(np.gradient(near, axis=(1, 2))))
        terms = np.stack([(slopes * field[:, np.newaxis]).sum(axis=0)[:, good].ravel() for field in fields])
        left = (here - near)[:, good].ravel()
        sizes = sizes + np.linalg.lstsq(terms @ terms.T, terms @ left, rcond=None)[0]
        moved = _moved(made, np.tensordot(sizes, np.stack(fields), 1))
    return sizes, np.square(moved)


def _moved(images: Floats, by: Floats) -> Floats:
    """Images (m, N, N) that hold at r what others hold at r + by(r)."""
    at = np.indices(images.shape[1:]) + by
    return np.stack([map_coordinates(one, at, order=1, mode="constant") for one in images])


def _seam(found: Residual, axis: int, along: int) -> int:
    """Row or column from which light may lie aside along an axis by another step than before it."""
    near, here = (gaussian_filter(np.sqrt(one), (0, _FOR_STEPS, _FOR_STEPS)) for one in (found.made, found.measured))
    slope = np.gradient(near, axis=1 + along)
    other = 2 - axis
    good = found.forward.good
    pulled: NDArray[np.float64] = (slope * (here - near) * good).sum(axis=(0, other))
    held: NDArray[np.float64] = (slope**2 * good).sum(axis=(0, other))
    before, weight = np.cumsum(pulled)[:-1], np.cumsum(held)[:-1]
    after, rest = pulled.sum() - before, held.sum() - weight
    gained = before**2 / np.maximum(weight, 1e-300) + after**2 / np.maximum(rest, 1e-300)
    inside = slice(len(held) // 8, -(len(held) // 8) or None)
    return int(np.arange(1, len(held))[inside][np.argmax(gained[inside])])
