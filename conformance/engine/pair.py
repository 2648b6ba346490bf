"""Two backends that are asked the same, and when their answers are equal enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from conformance.backends.dependencies import missing_dependency_in
from conformance.backends.discovery import carried
from conformance.backends.subject import Subject
from conformance.contract.arrays import ARRAYS, axes_of, carried_arrays
from conformance.contract.clauses import contract
from conformance.contract.versions import wordings
from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.tensors import as_numpy, dtype_name

Named = Mapping[str, Any]

# Both sides compute in float32 where the contract says float32, in an order of their own.
RTOL, ATOL = 2e-5, 1e-6


class Pair:
    """Two subjects and the record of what was compared between them.

    Parameters
    ----------
    first, second : Subject
        The first is what the second is held against.
    evidence : Evidence
        Counts what is compared.
    version : str
        Version of the contract; empty means the one that ships.

    Attributes
    ----------
    shared : frozenset of str
        Arrays left to backends that both carry, as far as the version knows them; others are passed over.
    """

    def __init__(self, first: Subject, second: Subject, evidence: Evidence, version: str = "") -> None:
        self.first, self.second, self.evidence = first, second, evidence
        both = carried(first.selected.adapter) & carried(second.selected.adapter)
        known = wordings(version) if version else contract()
        self.shared = frozenset(one.name for one in ARRAYS if one.carried and one.name in both and one.clause in known)
        self._passed_over = carried_arrays() - self.shared

    def compares(self, name: str) -> bool:
        """Whether an array is compared."""
        return name not in self._passed_over

    def results(self, action: Callable[[Subject], Any]) -> tuple[Any, Any]:
        """Do the same on both sides; what breaks on one side only is a divergence."""
        outcomes, errors = [], []
        for subject in (self.first, self.second):
            try:
                outcomes.append(action(subject))
            except Exception as error:
                if missing_dependency_in(error):
                    raise
                errors.append(f"{subject.name} ended in {type(error).__name__}: {error}")
        if errors:
            raise Violation(" ".join(errors))
        return outcomes[0], outcomes[1]

    def close(
        self, seen: Any, expected: Any, what: str, axes: tuple[str, ...] = (), *, atol: float = 0.0, wide: bool = False
    ) -> None:
        """Require equal shape, and values as close as two orders of float32 arithmetic are, or ``atol``.

        Dtypes must be equal, or with ``wide`` of one kind.

        Parameters
        ----------
        seen, expected : array_like, tensor or None
            What the second and the first subject gave.
        what : str
            Name of the array, for the sentence.
        axes : tuple of str
            Names of the axes, so that a difference can be explained.
        atol : float
            Absolute tolerance, where rounding at the scale of the largest value is not enough.
        wide : bool
            Whether dtypes of one kind are equal enough.

        Raises
        ------
        Violation
            The two part.
        """
        self.evidence.holds(
            (seen is None) == (expected is None),
            f"{what}: {self.second.name} holds {_kind(seen)}, {self.first.name} holds {_kind(expected)}.",
        )
        if seen is None:
            return
        target = as_numpy(expected)
        alike = as_numpy(seen).dtype.kind == target.dtype.kind if wide else dtype_name(seen) == dtype_name(expected)
        self.evidence.holds(
            alike,
            f"{what} is {dtype_name(seen)} in {self.second.name} and {dtype_name(expected)} in {self.first.name}.",
        )
        largest = float(np.abs(target).max(initial=0.0)) if target.dtype.kind in "fciu" else 0.0
        named = f"{what}, {self.second.name} (seen) against {self.first.name} (expected)"
        self.evidence.close(seen, target, named, rtol=RTOL, atol=max(atol, ATOL * largest), axes=axes)

    def named(self, seen: Named, expected: Named, names: Iterable[str], what: str) -> None:
        """Compare arrays by name; a name that both lack is passed over, and so is what not both carry.

        Parameters
        ----------
        seen, expected : Mapping of str to array
            What the second and the first subject gave.
        names : iterable of str
        what : str
            What holds the arrays, for the sentence.

        Raises
        ------
        Violation
            The two part.
        """
        for name in names:
            unmarked = name in self.shared and not _marks(seen.get(name)) and not _marks(expected.get(name))
            if (name in seen or name in expected) and self.compares(name) and not unmarked:
                ndim = as_numpy(expected[name]).ndim if expected.get(name) is not None else 0
                self.close(seen.get(name), expected.get(name), f"{name} of {what}", axes_of(name, ndim))


def _marks(mask: Any) -> bool:
    """Whether a mask marks a pixel: none, and one of False, mean the same (NPZ-046)."""
    return mask is not None and bool(np.any(as_numpy(mask)))


def _kind(value: Any) -> str:
    return "nothing" if value is None else "an array"
