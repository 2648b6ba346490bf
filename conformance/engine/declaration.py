"""How a check is declared: the clauses it decides, and what it needs of an adapter."""

from __future__ import annotations

import copy
import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.strategies import SearchStrategy

from conformance.contract.arrays import carried_arrays
from conformance.contract.capabilities import CAPABILITIES
from conformance.contract.clauses import contract
from conformance.contract.crossing import Crossing
from conformance.contract.stages import ROWS, Stage
from conformance.scans.specimens import Specimen

PROFILE_VARIABLE = "PTYCHO_CONFORMANCE_PROFILE"
"""Environment variable that chooses the Hypothesis profile where no option does."""

_GIVEN_BY_THE_SUITE = ("subject", "evidence", "specimen")
_SEARCH = (Phase.explicit, Phase.generate)
_SHRINK = (*_SEARCH, Phase.shrink)


def _settings(max_examples: int, derandomize: bool, phases: tuple[Phase, ...]) -> settings:
    return settings(
        max_examples=max_examples,
        derandomize=derandomize,
        phases=phases,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


PROFILES = {
    # The verdict of a run must not depend on luck, so the everyday profile derives its examples from the check itself.
    "contract": _settings(12, True, _SHRINK),
    "small": _settings(4, False, _SHRINK),
    # A single failing example is enough to show that a check can fail.
    "detect": _settings(12, True, _SEARCH),
    "wide": _settings(200, False, _SHRINK),
}


class UnknownProfile(Crossing, ValueError):
    """No Hypothesis profile is called so."""


def profile(name: str | None = None) -> settings:
    """Return the Hypothesis settings of a profile; None is the one that the environment chooses.

    Raises
    ------
    UnknownProfile
        The name is none of :data:`PROFILES`.
    """
    chosen = name or os.environ.get(PROFILE_VARIABLE, "contract")
    if chosen not in PROFILES:
        raise UnknownProfile(f"the profile {chosen!r} is unknown; choose {', '.join(PROFILES)}")
    return PROFILES[chosen]


@dataclass(frozen=True)
class Declaration:
    """What a check function says of itself.

    Attributes
    ----------
    clauses : tuple of str
        Clauses it decides.
    needs : tuple of str
        Adapter methods it calls.
    any_of : tuple of str
        Adapter methods of which it calls those that are there; empty when it has no choice.
    framework : str or None
        Framework whose tensors it makes.
    given : Mapping[str, SearchStrategy]
        Arguments that Hypothesis draws.
    where : callable or None
        Says why the check does not apply to a specimen; empty when it does.
    weight : int
        Ordinary examples that one example of this check is worth.
    body : callable
        The plain function: ``subject``, ``evidence``, perhaps ``specimen``, and the drawn arguments.
    """

    clauses: tuple[str, ...]
    needs: tuple[str, ...]
    any_of: tuple[str, ...]
    framework: str | None
    given: Mapping[str, SearchStrategy[Any]]
    where: Callable[[Specimen], str] | None
    weight: int
    body: Callable[..., None]

    def budget(self, chosen: settings) -> settings:
        """Hypothesis settings of a profile for this check: heavy examples are drawn less often, but at least once."""
        return settings(chosen, max_examples=max(1, chosen.max_examples // self.weight))

    @property
    def name(self) -> str:
        """Stage, module and function, such as ``grouping/test_seeds.py::test_each_seed_once``."""
        place = "/".join(self.body.__module__.split(".")[-2:])
        return f"{place}.py::{self.body.__name__}"

    @property
    def stages(self) -> frozenset[Stage]:
        """Stages of its clauses."""
        return frozenset(Stage(contract()[clause].stage) for clause in self.clauses)

    @property
    def carries(self) -> frozenset[str]:
        """Arrays left to backends that one must carry for the check to apply, as its clauses say."""
        scopes = [contract()[clause].applies_to for clause in self.clauses]
        return frozenset(name for name in carried_arrays() if any(f"`{name}`" in scope for scope in scopes))

    @property
    def states(self) -> frozenset[str]:
        """Statements that an adapter must make for the check to apply, as its clauses say."""
        scopes = [contract()[clause].applies_to for clause in self.clauses]
        return frozenset(name for name in CAPABILITIES if any(f"state `{name}`" in scope for scope in scopes))

    @property
    def of_convention(self) -> bool:
        """Whether an adapter must state a convention for the check to apply, as its clauses say."""
        return any("state a convention" in contract()[clause].applies_to for clause in self.clauses)

    @property
    def on_specimens(self) -> bool:
        """Whether the check runs once for every specimen."""
        return "specimen" in inspect.signature(self.body).parameters


def check(
    *clauses: str,
    needs: Sequence[str] = (),
    any_of: Sequence[str] = (),
    framework: str | None = None,
    given: Mapping[str, SearchStrategy[Any]] | None = None,
    where: Callable[[Specimen], str] | None = None,
    weight: int = 1,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a check function.

    Parameters
    ----------
    *clauses : str
        Ids of the clauses the check decides; unknown ids are an error at import.
    needs : sequence of str
        Adapter methods the check calls beyond those that the clauses' stages require; one that may be all that there is
        of a stage needs none of those.
    any_of : sequence of str
        Adapter methods of which the check calls those that are there; with none of them it does not apply.
    framework : str, optional
        ``"tensorflow"`` or ``"torch"`` for a check that makes tensors of that framework; such a check carries that mark
        instead of ``contract``, so that ``pytest -m contract`` loads no framework.
    given : Mapping[str, SearchStrategy], optional
        Arguments that Hypothesis draws, under the profile of this run.
    where : callable, optional
        Says in words why the check does not apply to a specimen; an empty string where it does.
    weight : int
        How many ordinary examples one of this check is worth: a profile's number of examples is divided by it.

    Returns
    -------
    callable
        Decorator that returns the function itself, with its :class:`Declaration` as attribute ``declaration``.
    """
    if not clauses:
        raise TypeError("a check names at least one clause")
    unknown = [clause for clause in clauses if clause not in contract()]
    if unknown:
        raise LookupError(f"a check names clauses the contract does not hold: {', '.join(unknown)}")
    rows = [ROWS[Stage(contract()[clause].stage)] for clause in clauses]
    required = {method for row in rows if row.alone not in needs for method in row.required}

    def declare(body: Callable[..., None]) -> Callable[..., None]:
        called = tuple(sorted(required | set(needs)))
        declaration = Declaration(clauses, called, tuple(any_of), framework, given or {}, where, weight, body)
        body.declaration = declaration  # type: ignore[attr-defined]
        return body

    return declare


def noted(body: Callable[..., None]) -> Callable[..., None]:
    """Wrap a check so that its evidence keeps the drawn arguments of the last call that failed, as they came in.

    Hypothesis ends with the smallest example that it found, so these are its arguments.
    """

    @functools.wraps(body)
    def noting(**arguments: Any) -> None:
        # The adapter may change what it is given, so the copy is made first.
        drawn = {name: copy.deepcopy(held) for name, held in arguments.items() if name not in _GIVEN_BY_THE_SUITE}
        try:
            body(**arguments)
        except (Exception, SystemExit):
            arguments["evidence"].drawn = drawn
            raise

    return noting
