"""Every check that the suite declares, found by stage, by name and by clause."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from conformance.contract.stages import Stage
from conformance.engine.declaration import Declaration


@cache
def declarations() -> tuple[Declaration, ...]:
    """Every check of the suite, in the order of the stages and their modules."""
    return tuple(one for stage in Stage for module in modules_of(stage) for one in declared_in(module))


def deciding(clause: str) -> tuple[Declaration, ...]:
    """Checks that decide a clause."""
    return tuple(one for one in declarations() if clause in one.clauses)


_COMBINED = ("test_parts_", "test_every_")


@cache
def modules_of(stage: Stage) -> tuple[str, ...]:
    """Names of the modules that hold the checks of a stage, plain specimens before combinations of strange ones."""
    package = importlib.import_module(f"conformance.checks.{stage}")
    found = [one.name for one in pkgutil.iter_modules(package.__path__) if one.name.startswith("test_")]
    return tuple(f"{package.__name__}.{name}" for name in sorted(found, key=lambda one: one.startswith(_COMBINED)))


def declared_in(module: str) -> tuple[Declaration, ...]:
    """Return the checks that a module declares."""
    held = (getattr(one, "declaration", None) for one in vars(importlib.import_module(module)).values())
    return tuple(one for one in held if isinstance(one, Declaration) and one.body.__module__ == module)


def declared(name: str) -> Declaration | None:
    """Find a check by its name, such as ``grouping/test_seeds.py::test_a``; no other module is imported."""
    stage, _, rest = name.partition("/")
    module = f"conformance.checks.{stage}.{rest.partition('.py::')[0]}"
    if stage not in set(Stage) or module not in modules_of(Stage(stage)):
        return None
    return next((one for one in declared_in(module) if one.name == name), None)
