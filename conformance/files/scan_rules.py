"""The clauses about scan files (NPZ), decided over one open archive."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import (
    COORDINATES,
    MASK,
    PAIRS,
    PER_POSITION,
    STACKS,
    UNITS,
    Place,
    names_of,
    required_in,
    row,
)
from conformance.files import shape_hints
from conformance.files.archive import DamagedArchive
from conformance.files.compared import equal_members, squares_of
from conformance.files.finding import Finding, Severity
from conformance.files.formats.values import Source, Stored, nbytes
from conformance.files.rules.wording import listed, stored_anew
from conformance.files.stack import (
    Content,
    StackLayout,
    beyond,
    content_of,
    first_of,
    layout_of,
    no_label,
    non_finite,
    reach_of,
)
from conformance.files.stored_text import is_json, text_of

VIOLATION, WARNING, NOTE = Severity.VIOLATION, Severity.WARNING, Severity.NOTE
KNOWN = names_of(Place.FILE)
REQUIRED = tuple(name for name in required_in(Place.FILE) if name not in STACKS)
SMALLEST_SIDE = 8
_LIGHT = frozenset(one for one in KNOWN if one in PER_POSITION or row(one, Place.FILE).dtype == "text")
_LARGE = 1 << 26


class Rules:
    """The clauses about scan files, over one open archive."""

    def __init__(self, archive: Source) -> None:
        self.archive = archive
        self.members = {name: archive.member(name) for name in archive.names if name in KNOWN}
        self.content: Content | None = None
        self.stack_name = next((name for name in STACKS if name in self.members), "diff3d")

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is to be said about the file."""
        yield from self._presence()
        yield from self._weights()
        yield from self._objects()
        yield from self._coordinates()
        yield from self._stacks()
        yield from self._probe()
        yield from self._truth()
        yield from self._mask()
        yield from self._labels()
        yield from self._units()
        yield from self.metadata()

    def facts(self) -> dict[str, Any]:
        """Sizes, as far as the headers give them."""
        layout = self.layout
        stack = self.members.get(self.stack_name)
        known: dict[str, Any] = {"members": list(self.archive.names)}
        if layout is not None and layout.frame_axis is not None and stack is not None:
            known |= {"M": min(layout.M, self._positions or layout.M), "N": layout.N, "dtype": stack.dtype.name}
            known["sides"] = list(layout.sides)
        probe = self.members.get("probeGuess")
        if probe is not None and len(probe.shape) == 2:
            known["modes"] = 1
        elif probe is not None and len(probe.shape) == 3 and (layout is None or probe.shape[1:] == layout.sides):
            known["modes"] = probe.shape[0]
        return known

    @property
    def layout(self) -> StackLayout | None:
        """How the stack lies, when there is one and the number of positions is known."""
        stack = self.members.get(self.stack_name)
        if stack is None or self._positions is None:
            return None
        return layout_of(stack.shape, self._positions)

    @property
    def _positions(self) -> int | None:
        shape, other = (self.members[name].shape if name in self.members else () for name in PAIRS[0])
        # Points that lie in a raster, in both coordinates, are as many as it has.
        raster = len(shape) == 2 and shape == other and min(shape) > 1
        return math.prod(shape) if len(shape) == 1 or raster else None

    def _presence(self) -> Iterator[Finding]:
        names = list(self.archive.names)
        frames = self.members[self.stack_name].shape if self.stack_name in self.members else ()
        for name in REQUIRED:
            if name not in self.members:
                said = shape_hints.unit_hint(name, names) or shape_hints.in_one_array(self._shapes(names), frames)
                yield Finding("NPZ-001", VIOLATION, name, f"the array is missing (found: {self._held(names)}){said}")
        if not any(name in self.members for name in STACKS):
            yield Finding(
                "NPZ-001", VIOLATION, "diff3d", f"the diffraction stack is missing (found: {self._held(names)})"
            )
        elif self.stack_name == "diffraction":
            yield Finding("NPZ-004", NOTE, "diffraction", "the stack is read under its other name")
        unknown = [name for name in self.archive.names if name not in KNOWN]
        if unknown:
            yield Finding("NPZ-008", NOTE, "archive", f"members the contract does not know: {', '.join(unknown)}")

    def _held(self, names: list[str]) -> str:
        """Members with their shapes, in words."""
        return shape_hints.named_shapes(self._shapes(names))

    def _shapes(self, names: list[str]) -> dict[str, tuple[int, ...]]:
        """Shapes of members, as far as their headers can be read."""
        found: dict[str, tuple[int, ...]] = {}
        for name in names:
            try:
                found[name] = self.archive.member(name).shape
            except DamagedArchive:
                found[name] = ()
        return found

    def _weights(self) -> Iterator[Finding]:
        """What describes the frames does not outgrow them, once it is large: nobody could read it in bounded memory."""
        held = {name: nbytes(one) for name, one in self.members.items() if not one.needs_unpickling}
        light = [name for name in held if name in _LIGHT]
        slight = sum(held[name] for name in light)
        if slight > max(_LARGE, sum(held.values()) - slight):
            problem = f"{', '.join(light)} claim {slight} bytes of {sum(held.values())}"
            yield Finding("NPZ-033", VIOLATION, "archive", problem)

    def _objects(self) -> Iterator[Finding]:
        # Where all is missing, an array of another name may hold it.
        others: dict[str, Stored] = {}
        for name in () if self.members else self.archive.names:
            with contextlib.suppress(DamagedArchive):
                others[name] = self.archive.member(name)
        for name, member in {**self.members, **others}.items():
            if member.needs_unpickling and name != "_metadata":
                yield Finding("NPZ-031", VIOLATION, name, f"the array holds Python objects, which {stored_anew(name)}")

    def _coordinates(self) -> Iterator[Finding]:
        for name in COORDINATES:
            if name in self.members and not self.members[name].needs_unpickling:
                yield from self._coordinate(name, self.members[name])
        present = [name for name in PAIRS[1] if name in self.members]
        if len(present) == 1:
            absent = next(name for name in PAIRS[1] if name not in present)
            yield Finding("NPZ-029", VIOLATION, absent, f"{present[0]} is there without it")
        elif not present:
            yield Finding("NPZ-029", NOTE, "xcoords_start", "no start coordinates: copies of the positions are used")

    def _coordinate(self, name: str, member: Stored) -> Iterator[Finding]:
        if len(member.shape) != 1 or member.dtype.kind not in _kinds(name):
            text = ", which is text: write the numbers that it spells" if member.dtype.kind in "SU" else ""
            problem = f"coordinates are (M,) real numbers, not {member.shape} {member.dtype}{text}"
            both = shape_hints.table_hint(member.shape) if "ycoords" not in self.members else ""
            yield Finding("NPZ-022", VIOLATION, name, f"{problem}{both}")
            return
        if member.shape[0] == 0:
            yield Finding("NPZ-023", VIOLATION, name, "the scan has no points")
        bad = first_of(member, non_finite)
        if bad is not None:
            small = math.prod(member.shape) < _LARGE
            others = np.flatnonzero(non_finite(member.array())) if small else np.arange(0)
            more = f"; {len(others)} positions are none: {listed(others)}" if len(others) > 1 else ""
            yield Finding("NPZ-022", VIOLATION, name, f"the position is {bad[1]}{more}", bad[0])
        yield from self._overflow(name, member, np.float64)
        if self._positions is not None and member.shape[0] != self._positions:
            yield Finding("NPZ-021", VIOLATION, name, f"{member.shape[0]} values, but xcoords has {self._positions}")

    def _stacks(self) -> Iterator[Finding]:
        held = [self.members[name] for name in STACKS if name in self.members]
        if len(held) == 2 and not equal_members(*held):
            problem = f"diff3d and diffraction are both there and differ{squares_of(*held)}"
            yield Finding("NPZ-006", VIOLATION, "diff3d", problem)
        stack = self.members.get(self.stack_name)
        if stack is None or stack.needs_unpickling:
            return
        name = self.stack_name
        if stack.dtype.kind not in _kinds(name):
            waves = ": of waves at the detector, take the modulus" if stack.dtype.kind == "c" else ""
            yield Finding("NPZ-016", VIOLATION, name, f"amplitudes are real numbers, not {stack.dtype}{waves}")
        if self.layout is not None:
            yield from self._shape(name, stack, self.layout)
        if stack.dtype.kind in _kinds(name) and len(stack.shape) == 3 and 0 not in stack.shape:
            self.content = content_of(stack, self.layout, self.members.get(MASK))
            yield from self._content(name, self.content)

    def _shape(self, name: str, stack: Stored, layout: StackLayout) -> Iterator[Finding]:
        if layout.frame_axis is None:
            hint = shape_hints.stack_hint(stack.shape, self._positions or 0)
            problem = f"a stack {stack.shape} does not fit {self._positions} positions{hint}"
            yield Finding("NPZ-012", VIOLATION, name, problem)
            return
        if layout.frame_axis == 2:
            yield Finding("NPZ-010", NOTE, name, "the legacy layout (N, N, M): frames are taken along the last axis")
        yield from self._frame_sides(name, layout)
        positions, frames = self._positions or 0, layout.M
        if positions and not frames:
            yield Finding("NPZ-023", VIOLATION, name, f"the scan has no frames for its {positions} positions")
            return
        if frames > positions:
            hint = shape_hints.several_hint(frames, positions, self.members)
            yield Finding("NPZ-019", VIOLATION, name, f"{frames} frames, but only {positions} positions{hint}")
        elif frames < positions:
            problem = f"{positions} positions for {frames} frames: the last {positions - frames} are dropped"
            yield Finding("NPZ-020", WARNING, "xcoords", problem)

    def _frame_sides(self, name: str, layout: StackLayout) -> Iterator[Finding]:
        rows, columns = layout.sides
        if rows != columns:
            yield Finding(
                "NPZ-013",
                VIOLATION,
                name,
                f"frames are {rows} x {columns}, not square{shape_hints.sides_hint(rows, columns)}",
            )
        elif rows % 2 or rows < SMALLEST_SIDE:
            yield Finding("NPZ-014", VIOLATION, name, f"the side N = {rows} is no even number from {SMALLEST_SIDE} on")

    def _content(self, name: str, content: Content) -> Iterator[Finding]:
        dtype = self.members[name].dtype
        axes = "(frame, row, column)" if self.layout is None or self.layout.frame_axis != 2 else "(row, column, frame)"
        if content.non_finite is not None:
            index, value = content.non_finite
            problem = f"the value is {value}, at {axes}{reach_of(content, 'non-finite', dtype)}"
            yield Finding("NPZ-017", VIOLATION, name, problem, index)
        if content.overflowing is not None:
            index, value = content.overflowing
            yield Finding("NPZ-038", VIOLATION, name, f"float32 cannot hold the value {value}, at {axes}", index)
        if content.negative is not None:
            index, value = content.negative
            problem = f"the value is {value}, at {axes}{reach_of(content, 'negative', dtype)}"
            yield Finding("NPZ-018", VIOLATION, name, problem, index)
        if content.counts_evidence:
            yield Finding("NPZ-034", WARNING, name, f"looks like intensity, not amplitude: {content.counts_evidence}")

    def _numbers(self, name: str, clause: str) -> Iterator[Finding]:
        """Findings about an array that must hold finite numbers, real or complex."""
        member = self.members[name]
        if member.dtype.kind not in _kinds(name):
            # Named fields are read as bytes alone: real and imaginary part, as some tools keep them.
            fields = ", but records of fields (real and imag?): write them as one complex array"
            records = fields if member.dtype.kind == "V" else ""
            yield Finding(clause, VIOLATION, name, f"the values are {member.dtype}, no numbers{records}")
            return
        bad = first_of(member, non_finite)
        if bad is not None:
            yield Finding(clause, VIOLATION, name, f"the value is {bad[1]}", bad[0])
        yield from self._overflow(name, member, np.complex64)

    def _overflow(self, name: str, member: Stored, dtype: type[np.inexact[Any]]) -> Iterator[Finding]:
        """A value that becomes infinite where the contract converts it."""
        if member.dtype.kind not in "fc" or np.finfo(member.dtype).max <= np.finfo(np.dtype(dtype)).max:
            return
        bad = first_of(member, lambda block: beyond(block, dtype))
        if bad is not None:
            problem = f"{np.dtype(dtype).name} cannot hold the value {bad[1]}"
            yield Finding("NPZ-038", VIOLATION, name, problem, bad[0])

    def _probe(self) -> Iterator[Finding]:
        probe = self.members.get("probeGuess")
        if probe is None or probe.needs_unpickling:
            return
        yield from self._numbers("probeGuess", "NPZ-025")
        layout = self.layout
        if layout is None or layout.frame_axis is None:
            return
        N, shape = layout.N, probe.shape
        if layout.sides != (N, N):
            return
        squeezed = shape[:2] if len(shape) == 3 and shape[2] == 1 and shape[:2] == (N, N) else shape
        hint = shape_hints.probe_hint(shape, N, real=probe.dtype.kind != "c")
        if len(squeezed) not in (2, 3) or squeezed[-2:] != (N, N) or 0 in squeezed:
            yield Finding(
                "NPZ-025",
                VIOLATION,
                "probeGuess",
                f"a probe is ({N}, {N}) or (P, {N}, {N}) like the frames, not {shape}{hint}",
            )

    def _truth(self) -> Iterator[Finding]:
        held = [n for n in ("objectGuess", "Y") if n in self.members and not self.members[n].needs_unpickling]
        for name in held:
            clause = "NPZ-026" if name == "objectGuess" else "NPZ-027"
            yield from self._numbers(name, clause)
            yield from self._truth_shape(name, clause, self.members[name].shape)
        if not held:
            yield Finding("NPZ-026", NOTE, "objectGuess", "no ground truth: neither objectGuess nor Y")

    def _truth_shape(self, name: str, clause: str, shape: tuple[int, ...]) -> Iterator[Finding]:
        if name == "objectGuess":
            hint = shape_hints.object_hint(shape, real=self.members[name].dtype.kind != "c")
            if len(shape) != 2:
                yield Finding(clause, VIOLATION, name, f"an object is (H, W), not {shape}{hint}")
            return
        layout = self.layout
        if layout is None or layout.frame_axis is None:
            return
        wanted = (layout.M, layout.N, layout.N)
        if (shape[:3] if len(shape) == 4 and shape[3] == 1 else shape) != wanted:
            yield Finding(clause, VIOLATION, name, f"patches are {wanted}, not {shape}")

    def _mask(self) -> Iterator[Finding]:
        mask, layout = self.members.get(MASK), self.layout
        if mask is None or mask.needs_unpickling:
            return
        sides = mask.shape if layout is None or layout.frame_axis is None else layout.sides
        if mask.dtype.kind not in _kinds(MASK) or mask.shape != sides:
            M = None if layout is None else layout.M
            problem = f"a mask is boolean {sides} like the frames, not {mask.dtype} {mask.shape}"
            problem += shape_hints.mask_hint(mask.shape, sides, M)
            yield Finding("NPZ-047", VIOLATION, MASK, problem)

    def _labels(self) -> Iterator[Finding]:
        member = self.members.get("scan_index")
        if member is None or member.needs_unpickling:
            return
        if len(member.shape) != 1 or member.dtype.kind not in _kinds("scan_index") or member.shape[0] == 0:
            problem = f"labels are (M,) integers, not {member.shape} {member.dtype}"
            yield Finding("NPZ-028", VIOLATION, "scan_index", problem)
            return
        fitting = [self._positions, self.layout and self.layout.M]
        if None not in fitting and member.shape[0] not in fitting:
            problem = "{} labels for {} positions and {} frames".format(member.shape[0], *fitting)
            yield Finding("NPZ-028", VIOLATION, "scan_index", problem)
        bad = first_of(member, no_label)
        if bad is not None:
            yield Finding("NPZ-039", VIOLATION, "scan_index", f"the label {bad[1]} is no whole number", bad[0])

    def _units(self) -> Iterator[Finding]:
        names = tuple(name for name in KNOWN if row(name, Place.FILE).values)
        declared = tuple(text_of(self.members[name]) if name in self.members else None for name in names)
        if not any(name in self.members for name in names):
            return
        absent = [name for name in names if name not in self.members]
        if declared not in UNITS:
            yield Finding(
                "NPZ-036",
                VIOLATION,
                absent[0] if absent else names[1],
                f"the declared units {declared} are no pair of the contract",
            )
        elif declared == UNITS[1]:
            yield Finding("NPZ-036", NOTE, names[1], "the file declares that it holds count intensity, not amplitude")

    def metadata(self) -> Iterator[Finding]:
        """Yield what is to be said about the metadata alone."""
        member = self.members.get("_metadata")
        if member is None:
            return
        text = text_of(member)
        if text is None or not is_json(text):
            yield Finding("NPZ-030", WARNING, "_metadata", "it is no JSON text, and is skipped")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the canonical arrays of a file without violations."""
        layout, members = self.layout, self.members
        if layout is None:
            raise DamagedArchive("the file changed while it was read")
        M = layout.M
        stack = np.moveaxis(members[self.stack_name].array(), layout.frame_axis or 0, 0)
        probe = members["probeGuess"].array()
        found: dict[str, NDArray[Any]] = {
            name: members[name].array()[:M].astype(np.float64) for name in COORDINATES if name in members
        }
        found["diff3d"] = np.ascontiguousarray(stack, dtype=np.float32)
        found["probeGuess"] = _squeezed(probe, 2).astype(np.complex64)
        if "scan_index" in members:
            found["scan_index"] = members["scan_index"].array()[:M].astype(np.int64)
        if "objectGuess" in members:
            found["objectGuess"] = members["objectGuess"].array().astype(np.complex64)
        if "Y" in members:
            found["Y"] = _squeezed(members["Y"].array(), 3).astype(np.complex64)
        if MASK in members:
            found[MASK] = np.array(members[MASK].array())
        return found


def _kinds(name: str) -> str:
    """NumPy's letters of the dtypes that a file may hold an array in."""
    return row(name, Place.FILE).kinds


def _squeezed(values: NDArray[Any], rank: int) -> NDArray[Any]:
    return values[..., 0] if values.ndim == rank + 1 and values.shape[-1] == 1 else values
