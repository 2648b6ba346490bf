"""Two arrays that should agree and do not, and how well a mistake gives the one that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from conformance.contract.types import Array

LISTING = ("frame", "group", "position", "channel", "mode")
"""Axes along which things are listed, so that they can be in another order."""
SMALL = 20_000
LOOSE = 0.1
"""Part of the difference that a mistake may leave open and still be possible."""
TIGHT = 0.02
"""Part of the difference that a mistake may leave open and still be certain."""
_SAMPLE = 4096
_LARGEST = 16_000_000
_PROBES = 512
_MOST_WIDE = 1_000_000


@dataclass(frozen=True, eq=False)
class Comparison:
    """What was seen, what was expected, and the tolerance.

    Attributes
    ----------
    seen, expected : ndarray
        Of one shape: float64 or complex128, or of very many numbers as narrow as they were handed in.
    axes : tuple of str
        Name of every axis; ``axis 0`` and so on where nobody named them.
    rtol, atol : float
        Tolerance of the check.
    dtypes : tuple of dtype
        Types as they were handed in.
    sizes : dict of str to float
        Numbers that a wrong factor may be made of, by name.
    whole : Comparison or None
        The larger comparison that this is a part of.
    kept : ndarray or None
        Places of the part along the listing axis of the whole.
    origin : Comparison or None
        The comparison that this is a part or a sample of.
    complete : bool
        Whether every value takes part.
    shape : tuple of int
        Shape as handed in, with every value.
    """

    seen: Array
    expected: Array
    axes: tuple[str, ...]
    rtol: float
    atol: float
    dtypes: tuple[np.dtype[Any], np.dtype[Any]]
    sizes: dict[str, float] = field(default_factory=dict)
    whole: Comparison | None = None
    kept: Array | None = None
    origin: Comparison | None = None
    complete: bool = True
    shape: tuple[int, ...] = ()

    @staticmethod
    def of(
        seen: Array,
        expected: Array,
        axes: Sequence[str],
        rtol: float,
        atol: float,
        sizes: dict[str, float] | None = None,
    ) -> Comparison:
        """Compare two arrays of one shape; of very large ones only a part is taken.

        Parameters
        ----------
        seen, expected : ndarray
            Arrays of one shape.
        axes : sequence of str
            Names of the axes; others than there are: they are numbered.
        rtol, atol : float
            Relative and absolute tolerance: ``atol + rtol * |expected|``.
        sizes : dict of str to float, optional
            Numbers that a wrong factor may be made of.
        """
        named = tuple(axes) if len(axes) == seen.ndim else tuple(f"axis {i}" for i in range(seen.ndim))
        dtypes, shape = (seen.dtype, expected.dtype), seen.shape
        if seen.ndim == 0:
            seen, expected, named = seen.reshape(1), expected.reshape(1), ("axis 0",)
        made = Comparison(seen, expected, named, rtol, atol, dtypes, dict(sizes or {}), shape=shape)
        if seen.size > _LARGEST:
            count = max(1, _LARGEST * seen.shape[made.listing] // seen.size)
            made = made._part(np.unique(np.linspace(0, seen.shape[made.listing] - 1, count).astype(np.intp)))
            made = replace(made, whole=None, origin=None, complete=False)
        # Very many numbers stay as narrow as they are; only parts of them are worked on.
        narrow = seen.size > _MOST_WIDE and {seen.dtype, expected.dtype} <= {np.dtype("f4"), np.dtype("c8")}
        return made if narrow and seen.dtype == expected.dtype else made._wide()

    def _wide(self) -> Comparison:
        kind = np.complex128 if "c" in (self.seen.dtype.kind, self.expected.dtype.kind) else np.float64
        return replace(self, seen=self.seen.astype(kind), expected=self.expected.astype(kind))

    @property
    def root(self) -> Comparison:
        """The comparison that everything is a part of."""
        return self if self.origin is None else self.origin.root

    def picked(self, array: Array) -> Array:
        """Return the part of an array of the full shape that takes part."""
        part = array if self.complete or self.kept is None else np.take(array, self.kept, self.listing)
        return np.reshape(part, self.seen.shape)

    def part_of(self, whole: Comparison, array: Array) -> Array:
        """Return what this comparison, a part of another or that one itself, holds of an array of the other's shape."""
        return array if self is whole or self.kept is None else np.take(array, self.kept, self.listing)

    @cached_property
    def listing(self) -> int:
        """Axis along which a part is taken."""
        return next((i for i, name in enumerate(self.axes) if name in LISTING[:3]), 0)

    @cached_property
    def named(self) -> bool:
        """Whether somebody named the axes."""
        return not any(name.startswith("axis ") for name in self.axes)

    @property
    def is_complex(self) -> bool:
        """Whether the values are complex."""
        return self.expected.dtype.kind == "c"

    @cached_property
    def scale(self) -> float:
        """Largest finite modulus that was seen."""
        return _largest(self.seen)

    @cached_property
    def gap(self) -> Array:
        """Distance of seen from expected, for each value."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(np.abs(self.seen - self.expected))

    @cached_property
    def span(self) -> float:
        """Largest difference; infinity where something seen is not finite."""
        largest = float(self.gap.max(initial=0.0))
        return largest if np.isfinite(largest) else np.inf

    @cached_property
    def allowed(self) -> Array:
        """Distance that counts as agreement, for each value."""
        with np.errstate(invalid="ignore", over="ignore"):
            # Mistakes are computed in float64, and were made in float32.
            moduli = np.nan_to_num(np.abs(self.seen), nan=0.0, posinf=0.0)
            return np.asarray(max(self.atol, 1e-5 * self.scale) + max(self.rtol, 2e-5) * moduli)

    @cached_property
    def probes(self) -> tuple[Array, ...]:
        """A few places, most of them where the arrays differ."""
        rng = np.random.default_rng(0)
        differs = np.flatnonzero(~(self.gap <= 0.1 * self.span))
        some = rng.choice(differs, min(_PROBES, len(differs)), replace=False) if len(differs) else differs
        places = np.concatenate([some, rng.integers(0, self.seen.size, _PROBES // 4)])
        return tuple(np.unravel_index(places, self.seen.shape))

    def misfit(self, given: Array) -> float:
        """Largest distance of what a mistake gives from what was seen, as a part of the difference; inf if too far."""
        if given.shape != self.seen.shape or self.seen.size == 0:
            return np.inf
        if self.seen.size > 2 * _PROBES and not np.isfinite(self._gap(given[self.probes], self.probes)):
            return np.inf
        return self._gap(given, ())

    def _gap(self, given: Array, at: tuple[Array, ...]) -> float:
        seen, allowed = (self.seen[at], self.allowed[at]) if at else (self.seen, self.allowed)
        with np.errstate(invalid="ignore", over="ignore"):
            gap = np.abs(given - seen)
            if not (gap <= allowed).all():
                gap = np.where((given == seen) | (np.isnan(given) & np.isnan(seen)), 0.0, gap)
                if not (gap <= allowed).all():
                    return np.inf
        left = float(gap.max(initial=0.0))
        part = left / self.span if self.span > 0 else np.inf
        return part if part <= LOOSE else np.inf

    def distance(self, given: Array) -> float:
        """Largest distance of what a mistake gives from what was seen, as a part of the largest value seen."""
        with np.errstate(invalid="ignore", over="ignore"):
            gap = np.abs(given - self.seen)
        return _largest(np.where(np.isfinite(gap), gap, 0.0), none=0.0) / self.scale

    @cached_property
    def differing(self) -> Array:
        """Where the arrays differ clearly."""
        return np.asarray(~(self.gap <= np.minimum(5 * self.allowed, 0.1 * self.span)))

    def distinct(self, *, also_seen: bool) -> int:
        """How many different values were expected where the arrays differ, or seen there if that counts as well."""
        some = self.sample
        counted = (some.expected, some.seen) if also_seen else (some.expected,)
        return max(_distinct(values[some.differing]) for values in counted)

    def distinct_seen(self, where: Array) -> int:
        """How many different values were seen at some places."""
        return _distinct(self.seen[where]) if where.any() else 0

    def taken(self, order: Array, axis: int) -> Array:
        """Return the expected slices in another order along an axis."""
        if self.whole is not None and self.kept is not None and axis == self.listing:
            return np.take(self.whole.expected, order[self.kept], axis)
        return np.take(self.expected, order, axis)

    def along(self, axis: int) -> Comparison:
        """The comparison that holds every slice along an axis."""
        return self.whole if self.whole is not None and axis == self.listing else self

    @cached_property
    def small(self) -> Comparison:
        """A part that is quick to work on: whole slices, those that differ first."""
        of_images = "row" in self.axes and self.axes[self.listing] not in LISTING
        if self.seen.size <= SMALL or self.seen.ndim < 2 or self.seen.shape[self.listing] < 2 or of_images:
            return self
        count = max(2, SMALL * self.seen.shape[self.listing] // self.seen.size)
        others = tuple(i for i in range(self.seen.ndim) if i != self.listing)
        differs = ~(self.gap.max(axis=others) <= 0.1 * self.span)
        wrong, right = np.flatnonzero(differs), np.flatnonzero(~differs)
        chosen = (
            wrong[np.unique(np.linspace(0, len(wrong) - 1, count).astype(np.intp))] if len(wrong) else right[:count]
        )
        return self._part(np.union1d(chosen, right[:1]))

    def _part(self, kept: Array) -> Comparison:
        seen, expected = (np.take(values, kept, self.listing) for values in (self.seen, self.expected))
        return replace(self, seen=seen, expected=expected, whole=self, kept=kept, origin=self)._wide()

    @cached_property
    def sample(self) -> Comparison:
        """Single values, for what happens to every value by itself."""
        if self.seen.size <= 2 * _SAMPLE:
            return self
        rng = np.random.default_rng(1)
        places = (
            rng.integers(0, self.seen.size, 64 * _SAMPLE)
            if self.seen.size > 64 * _SAMPLE
            else np.arange(self.seen.size)
        )
        differs = places[~(self.gap.ravel()[places] <= 0.1 * self.span)]
        if not len(differs):
            differs = np.flatnonzero(~(self.gap <= 0.1 * self.span))
        places = np.union1d(differs[:: max(1, len(differs) // _SAMPLE)], rng.choice(places, _SAMPLE // 4))
        at = np.unravel_index(places, self.seen.shape)
        single = replace(self, seen=self.seen[at], expected=self.expected[at], whole=None, kept=None)
        return replace(single, axes=("axis 0",), origin=self)._wide()

    @property
    def swapped(self) -> Comparison:
        """The comparison the other way round."""
        return replace(self, seen=self.expected, expected=self.seen, dtypes=self.dtypes[::-1])

    def only(self, axis: int, place: int) -> Comparison:
        """The comparison of one slice, without its axis."""
        seen, expected = (np.take(values, place, axis) for values in (self.seen, self.expected))
        axes = self.axes[:axis] + self.axes[axis + 1 :]
        return replace(self, seen=seen, expected=expected, axes=axes, shape=seen.shape, whole=None, kept=None)

    def against(self, expected: Array) -> Comparison:
        """The comparison with something else expected."""
        return replace(self, expected=np.asarray(expected), whole=None, kept=None)


def _distinct(values: Array) -> int:
    return len(np.unique(np.round(values / (_largest(values) or 1.0), 6)))


def _largest(values: Array, none: float = 1.0) -> float:
    moduli = np.abs(values)
    finite = moduli[np.isfinite(moduli)]
    return float(finite.max(initial=0.0)) or none
