"""Plain calls of every method, with one argument in one layout or dtype after the other: made once for all clauses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.conduct.results import snapshot, values_in
from conformance.checks.conduct.sound_calls import Call, Inputs, Values, calls
from conformance.checks.conduct.values_of_arguments import dtypes_of, in_dtype
from conformance.scans.domain import Property, kept_inside, takes
from conformance.scans.layouts import LAYOUTS

COME_IN = ("group", "split", "batches", "save")
"""Methods whose arrays have come in through loading or assembling."""


@dataclass
class Laid:
    """A call with one argument that lies otherwise or is of another dtype, or with all of them plain.

    Attributes
    ----------
    call : Call
    what : str
        The argument, and how it lies or of which dtype it is.
    result : Values
        Arrays that came out; empty after an error.
    error : Exception or None
    warned : list of str
    touched : list of str
        Arguments that hold other numbers afterwards.
    plain : Laid or None
        The same call with plain arguments, or with the same numbers in the widest dtype; None of that one.
    """

    call: Call
    what: str
    result: Values = field(default_factory=dict)
    error: Exception | None = None
    warned: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    plain: Laid | None = None

    def answer(self) -> Values:
        """Return what came out, or raise what came of it."""
        if self.error is not None:
            raise self.error
        return self.result


@kept_inside(2)
def laid_calls(subject: Subject) -> tuple[Laid, ...]:
    """One argument at a time, the others plain: what is read in one order must not be written in another."""
    return tuple(_made(subject))


def _made(subject: Subject) -> Iterator[Laid]:
    for call in calls(subject):
        given = call.inputs()
        plain = _answered(Laid(call, "plain"), given)
        for name, values in given.items():
            if isinstance(values, np.ndarray) and values.ndim:
                for when, lay in LAYOUTS.items():
                    yield _answered(Laid(call, f"{name} {when}", plain=plain), call.inputs() | {name: lay(values)})


@kept_inside(2)
def typed_calls(subject: Subject) -> tuple[Laid, ...]:
    """One argument at a time in each dtype of its domain, the others as they usually are."""
    return tuple(_of_each_dtype(subject))


def _of_each_dtype(subject: Subject) -> Iterator[Laid]:
    for call in calls(subject):
        for name, usual in call.inputs().items() if call.method not in COME_IN else ():
            of_numbers = dict[bytes, Laid]()
            # Half precision is coarser than the tolerance, and some results are of the dtype that came in.
            for dtype in (one for one in dtypes_of(name) if one != "f2"):
                values = np.asarray(in_dtype(name, usual, dtype))
                widest = values.astype(_widest(name))
                plain = of_numbers.get(widest.tobytes())
                if plain is None:
                    plain = _answered(Laid(call, f"{name} in {widest.dtype}"), call.inputs() | {name: widest})
                    of_numbers[widest.tobytes()] = plain
                what = f"{name} in {np.dtype(dtype)}"
                yield _answered(Laid(call, what, plain=plain), call.inputs() | {name: values})


def _widest(name: str) -> str:
    """Dtype that holds every number of the others."""
    if name == "diff3d" and not takes(Property.FRAMES, "float64"):
        return "f4"
    if name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "positions", "amplitude", "diff3d"):
        return "f8"
    if name == "scan_index":
        return "i8"
    return "c16" if takes(Property.DOUBLE_COMPLEX) else "c8"


def _answered(laid: Laid, given: Inputs) -> Laid:
    before = snapshot(given)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            laid.result = snapshot(laid.call.run(given))
        except Exception as error:  # noqa: BLE001 - raised again by whoever asks for the answer
            laid.error = error
    laid.warned = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
    laid.touched = [
        name.removeprefix("result")
        for name, values in values_in(given).items()
        if values.tobytes() != before[name].tobytes()
    ]
    return laid
