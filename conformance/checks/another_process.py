"""A fresh process that draws: first of all without a seed, then with one, and again by an adapter imported anew."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from conformance.adapter import BatchRequest, GroupRequest, SplitRequest
from conformance.backends.fresh_process import finish, start
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.sound_calls import REQUEST, scan_arrays
from conformance.engine.first_look import look_at
from conformance.engine.questions import STRANGE
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, asking, gridsize, not_taken, takes
from conformance.scans.specimens import Recipe, Specimen, make_specimen

_DRAWS = """
import contextlib
from pathlib import Path
from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.checks.another_process import first_draws, seeded_groups
from conformance.contract.stages import Stage
from conformance.scans.domain import Told, inside
stages = frozenset(Stage(str(one)) for one in adapter.stages)
def subject(adapter, name):
    return Subject(Selected(adapter.name, adapter, stages), Path(arguments[0]) / name)
with contextlib.redirect_stdout(sys.stderr), inside(Told(json.loads(arguments[1]))):
    first, again, groups, broke = first_draws(subject(adapter, "first")), {}, [], ""
    try:
        groups = seeded_groups(subject(adapter, "seeded"))
    except Exception as error:
        broke = f"{type(error).__name__}: {error}"
    with contextlib.suppress(Exception):
        again = first_draws(subject(made_anew(), "anew"))
print(json.dumps([groups, broke, [method for method in again if again[method] == first.get(method)]]))
"""

_DRAWN_BY = {"batches": Property.SHUFFLED, "measure": Property.DOSE}
"""What methods draw for; without it they are asked for no draw."""


def first_draws(subject: Subject) -> dict[str, str]:
    """Draw once by each method that draws, and tell the numbers; what is not offered or breaks is left out.

    Parameters
    ----------
    subject : Subject
    """
    adapter, arrays, found = subject.adapter, scan_arrays(), dict[str, str]()
    positions, light = (arrays["xcoords"], arrays["ycoords"]), (arrays["probeGuess"], arrays["objectGuess"])
    halves = SplitRequest(0.5, "random")
    # As many rows as there are points, so that no order comes twice by chance.
    asked = replace(REQUEST, nsamples=len(positions[0]), sequential_sampling=takes(Property.SEQUENCE))
    shuffled = BatchRequest(asked, batch_size=50, shuffle=True)
    draws: dict[str, Callable[[], Any]] = {
        "group": lambda: adapter.group(subject.scan(arrays), replace(REQUEST, seed=None))["nn_indices"],
        "split": lambda: adapter.arrays(adapter.split(subject.scan(arrays), halves)[0])["xcoords"],
        "measure": lambda: adapter.arrays(adapter.measure(*positions, *light, 1e6, None))["diff3d"],
        "batches": lambda: next(iter(adapter.batches([subject.write(arrays)], shuffled)))["nn_indices"],
    }
    not_drawn = {method for method, drawn in _DRAWN_BY.items() if not takes(drawn)}
    for method in draws.keys() & offered(subject.selected) - not_drawn:
        with contextlib.suppress(Exception):
            found[method] = as_numpy(draws[method]()).tobytes().hex()
    return found


def specimen_of_groups() -> Specimen:
    """The scan of :func:`seeded_groups`."""
    return make_specimen(Recipe(M=30, N=8, seed=61))


def seeded_groups(subject: Subject) -> list[int]:
    """Members of seeded groups, of single points and of several, one after the other.

    Parameters
    ----------
    subject : Subject
    """
    specimen, members = specimen_of_groups(), list[int]()
    for size in (1, gridsize(2)):
        request = GroupRequest(specimen.N, gridsize=size, K=6, nsamples=12, seed=7)
        grouped = subject.adapter.group(subject.scan(specimen.arrays), request)
        members += as_numpy(grouped["nn_indices"]).ravel().tolist()
    return members


class AnotherProcess:
    """What a fresh process drew.

    Parameters
    ----------
    subject : Subject
    """

    def __init__(self, subject: Subject) -> None:
        look_at(subject).refuses_the_usual()
        with asking() as told_here:
            # What a call is fitted to is asked for when it is made.
            for one in STRANGE.items():
                takes(*one)
            specimen_of_groups(), gridsize(2)
        given = [str(subject.fresh_folder()), json.dumps(not_taken(told_here))]
        self._process, self._drawn = start(subject, _DRAWS, given), None

    def groups(self) -> list[int]:
        """Wait for the process, and return its :func:`seeded_groups`.

        Raises
        ------
        RuntimeError
            The process failed, or could not group.
        """
        groups, broke, _ = self._ended()
        if broke:
            raise RuntimeError(broke)
        return list(groups)

    def repeated(self) -> list[str]:
        """Wait for the process, and return the methods whose first draw was the same when imported anew."""
        return list(self._ended()[2])

    def _ended(self) -> Any:
        if self._drawn is None:
            self._drawn = finish(self._process)
        return self._drawn


@lru_cache(maxsize=4)
def another_process(subject: Subject) -> AnotherProcess:
    """Return the process of a subject, which is started once."""
    return AnotherProcess(subject)


def drawn_afresh(subject: Subject, evidence: Evidence, method: str) -> None:
    """Require that what a method draws first without a seed is not what it draws first in every process.

    Parameters
    ----------
    subject : Subject
    evidence : Evidence
    method : str
        One of those of :func:`first_draws`.
    """
    repeated: list[str] = []
    # What breaks there is for the checks of conduct to say.
    with contextlib.suppress(RuntimeError):
        repeated = another_process(subject).repeated()
    evidence.holds(
        method not in repeated,
        f"What {method} draws first without a seed is the same in every process, as its package has it.",
    )
