"""Says what a file of another format holds of a scan and lacks (FIL-002), and judges its frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.files import signs
from conformance.files.ahead import read_ahead
from conformance.files.finding import Finding, Severity
from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Format, Geometry, Part, Quantity
from conformance.files.implausible import no_step
from conformance.files.neighbours import typical_step
from conformance.files.placed import TABLE, in_pixels, require_near
from conformance.files.polarity import decided
from conformance.files.rules.axes_first import detector_first
from conformance.files.rules.looking import view_of
from conformance.files.rules.ordered import other_lines
from conformance.files.rules.table import findings_of
from conformance.files.rules.view import View
from conformance.files.rules.wording import raster_of, unpaired
from conformance.files.shape_hints import sides_hint
from conformance.files.shown import as_shown
from conformance.files.stack import Content, reach_of
from conformance.files.survey import Survey
from conformance.files.unfit import UnfitFile

_MOST_PIXELS, _MOST_POINTS = 1 << 22, 2000
_WORDS = {
    "diff3d": "frames",
    "xcoords": "positions",
    "probeGuess": "a probe",
    "objectGuess": "an object",
    "bad_pixels": "a mask",
}
_NEEDED = ("diff3d", "xcoords", "probeGuess")
_AT_CORNER = "zero frequency stands at [0, 0]"


def examine_foreign(path: Path, form: Format, found: list[Finding]) -> tuple[dict[str, Any], View | None]:
    """Say what a file of another format holds and lacks (FIL-002), judge its frames; return sizes and view.

    Parameters
    ----------
    path : Path
    form : Format
        The format that recognises it.
    found : list of Finding
        What is found is added to it.

    Raises
    ------
    OSError, UnfitFile, DamagedArchive
        The file cannot be read.
    """
    with form.opened(path) as opened:
        try:
            held, said = _with_shown_quantity(opened.with_sizes())
            held = _with_mask(held, found)
        except UnfitFile:
            # What cannot be read is called by its name all the same.
            found.append(Finding("FIL-002", Severity.VIOLATION, "file", _described(opened, path)))
            raise
        found.extend(Finding("FIL-002", Severity.NOTE, "diff3d", one) for one in said)
        found.append(Finding("FIL-002", Severity.VIOLATION, "file", _described(held, path)))
        found.extend(Finding("FIL-002", Severity.NOTE, "file", note) for note in _notes(held))
        frames = held.parts.get("diff3d")
        found.extend(Finding("FIL-023", Severity.WARNING, "file", one) for one in _contradictions(held))
        found.extend(_of_no_scan(held))
        facts: dict[str, Any] = {"members": list(held.members), "format": held.format}
        if frames is None or len(frames.values.shape) != 3 or 0 in frames.values.shape:
            return facts, None
        M, *sides = frames.values.shape
        facts |= {"M": M, "N": sides[0], "sides": sides, "dtype": frames.values.dtype.name}
        if sides[0] * sides[1] > _MOST_PIXELS:
            return facts, None
        view = _view(held, frames, found)
        apart = list(_numbers_apart(held, frames))
        # Frames along another axis than the first are none to be judged.
        exchanged = detector_first(view, frames.raster) if frames.raster is not None else ""
        found.extend([Finding("NPZ-012", Severity.VIOLATION, "diff3d", exchanged)] if exchanged else apart)
        turned = bool(exchanged) or any("last axis" in one.problem for one in apart)
        found.extend(() if turned else _as_stored(findings_of(view), frames, held.format))
        found.extend(() if turned else _no_light(view))
        if frames.raster is not None and not exchanged and (lines := other_lines(view, frames.raster)):
            found.append(Finding("FIL-014", Severity.WARNING, "diff3d", lines))
        return facts, view


def _contradictions(held: Description) -> Iterator[str]:
    yield from held.contradictions
    frames = held.parts.get("diff3d")
    if (
        frames is not None
        and len(frames.values.shape) == 3
        and (odd := held.geometry.contradiction(frames.values.shape[1]))
    ):
        yield odd


def _with_shown_quantity(held: Description) -> tuple[Description, tuple[str, ...]]:
    """The description with frames that are what their values show, and what that contradicts."""
    frames = held.parts.get("diff3d")
    if frames is None:
        return held, ()
    shown, said = as_shown(frames)
    if not said:
        return held, ()
    assumed = tuple(one for one in held.assumed if one != FRAMES_ARE_COUNTS)
    return replace(held, parts={**held.parts, "diff3d": shown}, assumed=assumed), (said,)


def _with_mask(held: Description, found: list[Finding]) -> Description:
    """The description with a mask of which it is known what its numbers mean, or without one."""
    frames, mask = held.parts.get("diff3d"), held.parts.get("bad_pixels")
    if frames is None or mask is None or len(frames.values.shape) != 3:
        return held
    rest = {name: part for name, part in held.parts.items() if name != "bad_pixels"}
    try:
        return replace(held, parts=rest | {"bad_pixels": decided(mask, frames.values, None)})
    except UnfitFile as error:
        found.append(Finding(error.clause, Severity.WARNING, "bad_pixels", f"{error.array}: {error.problem}"))
        return replace(held, parts=rest)


def _as_stored(found: Iterable[Finding], frames: Part, name: str) -> Iterator[Finding]:
    """Findings about the frames as the file has them: what was rolled to be read stood elsewhere before."""
    rolled = any(_AT_CORNER in trap for trap in frames.traps)
    for one in found:
        if one.clause == "FIL-010" and "in the corner" in one.problem and rolled:
            _, _, shown = one.problem.partition(": ")
            problem = (
                f"the zero frequency stands in the middle already, where {name} has it at [0, 0]; rolled as there, "
            )
            yield replace(one, problem=f"{problem}{shown}")
        else:
            yield one


def _no_light(view: View) -> Iterator[Finding]:
    """Measured values that are no light, in numbers as stored: once they are converted they tell no more why."""
    first = view.survey.first
    value = np.nan if first.dtype.kind == "f" and np.isnan(first).any() else np.inf
    for kind, clause, word in (("non-finite", "NPZ-017", "no finite numbers"), ("negative", "NPZ-018", "below zero")):
        odd = view.survey.ever(kind) & view.measured
        # What is below zero in every frame is a marker, and told as such (FIL-005); what is in good part, noise.
        whole = first.dtype.kind in "iu" and (odd & ~view.survey.always(kind)).any()
        if odd.any() and (kind == "non-finite" or whole or signs.wrapped_negative(view.survey)):
            index = (0, *(int(n) for n in np.argwhere(odd)[0]))
            content = Content((index, value) if kind == "non-finite" else None, None, None, "", survey=view.survey)
            problem = f"values are {word}{reach_of(content, kind, view.dtype)}"
            yield Finding(clause, Severity.VIOLATION, "diff3d", problem)


def _numbers_apart(held: Description, frames: Part) -> Iterator[Finding]:
    """What is converted is known to fit: positions for the frames (FIL-023), a mask for their pixels (FIL-024)."""
    shape, mask = frames.values.shape, held.parts.get("bad_pixels")
    if shape[1] != shape[2] and not ("xcoords" in held.parts and held.parts["xcoords"].values.shape[0] == shape[-1]):
        problem = f"frames are {shape[1]} x {shape[2]}, not square{sides_hint(*shape[1:])}"
        yield Finding("NPZ-013", Severity.VIOLATION, "diff3d", problem)
    points = held.parts["xcoords"].values.shape[0] if "xcoords" in held.parts else shape[0]
    if points != shape[0]:
        last = ": the last axis counts the frames, as MATLAB has it" if points == shape[-1] else ""
        problem = f"{points} positions for {shape[0]} frames {shape}{last}" if last else unpaired(points, shape[0])
        yield Finding("FIL-023", Severity.VIOLATION, "xcoords", problem)
    if held.stated > shape[0]:
        problem = (
            f"the file says that it has {held.stated} frames, and holds {shape[0]}: some were not written, or lost"
        )
        yield Finding("FIL-023", Severity.WARNING, "diff3d", problem)
    if mask is not None and mask.values.shape not in (shape[1:], shape):
        problem = f"the mask is {mask.values.shape}, the frames are {shape[1:]}: it is not used"
        yield Finding("FIL-024", Severity.WARNING, "bad_pixels", problem)
    elif mask is not None and mask.values.array().all():
        yield Finding("FIL-024", Severity.WARNING, "bad_pixels", "the mask leaves out all pixels: is 0 meant for good?")


def _view(held: Description, frames: Part, found: list[Finding]) -> View:
    """Make the view of the parts of a scan, with positions in object pixels where the geometry is known."""
    M, rows, columns = frames.values.shape
    survey = Survey(M, (rows, columns))
    offset = 0
    for block in read_ahead(frames.values.blocks()):
        survey.add(block, slice(offset, offset + len(block)), slice(None), slice(None))
        offset += len(block)
    parts = dict(held.parts)
    metres = {name: part for name, part in parts.items() if part.quantity is Quantity.METRE}
    if metres:
        known = held.geometry.pixel_of(rows) is not None
        parts |= in_pixels(metres, held.geometry, rows) if known else {}
        apart = list(_far_apart(parts, rows, held.geometry)) if known else []
        found.extend(apart)
        if apart:
            # Positions of another unit tell no more than that.
            parts = {name: part for name, part in parts.items() if name not in metres}
    members = {name: part.values for name, part in parts.items() if part.quantity is not Quantity.METRE}
    counts = frames.quantity is Quantity.COUNTS
    return view_of(members, survey, "diff3d", frames.values.dtype, counts, members.get("bad_pixels"))


def _of_no_scan(held: Description) -> Iterator[Finding]:
    """Positions in metres that no scan has, where no frames say how large a pixel of the object is (FIL-023)."""
    pair = [held.parts.get(name) for name in ("xcoords", "ycoords")]
    x, y = (None if one is None or one.quantity is not Quantity.METRE else one.values.array() for one in pair)
    if x is None or y is None or x.ndim != 1 or x.shape != y.shape or pair[0] is None:
        return
    frames, probe = held.parts.get("diff3d"), held.parts.get("probeGuess")
    side = probe.values.shape[-1] if probe is not None and probe.values.shape else 0
    if frames is not None and held.geometry.pixel_of(frames.values.shape[-1]) is not None:
        return
    size = held.geometry.object_pixel
    if size is not None and frames is None and side and min(size) > 0:
        try:
            require_near(x / size[1], y / size[0], side, Geometry(object_pixel=size), pair[0].metres)
        except UnfitFile as error:
            yield Finding(error.clause, Severity.WARNING, "xcoords", error.problem)
        return
    points = np.stack([x, y], axis=1).astype(np.float64)
    said = no_step(typical_step(points, _MOST_POINTS), pair[0].metres) if np.isfinite(points).all() else ""
    if said:
        yield Finding("FIL-023", Severity.WARNING, "xcoords", f"{said} Say --positions-unit")


def _far_apart(parts: Mapping[str, Part], N: int, geometry: Geometry) -> Iterator[Finding]:
    """What positions in pixels say of the units that they came from (FIL-023)."""
    try:
        x, y = parts["xcoords"], parts["ycoords"]
        require_near(x.values.array(), y.values.array(), N, geometry, x.metres)
    except UnfitFile as error:
        yield Finding(error.clause, Severity.WARNING, "xcoords", error.problem)


def _described(held: Description, path: Path) -> str:
    parts = {*held.parts, *(["xcoords"] if TABLE in held.parts else [])}
    has = [word for name, word in _WORDS.items() if name in parts]
    frames = held.parts.get("diff3d")
    lacks = [word.removeprefix("a ") for name, word in _WORDS.items() if name in _NEEDED and name not in parts]
    said = [f"this is {held.format}: {_and(has) or 'nothing of a scan'}" + (f", no {_and(lacks)}" if lacks else "")]
    traps = [trap for name in _NEEDED if name in held.parts for trap in _traps(held.parts[name])]
    if traps:
        said.append(_and(traps))
    if held.advice:
        said.append(held.advice)
    if lacks:
        said.extend(held.passed_over)
    if frames is not None and frames.raster is not None and "positions" in lacks:
        said.append(raster_of(*frames.raster))
    if frames is not None and 0 in frames.values.shape:
        said.append(f"its frames {frames.source} {frames.values.shape} hold nothing: a measurement that was aborted?")
    partner = " PARTNER" if lacks else ""
    command = f"ptycho-conformance convert {path.name}{partner} OUT.npz"
    return f"{'; '.join(said)}. To write a scan file: {command}"


def _notes(held: Description) -> Iterator[str]:
    """What is taken for granted about a file, what is left out, and how its frames are turned."""
    yield from held.assumed
    yield from (f"not used: {name}" for name in held.dropped)
    for name in ("diff3d", "bad_pixels"):
        if name in held.parts and (held.orientation.exif != 1 or name == "bad_pixels"):
            yield from held.parts[name].changes


def _traps(part: Part) -> Iterator[str]:
    """What goes wrong with an array that is renamed and nothing else."""
    unit = {Quantity.COUNTS: FRAMES_ARE_COUNTS, Quantity.METRE: "positions are in metres"}.get(part.quantity)
    if unit:
        yield unit
    yield from part.traps


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
