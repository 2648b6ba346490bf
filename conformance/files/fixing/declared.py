"""Fixes that the user has to ask for: each by one option, and what it would do to this file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding
from conformance.files.fix import Fix, Grade
from conformance.files.rules.frames import counted_rows, dark_rows, odd_rows
from conformance.files.rules.illumination import is_intensity, on_scale, powers
from conformance.files.rules.masks import ADOPTING, adopting
from conformance.files.rules.pixels import flickering_pixels, marker_pixels, stuck_pixels
from conformance.files.rules.positions import lonely_rows
from conformance.files.rules.view import View

MASKING, ROOT, FRAMES, POINTS = "--mask-markers", "--intensity", "--drop-frames", "--drop-points"
UNIT, ORIGIN, LAYERS, SCALE = "--unit", "--origin", "--layers", "--scale-probe"
PARTS = ("complex", "polar")
"""What two layers of real numbers may be."""
UNITS: Mapping[str, float] = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9}
"""Metres by the name of a unit."""


@dataclass(frozen=True)
class Declared:
    """What the user says of a file.

    Attributes
    ----------
    mask_markers, intensity, drop_frames, drop_points, scale_probe : bool
        Whether pixels with markers are to be masked, frames are counts, frames without light or with far too much are
        to be dropped, points far from all others too, and the probe is to be scaled to the power of the frames.
    unit : str
        ``m``, ``mm``, ``um`` or ``nm`` where the positions are in that; empty for object pixels.
    object_pixel : float
        Side of an object pixel in metres, where a unit is given.
    origin : tuple of float or None
        x and y to be subtracted from the positions, in object pixels.
    layers : str
        ``product`` where the object is the product of its layers, ``complex`` or ``polar`` where two layers are its
        real and imaginary part, or its modulus and phase; empty where nothing is said.
    mask_ones : str
        ``good`` or ``bad``: what ones mean in a mask that lies under another name; empty where nothing is said.
    """

    mask_markers: bool = False
    intensity: bool = False
    drop_frames: bool = False
    drop_points: bool = False
    scale_probe: bool = False
    unit: str = ""
    object_pixel: float = 0.0
    origin: tuple[float, float] | None = None
    layers: str = ""
    mask_ones: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """Options that were given, in the order in which they are followed."""
        given = {
            ADOPTING: bool(self.mask_ones),
            MASKING: self.mask_markers,
            ROOT: self.intensity,
            FRAMES: self.drop_frames,
            POINTS: self.drop_points,
            UNIT: bool(self.unit),
            ORIGIN: self.origin is not None,
            LAYERS: bool(self.layers),
            SCALE: self.scale_probe,
        }
        return tuple(option for option, said in given.items() if said)


@dataclass(frozen=True)
class Seen:
    """What is known of a file when its fixes are planned.

    Attributes
    ----------
    findings : sequence of Finding
    facts : Mapping[str, Any]
        Sizes, as a report gives them.
    view : View or None
        What the frames show; None where they cannot be looked at.
    shapes : Mapping[str, tuple of int]
        Shapes of the arrays by name.
    done : sequence of Mapping
        Steps that earlier fixes wrote into the file.
    real : frozenset of str
        Names of the arrays of real numbers.
    """

    findings: Sequence[Finding]
    facts: Mapping[str, Any]
    view: View | None
    shapes: Mapping[str, tuple[int, ...]]
    done: Sequence[Mapping[str, Any]] = ()
    real: frozenset[str] = frozenset()

    def says(self, *clauses: str) -> bool:
        """Whether something was found under one of the clauses."""
        return any(one.clause in clauses for one in self.findings)


def declared_fixes(seen: Seen, said: Declared | None = None) -> Iterator[Fix]:
    """Yield what declared fixes would do, in the order in which they are to be done.

    Parameters
    ----------
    seen : Seen
    said : Declared, optional
        What the user says; without it, what findings alone ask for.
    """
    for option, planned in _PLANS.items():
        if said is None or option in said.options:
            yield from planned(seen, said)


def held_back(seen: Seen, said: Declared) -> str:
    """Say why counts cannot become amplitudes yet; empty where they can, or nobody asked."""
    if not said.intensity or _rooted(seen):
        return ""
    if seen.says("NPZ-018", "FIL-005"):
        return f"{ROOT} was not followed: markers of the detector are no counts; add {MASKING}"
    if seen.says("FIL-017"):
        return f"{ROOT} was not followed: the values are no counts but logarithms or roots of such"
    return ""


def _fix(op: str, option: str, array: str, clause: str, change: tuple[Any, Any], **arguments: Any) -> Fix:
    before, after = change
    return Fix(op, Grade.DECLARED, array, clause, before, after, option, arguments)


def _adopting(seen: Seen, said: Declared | None) -> Iterator[Fix]:
    for one in seen.findings:
        if one.fix is not None and one.fix.op == "adopt-mask":
            yield one.fix if said is None else adopting(one.fix.arguments["from"], said.mask_ones)


def _masking(seen: Seen, _: Declared | None) -> Iterator[Fix]:
    if seen.view is None:
        return
    for clause in filter(seen.says, _BAD_PIXELS):
        pixels = _BAD_PIXELS[clause](seen.view)
        if pixels.any():
            places = [[int(n) for n in place] for place in np.argwhere(pixels)]
            masked, more = (int(one.sum()) for one in (~seen.view.measured, pixels & seen.view.measured))
            change = {"masked": masked}, {"masked": masked + more}
            yield _fix("mask-pixels", MASKING, seen.view.stack, clause, change, pixels=places)


def _always(view: View, kind: str) -> NDArray[np.bool_]:
    """Pixels that hold values of a kind in every frame, where no pixel does so now and then; masked ones too.

    Under a mask that is there they break the contract all the same, and become zero.
    """
    always = view.survey.always(kind)
    return always if np.array_equal(always, view.survey.ever(kind)) else np.zeros_like(always)


_BAD_PIXELS: dict[str, Callable[[View], NDArray[np.bool_]]] = {
    "NPZ-017": lambda view: _always(view, "non-finite"),
    "NPZ-018": lambda view: _always(view, "negative"),
    "FIL-005": lambda view: marker_pixels(view) | _always(view, "negative"),
    "FIL-006": lambda view: np.logical_or(*stuck_pixels(view)) | flickering_pixels(view),
}
"""By clause, the pixels that hold no light in any frame."""


def _root(seen: Seen, said: Declared | None) -> Iterator[Fix]:
    counted = np.arange(0) if seen.view is None else counted_rows(seen.view)
    if seen.view is not None and len(counted):
        change = {"counts": len(counted)}, {"counts": 0}
        rows = [int(row) for row in counted]
        yield _fix("root-of-frames", ROOT, seen.view.stack, "FIL-004", change, rows=rows)
        return
    if (said is None and not seen.says("NPZ-034")) or seen.view is None or _rooted(seen):
        return
    if said is not None and held_back(seen, said):
        return
    quantity = {"quantity": "counts"}, {"quantity": "amplitude"}
    yield _fix("root", ROOT, seen.view.stack, "NPZ-034", quantity)


def _frames(seen: Seen, _: Declared | None) -> Iterator[Fix]:
    if seen.view is None:
        return
    bright, dim = odd_rows(seen.view)
    lost = seen.view.survey.lost()
    if 0 < len(lost) < seen.view.M:
        # Nothing is said of the light of such a stack before they are gone.
        yield _dropped(FRAMES, seen.view.stack, "NPZ-017", lost, seen.view.M)
        return
    for clause, rows in (("FIL-003", dark_rows(seen.view)), ("FIL-004", np.union1d(bright, dim))):
        if len(rows) and seen.says(clause):
            yield _dropped(FRAMES, seen.view.stack, clause, rows, seen.view.M)


def _points(seen: Seen, _: Declared | None) -> Iterator[Fix]:
    lost = np.arange(0) if seen.view is None else seen.view.unplaced
    if seen.view is not None and 0 < len(lost) < seen.view.M and seen.says("NPZ-022"):
        # Nothing is said of the places of such a scan before they are gone.
        yield _dropped(POINTS, "xcoords", "NPZ-022", lost, seen.view.M)
        return
    rows = np.arange(0) if seen.view is None else lonely_rows(seen.view)
    if len(rows) and seen.view is not None and seen.says("FIL-015"):
        yield _dropped(POINTS, "xcoords", "FIL-015", rows, seen.view.M)


def _dropped(option: str, array: str, clause: str, rows: NDArray[np.intp], M: int) -> Fix:
    change = {"frames": M}, {"frames": M - len(rows)}
    return _fix("drop-frames", option, array, clause, change, rows=[int(row) for row in rows])


def _unit(seen: Seen, said: Declared | None) -> Iterator[Fix]:
    if said is None:
        if any(one.clause == "FIL-014" and "metres" in one.problem for one in seen.findings):
            yield _fix("scale-positions", UNIT, "xcoords", "FIL-014", ({}, {"unit": "object pixels"}))
    elif "xcoords" in seen.shapes and not _done(seen, "scale-positions", UNIT):
        change = {"unit": said.unit}, {"unit": "object pixels"}
        factor = UNITS[said.unit] / said.object_pixel
        yield _fix("scale-positions", UNIT, "xcoords", "FIL-014", change, factor=factor, about=[0.0, 0.0])


def _origin(seen: Seen, said: Declared | None) -> Iterator[Fix]:
    if said is None:
        if any(one.clause == "FIL-012" and "origin" in one.problem for one in seen.findings):
            yield _fix("shift-positions", ORIGIN, "xcoords", "FIL-012", ({}, {"origin": [0.0, 0.0]}))
    elif said.origin is not None and "xcoords" in seen.shapes:
        x, y = said.origin
        fix = _fix(
            "shift-positions",
            ORIGIN,
            "xcoords",
            "FIL-012",
            ({"origin": [x, y]}, {"origin": [0.0, 0.0]}),
            x=-x,
            y=-y,
        )
        if not _done(seen, fix.op, ORIGIN, fix.arguments):
            yield fix


def _layers(seen: Seen, said: Declared | None) -> Iterator[Fix]:
    shape = seen.shapes.get("objectGuess", ())
    parts = [axis for axis in (0, 2) if len(shape) == 3 and shape[axis] == 2 and "objectGuess" in seen.real]
    if parts and (said is None or said.layers in PARTS):
        before, after = {"parts": "two of real numbers"}, {"dtype": "complex64"}
        polar = said is not None and said.layers == "polar"
        yield _fix("join-parts", LAYERS, "objectGuess", "NPZ-026", (before, after), axis=parts[0], polar=polar)
    elif len(shape) == 3 and 1 < shape[0] < min(shape[1:]) and (said is None or said.layers not in PARTS):
        change = {"shape": list(shape)}, {"shape": list(shape[1:])}
        yield _fix("multiply-layers", LAYERS, "objectGuess", "NPZ-026", change)


def _scale(seen: Seen, _: Declared | None) -> Iterator[Fix]:
    if seen.view is None or not seen.says("FIL-011") or is_intensity(seen.view) or on_scale(seen.view):
        return
    probe, frames = powers(seen.view)
    factor = float(np.sqrt(frames / probe))
    change = {"power": probe}, {"power": frames}
    yield _fix("scale-probe", SCALE, "probeGuess", "FIL-011", change, factor=factor)


def _rooted(seen: Seen) -> bool:
    return _done(seen, "root") or _done(seen, "root-of-frames")


def _done(seen: Seen, op: str, option: str = "", arguments: Mapping[str, Any] | None = None) -> bool:
    """Whether an earlier fix did the same by the same option."""
    return any(
        one.get("op") == op
        and option in ("", one.get("option"))
        and (arguments is None or one.get("arguments") == dict(arguments))
        for one in seen.done
    )


_PLANS: Mapping[str, Callable[[Seen, Declared | None], Iterator[Fix]]] = {
    ADOPTING: _adopting,
    MASKING: _masking,
    ROOT: _root,
    FRAMES: _frames,
    POINTS: _points,
    UNIT: _unit,
    ORIGIN: _origin,
    LAYERS: _layers,
    SCALE: _scale,
}
"""What each option asks for, in the order in which they are followed."""
