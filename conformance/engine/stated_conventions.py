"""Whether the convention that an adapter states fits what it gives, and which one does: plain calls, one a method."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.backends.conventions import CONCERNED, Convention
from conformance.backends.discovery import stated
from conformance.backends.subject import Subject, offered
from conformance.contract.capabilities import CONVENTION, CONVENTIONS
from conformance.contract.stages import ROWS, Stage
from conformance.contract.types import Array
from conformance.engine.grounds import Grounds
from conformance.engine.measured import MEASURED, frames_of, plain_probe
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.oracles.placing import placed_at
from conformance.scans.specimens import structured_object

FITS = "fits "
"""How a hint begins that a convention may be stated, or another than the one that is."""
NEITHER = "what it gives fits no other convention either"
"""How it is said that a method is wrong whatever is stated."""

_WHOLE = np.array([[0.0, 0.0], [3.0, 1.0], [8.0, 2.0], [5.0, 5.0]])
_NEAR = 1e-2
_LEAST = 0.5
_MOST_CHANGES = 2
_FACTORS = (1e-9, 1e-6, 1e-3, 0.5, 2.0, 1e3, 1e6, 1e9)
"""By what the width of a pixel is mistaken: prefixes of units, and binning."""


def fits(subject: Subject, method: str, N: int) -> bool:
    """Whether a method is right by the convention that is translated; raises what the adapter raises.

    Parameters
    ----------
    subject : Subject
    method : str
        A key of :data:`.conventions.CONCERNED` that it has.
    N : int
        Side of a frame.
    """
    # One window first: positions in another unit than is stated may ask for more memory than there is.
    alone = _ASKED_OF_ONE.get(method)
    return (alone is None or alone(subject, N, 1)) and _ASKED[method](subject, N)


def fitting(subject: Subject, method: str, N: int) -> Convention | None:
    """Return the convention by which a method is right that is nearest to the one stated; None where none is.

    Parameters
    ----------
    subject : Subject
    method : str
    N : int
        Side of a frame.
    """
    for other in _others(subject.convention, method):
        try:
            if fits(subject.under(other), method, N):
                return other
        except (Exception, SystemExit):  # noqa: BLE001 - whatever an adapter raises says that this is not it
            continue
    return None


def told(method: str, first: Convention, second: Convention) -> str:
    """Say in what the second convention differs from the first, as statements that concern a method.

    Parameters
    ----------
    method : str
    first, second : Convention
    """
    found = ((one, getattr(second, one)) for one in _differing(method, first, second))
    return ", ".join(f'{one} = "{value}"' if isinstance(value, str) else f"{one} = {value:g}" for one, value in found)


def off_scale(subject: Subject, method: str, N: int) -> str:
    """Say by what positions of a method are of another size than is stated; empty where they are not.

    Parameters
    ----------
    subject : Subject
    method : str
    N : int
        Side of a frame.
    """
    own = subject.convention
    if "unit" not in CONCERNED.get(method, ()) or not own.scaled:
        return ""
    other = _rightly(subject, method, N)
    if other is None or other.per_pixel() == own.per_pixel():
        return ""
    return f"the adapter states {told(method, other, own)}, and what it gives fits {told(method, own, other)}"


@functools.lru_cache(maxsize=32)
def _rightly(subject: Subject, method: str, N: int) -> Convention | None:
    """Return another convention than is stated by which a method is right; None where the one that is stated is."""
    try:
        return None if fits(subject, method, N) else fitting(subject, method, N)
    except (Exception, SystemExit):  # noqa: BLE001 - what breaks may be taken in another convention
        return fitting(subject, method, N)


def _differing(method: str, first: Convention, second: Convention) -> list[str]:
    names = [*CONCERNED[method], *(["pixel_size"] if "unit" in CONCERNED[method] else [])]
    # How wide a pixel is concerns those alone who do not count in pixels.
    pixels = {first.unit, second.unit} == {Convention().unit}
    return [
        one for one in names if getattr(first, one) != getattr(second, one) and not (pixels and one == "pixel_size")
    ]


@dataclass(frozen=True)
class Misfit:
    """A convention by which a method is right, and the adapter does not state it.

    Attributes
    ----------
    fits : str
        What may be stated.
    states : str
        What is stated in its place; empty where nothing is.
    """

    fits: str
    states: str

    def explained(self, grounds: Grounds) -> Grounds:
        """Return the grounds of a check that failed by it: certain where what is stated is not true, else a hint."""
        if not self.states:
            return replace(grounds, hint=f"{FITS}{self.fits}, {CONVENTION}")
        said = f"the adapter states {self.states}, and what it gives fits {self.fits} ({CONVENTION})"
        return replace(grounds, names=(said,), cause=said, certain=True, pattern=False)


def misfit(subject: Subject, stage: Stage, N: int) -> Misfit | None:
    """Return by what convention the methods of a stage are right, if it is not the one that is stated.

    Parameters
    ----------
    subject : Subject
    stage : Stage
        Conduct speaks of every method.
    N : int
        Side of a frame.
    """
    row, own = ROWS[stage], subject.convention
    methods = CONCERNED if stage is Stage.CONDUCT else (*row.required, *row.optional)
    for method in (one for one in methods if one in CONCERNED and one in _there(subject)):
        try:
            other = None if fits(subject, method, N) else fitting(subject, method, N)
        except (Exception, SystemExit):  # noqa: BLE001 - that it breaks is for its own clauses to say
            continue
        if other:
            named = any(stated(subject.selected.adapter, one, Stage.CONDUCT) for one in _differing(method, own, other))
            return Misfit(told(method, own, other), told(method, other, own) if named else "")
    return None


def asked_of(subject: Subject) -> list[str]:
    """Return the methods that are there and that a statement of the adapter concerns."""
    own, plain = subject.convention, Convention()
    return [method for method in CONCERNED if method in _there(subject) and _differing(method, own, plain)]


def _there(subject: Subject) -> frozenset[str]:
    there = offered(subject.selected)
    return there if there >= MEASURED else there - MEASURED


def _others(own: Convention, method: str) -> Iterator[Convention]:
    """Yield other conventions, those that differ in the fewest statements first."""
    plain, names = Convention(), list(CONCERNED[method])
    if not own.scaled:
        names = [one for one in names if one != "unit"]
    if own.precision == plain.precision:
        # In what precision arrays are taken shows in no value.
        names.remove("precision")
    # Who states nothing is asked little: a slow backend waits for each call.
    for count in range(1, 1 + (1 if own == plain else _MOST_CHANGES)):
        found = []
        for changed in itertools.combinations(names, count):
            values = [[v for v in CONVENTIONS[one].values if v != getattr(own, one)] for one in changed]
            for chosen in itertools.product(*values):
                changes: dict[str, Any] = dict(zip(changed, chosen, strict=True))
                found.append(replace(own, **changes))
        if count == 1 and "unit" in names and own.unit != plain.unit:
            found += [replace(own, pixel_size=own.pixel_size * factor) for factor in _FACTORS]
        # What is told far larger positions than it means asks for much memory: it is asked last.
        yield from sorted(found, key=lambda one: round(math.log10(one.per_pixel()), 3))


def _near(seen: object, expected: Array) -> bool:
    found = as_numpy(seen)
    most = _NEAR * float(np.abs(expected).max())
    return found.shape == expected.shape and bool(np.allclose(found, expected, rtol=0, atol=most))


def _scene(N: int, count: int | None = None) -> tuple[Array, Array]:
    """An object and whole positions (4, 2) well inside, or so many of them."""
    obj = structured_object(np.random.default_rng(911), (2 * N + 14, 2 * N + 23))
    return obj, (_WHOLE + np.array([N + 6, N + 3]))[:count]


def _patches(subject: Subject, N: int, count: int | None = None) -> bool:
    obj, centres = _scene(N, count)
    return _near(subject.adapter.patches(obj, centres, N), patches_at(obj, centres, N))


def _reassemble(subject: Subject, N: int, count: int | None = None) -> bool:
    obj, centres = _scene(N, count)
    patches = patches_at(obj, centres, N).astype(np.complex64)
    seen = subject.adapter.reassemble(patches, centres)
    coverage = as_numpy(seen["coverage"])
    try:
        total, weights = placed_at(patches, centres, coverage.shape, as_numpy(seen["origin_xy"]))
    except ValueError:
        # They leave the canvas.
        return False
    sure, found = weights > _LEAST, as_numpy(seen["object"])
    return bool(sure.any()) and _near(coverage, weights) and _near(found[sure], total[sure] / weights[sure])


def _translate(subject: Subject, N: int) -> bool:
    images = np.zeros((2, 3 * N, 3 * N), np.complex64)
    rng = np.random.default_rng(912)
    images[:, N : 2 * N, N : 2 * N] = [structured_object(rng, (N, N)) for _ in images]
    shifts = np.array([[3.0, 1.0], [-2.0, 4.0]])
    expected = [np.roll(one, (int(dy), int(dx)), (0, 1)) for one, (dx, dy) in zip(images, shifts, strict=True)]
    return _near(subject.adapter.translate(images, shifts), np.stack(expected))


def _simulate(subject: Subject, N: int) -> bool:
    obj, centres = _scene(N)
    patches = patches_at(obj, centres, N).astype(np.complex64)
    return _near(subject.adapter.simulate(patches, plain_probe(N)), amplitudes_of(patches, plain_probe(N)))


def _noisy(subject: Subject, N: int) -> bool:
    amplitude = np.full((64, N, N), 3.0, np.float32)
    counts = as_numpy(subject.adapter.noisy(amplitude, 913)).astype(np.float64) ** 2
    # Of counts mean and variance are one.
    return counts.shape == amplitude.shape and bool(np.allclose([counts.mean(), counts.var()], 9.0, rtol=0.25))


def _measure(subject: Subject, N: int) -> bool:
    obj, centres = _scene(N)
    expected = amplitudes_of(patches_at(obj, centres, N), plain_probe(N))
    return _near(frames_of(subject, obj, centres, plain_probe(N)), expected)


_ASKED: Mapping[str, Callable[[Subject, int], bool]] = {
    "patches": _patches,
    "reassemble": _reassemble,
    "translate": _translate,
    "simulate": _simulate,
    "noisy": _noisy,
    "measure": _measure,
}
_ASKED_OF_ONE: Mapping[str, Callable[[Subject, int, int], bool]] = {"patches": _patches, "reassemble": _reassemble}
