"""A fresh process that draws: first of all without a seed, then with one, and again by an adapter imported anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from conformance.adapter import BatchRequest, GroupRequest, SplitRequest
from conformance.backends.fresh_process import FreshProcess
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
    (first, told), again, groups, broke = first_draws(subject(adapter, "first")), {}, [], ""
    try:
        groups = seeded_groups(subject(adapter, "seeded"))
    except Exception as error:
        broke = f"{type(error).__name__}: {error}"
    with contextlib.suppress(Exception):
        again, _ = first_draws(subject(made_anew(), "anew"))
same = {method: method in again and again[method] == drawn for method, drawn in first.items()}
print(json.dumps([groups, broke, {**told, **same}]))
"""

_DRAWN_BY = {"batches": Property.SHUFFLED, "measure": Property.DOSE}
"""What methods draw for; without it they are asked for no draw."""


def first_draws(subject: Subject) -> tuple[dict[str, str], dict[str, str]]:
    """Draw once by each method that draws, and tell the numbers, and in which error others ended.

    Parameters
    ----------
    subject : Subject
    """
    adapter, arrays, found, broke = subject.adapter, scan_arrays(), dict[str, str](), dict[str, str]()
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
        try:
            found[method] = as_numpy(draws[method]()).tobytes().hex()
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises is told
            broke[method] = f"{type(error).__name__}: {error}"
    return found, broke


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
        self._process = FreshProcess(subject, _DRAWS, given)

    def groups(self) -> list[int]:
        """Wait for the process, and return its :func:`seeded_groups`.

        Raises
        ------
        RuntimeError
            The process failed, or could not group.
        """
        groups, broke, _ = self._process.result()
        if broke:
            raise RuntimeError(broke)
        return list(groups)

    def repeats(self, method: str) -> bool | None:
        """Wait for the process, and say whether a method drew the same first when its package was imported anew.

        None where it was asked for no draw; a package that cannot be imported twice repeats nothing.

        Raises
        ------
        RuntimeError
            The process failed, or the method did.
        """
        told = self._process.result()[2].get(method)
        if isinstance(told, str):
            raise RuntimeError(told)
        return None if told is None else bool(told)


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
    action = partial(another_process(subject).repeats, method)
    repeats = evidence.accepted(action, f"Drawing by {method} in a fresh process")
    if repeats is None:
        # Nothing was compared, for want of what is drawn by.
        evidence.comparisons -= 1
        takes(_DRAWN_BY[method])
        return
    evidence.holds(
        not repeats,
        f"What {method} draws first without a seed is the same in every process, as its package has it.",
    )
