"""What a check may assert: every comparison is counted, and a violation is a sentence with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, TypeVar

import numpy as np

from conformance.contract.crossing import Crossing
from conformance.contract.telling import told
from conformance.contract.types import Array
from conformance.evidence.breakdown import BREAKDOWNS, NOT_DECIDING, in_own_words, of_the_suite
from conformance.evidence.explanation import Explanation, Suspects, difference_summary, explain, seconded
from conformance.evidence.tensors import as_numpy, dtype_name

T = TypeVar("T")
ACCEPTED = "must be refused, but was accepted"
"""How the statement of a violation speaks of what was taken and is not allowed."""
MISSHAPEN = ", the contract says "
"""How it speaks of a shape or a dtype."""

_MOST_NAMED = 3


class Violation(Crossing, AssertionError):
    """The contract is broken.

    Parameters
    ----------
    statement : str
        What is wrong, without its cause.
    diagnosis : callable, optional
        Looks for the cause when it is first asked for.
    seen, expected : ndarray, optional
        The arrays that differ.
    withheld : bool
        Whether the backend gave nothing that could be wrong: it refused, or left something out.
    worded : bool
        Whether it is a refusal that says too little.

    Attributes
    ----------
    sentence : str
        What is wrong, for a person.
    explanations : tuple of Explanation
        Transformations that explain the difference, best first; looked for when they are first asked for, because a
        search for the smallest example raises many violations that nobody reads.
    seen, expected : ndarray or None
        The arrays that differ.
    """

    def __init__(
        self,
        statement: str,
        *,
        diagnosis: Callable[[], tuple[Explanation, ...]] | None = None,
        seen: Array | None = None,
        expected: Array | None = None,
        withheld: bool = False,
        worded: bool = False,
    ) -> None:
        self.statement = statement
        self.worded = worded
        self.withheld = withheld
        self.seen = seen
        self.expected = expected
        self._diagnosis = diagnosis
        super().__init__(statement)

    @cached_property
    def explanations(self) -> tuple[Explanation, ...]:
        """Transformations that explain the difference."""
        return () if self._diagnosis is None else self._diagnosis()

    @cached_property
    def sentence(self) -> str:
        """The statement, and its cause where one is known."""
        return _sentence(self.statement, self.explanations)

    def values(self) -> dict[str, Any]:
        """Attributes that cross a process: the cause is looked for before, since its search cannot."""
        return super().values() | {"explanations": self.explanations, "_diagnosis": None}

    def __str__(self) -> str:
        return self.sentence


class Evidence:
    """The record of one check: asserts, and counts what was effectively compared.

    A check that ends with ``comparisons == 0`` is vacuous.

    Parameters
    ----------
    refusals : {"contract", "any", "none"}
        How what the contract refuses may end, as an adapter states (CND-025): in the words and by the errors of the
        contract, in any error, or in whatever it gives.

    Attributes
    ----------
    comparisons : int
        Number of effective comparisons so far.
    drawn : Mapping[str, Any] or None
        Arguments that Hypothesis drew for the last call that failed; None before.
    excused : str
        The first refusal that ended otherwise than the contract says, and as the adapter states; empty where none did.
    """

    def __init__(self, refusals: str = "contract") -> None:
        self.comparisons = 0
        self.excused = ""
        self._refusals = refusals
        self._largest = 0
        self._told_by_largest: Callable[[], tuple[Explanation, ...]] = tuple
        self.drawn: Mapping[str, Any] | None = None

    def holds(self, condition: bool | np.bool_, sentence: str, why: Explanation | None = None) -> None:
        """Require a condition.

        Parameters
        ----------
        condition : bool
        sentence : str
            What is wrong when it does not hold.
        why : Explanation, optional
            For what reason, where nothing else can be one.
        """
        self.comparisons += 1
        if not bool(condition):
            raise Violation(sentence, diagnosis=None if why is None else lambda: (why,))

    def equal(
        self,
        seen: Any,
        expected: Any,
        what: str,
        *,
        axes: Sequence[str] = (),
        suspects: Suspects | Callable[[], Suspects] | None = None,
        sizes: Mapping[str, float] | None = None,
        either: bool = False,
    ) -> None:
        """Require equal shape and equal values, exactly; dtypes are not compared.

        Parameters
        ----------
        seen : array_like or tensor
            What the backend returned.
        expected : array_like or tensor
            What an oracle says.
        what : str
            Name of the thing compared, for the sentence.
        axes, suspects, sizes, either
            As in :meth:`close`.
        """
        self.close(seen, expected, what, rtol=0.0, atol=0.0, axes=axes, suspects=suspects, sizes=sizes, either=either)

    def close(
        self,
        seen: Any,
        expected: Any,
        what: str,
        *,
        rtol: float,
        atol: float,
        axes: Sequence[str] = (),
        suspects: Suspects | Callable[[], Suspects] | None = None,
        sizes: Mapping[str, float] | None = None,
        either: bool = False,
    ) -> None:
        """Require equal shape and values within ``atol + rtol * |expected|``.

        Parameters
        ----------
        seen, expected : array_like or tensor
            ``expected`` comes from an oracle, never from an implementation.
        what : str
            Name of the thing compared, for the sentence.
        axes : sequence of str
            Names of the axes, so that a difference can be explained.
        suspects : mapping or callable, optional
            Sentence of a known mistake, and what it would give; see :func:`.explanation.explain`. What a
            function returns is computed on failure only.
        sizes : Mapping[str, float], optional
            Numbers that a wrong factor may be made of, beside those that the axes tell.
        either : bool
            Whether ``expected`` is another result of the same backend, which may as well be the wrong one.
        """
        if seen is None:
            raise Violation(f"{what} is missing (None).", withheld=True)
        left, right = as_numpy(seen), np.asarray(expected)

        def diagnosis() -> tuple[Explanation, ...]:
            return explain(left, right, axes=axes, suspects=suspects, sizes=sizes, either=either, rtol=rtol, atol=atol)

        if left.shape != right.shape:
            statement = f"{what}: the shape is {left.shape}{MISSHAPEN}{right.shape}."
            raise Violation(statement, diagnosis=diagnosis, seen=left, expected=right)
        if left.dtype == object:
            raise Violation(f"{what} holds Python objects instead of numbers.")
        self.comparisons += right.size
        if agrees(left, right, rtol=rtol, atol=atol):
            return
        summary = difference_summary(left, right, rtol=rtol, atol=atol, axes=axes)
        told = self._seconded(cache(diagnosis), right.size)
        raise Violation(f"{what}: {summary}", diagnosis=told, seen=left, expected=right)

    def _seconded(
        self, diagnosis: Callable[[], tuple[Explanation, ...]], size: int
    ) -> Callable[[], tuple[Explanation, ...]]:
        """Let the largest failure so far speak for a smaller one: the smallest example seldom tells mistakes apart."""
        told_by_largest = self._told_by_largest
        if size > self._largest:
            self._largest, self._told_by_largest = size, diagnosis
        return lambda: seconded(diagnosis(), told_by_largest())

    def layout(self, seen: Any, what: str, *, shape: tuple[int, ...], dtype: str) -> None:
        """Require a shape and a dtype by name, for example ``"float32"``.

        Parameters
        ----------
        seen : array_like or tensor
            What the backend returned.
        what : str
            Name of the thing, for the sentence.
        shape : tuple of int
            The shape that the contract says.
        dtype : str
            The dtype that the contract says.
        """
        if seen is None:
            raise Violation(f"{what} is missing (None).", withheld=True)
        self.comparisons += 1
        found = tuple(int(n) for n in np.shape(seen) or getattr(seen, "shape", ()))
        given = seen if isinstance(seen, np.ndarray) else None
        if found != shape:
            raise Violation(f"{what}: the shape is {found}{MISSHAPEN}{shape}.", seen=given)
        if dtype_name(seen) != dtype:
            raise Violation(f"{what}: the dtype is {dtype_name(seen)}{MISSHAPEN}{dtype}.", seen=given)

    def present(self, result: Mapping[str, Any], *keys: str) -> None:
        """Require the keys of a result."""
        self.comparisons += len(keys)
        for key in keys:
            if key not in result:
                held = ", ".join(map(str, result)) or "nothing"
                raise Violation(f"The result lacks {key!r}; it holds {held}.", withheld=True)

    def accepted(self, action: Callable[[], T], what: str) -> T:
        """Require that something valid is accepted, and return the result.

        What decides nothing is passed on (:data:`NOT_DECIDING`), a missing dependency among it.
        """
        self.comparisons += 1
        try:
            return action()
        except NOT_DECIDING:
            raise
        except Exception as error:
            sentence = f"{what} is valid, but was refused with {type(error).__name__}: {told(error)}"
            raise Violation(sentence, withheld=True) from error

    def worded(self, condition: bool, sentence: str) -> None:
        """Require what a refusal says, of an adapter that refuses by the contract; ``sentence`` says what is wrong."""
        self.comparisons += 1
        if not condition:
            self._amiss(Violation(sentence, worded=True), "any", "none")

    def not_refused(self, sentence: str) -> None:
        """Say that something invalid was accepted."""
        self._amiss(Violation(sentence), "none")

    def _amiss(self, violation: Violation, *excused_by: str, cause: Exception | None = None) -> None:
        """Raise, or note it where the adapter states that its refusals are so."""
        if self._refusals not in excused_by:
            raise violation from cause
        told_so = f"differs as the adapter states, refusals = {self._refusals}: {violation.statement}"
        self.excused = self.excused or told_so

    def unless_refused(self, action: Callable[[], T], what: str) -> T | None:
        """Return the result of what may be refused, by a ValueError or a class of one's own; None when it is.

        Parameters
        ----------
        action : callable
        what : str
            Name of the thing, for the sentence.
        """
        self.comparisons += 1
        try:
            return action()
        except BREAKDOWNS:
            raise
        except Exception as error:
            if of_the_suite(error):
                raise
            if isinstance(error, ValueError) or in_own_words(error):
                return None
            sentence = (
                f"{what} must be read, or refused by an error of the contract's family (a ValueError); it ended in "
                f"{type(error).__name__}: {error}"
            )
            self._amiss(Violation(sentence), "any", "none", cause=error)
            return None

    def refused(
        self, action: Callable[[], Any], what: str, *, beside: Callable[[], Any], family: bool = False
    ) -> Exception:
        """Require that something invalid is refused, in whatever words, and return the error.

        ``beside`` is the nearest valid request; it runs first and must succeed, so that an adapter which refuses
        everything proves nothing. A call that breaks down in place of refusing (:data:`BREAKDOWNS`) is passed on, and
        so is an error of the suite's own (:func:`of_the_suite`), which refuses nothing.

        Parameters
        ----------
        action : callable
            The invalid request.
        what : str
            Name of the invalid thing, for the sentence.
        beside : callable
            The nearest valid request.
        family : bool
            Require an error of the ValueError family too: one clause asks for that, and no other (CND-008).
        """
        self.accepted(beside, f"The nearest valid case beside '{what}'")
        self.comparisons += 1
        try:
            result = action()
        except NOT_DECIDING:
            raise
        except Exception as error:
            if of_the_suite(error) or (isinstance(error, BREAKDOWNS) and self._refusals != "none"):
                raise
            if family and not isinstance(error, ValueError):
                sentence = (
                    f"{what} must be refused by an error of the contract's family (a ValueError); it ended in "
                    f"{type(error).__name__}: {told(error)}"
                )
                self._amiss(Violation(sentence), "any", "none", cause=error)
            return error
        # What lives elsewhere gives mappings of a type that its author does not know.
        given = "dict" if isinstance(result, dict) else type(result).__name__
        self.not_refused(f"{what} {ACCEPTED} and gave {given}.")
        return ValueError(f"{what} was accepted")


def agrees(seen: Array, expected: Array, *, rtol: float, atol: float) -> bool:
    """Whether two arrays of one shape agree within ``atol + rtol * |expected|``; NaN agrees with NaN only.

    Parameters
    ----------
    seen, expected : ndarray
        Arrays of one shape.
    rtol, atol : float
        Relative and absolute tolerance: ``atol + rtol * |expected|``. Both 0: exactly.
    """
    if seen.dtype.kind in "OUS" or expected.dtype.kind in "OUS":
        return bool(np.array_equal(seen, expected))
    if rtol == 0.0 and atol == 0.0:
        return bool(np.array_equal(seen, expected, equal_nan=True))
    # Most are equal, which takes a tenth of the time to see.
    return bool(np.array_equal(seen, expected)) or bool(
        np.allclose(seen, expected, rtol=rtol, atol=atol, equal_nan=True)
    )


def _sentence(statement: str, explanations: tuple[Explanation, ...]) -> str:
    if not explanations:
        return statement
    named = [one.sentence for one in explanations[:_MOST_NAMED]]
    if explanations[0].certain:
        return f"{statement} {'Pattern' if explanations[0].pattern else 'Cause'}: {named[0]}."
    return f"{statement} Possible cause{'s' if len(named) > 1 else ''}: {'; or '.join(named)}."
