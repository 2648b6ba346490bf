"""Whether a check applies to an adapter and a scan: decided here, for whoever runs it."""

from __future__ import annotations

from conformance.backends.conventions import Convention
from conformance.backends.discovery import Selected, carried, missing_methods, stated
from conformance.backends.subject import offered, stated_convention
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.declaration import Declaration
from conformance.scans.specimens import Specimen

UNSTATED = "a statement of"
"""How the reason begins where an adapter leaves out what it may say of itself."""


def not_applicable(declaration: Declaration, selected: Selected, specimen: Specimen | None = None) -> str:
    """Return why a check does not apply; empty when it does.

    Parameters
    ----------
    declaration : Declaration
    selected : Selected
    specimen : Specimen, optional
        The scan, for a check that runs on each.

    Raises
    ------
    TypeError
        The adapter claims a stage but lacks a method that the stage requires.
    """
    return _to_adapter(declaration, selected) or _to_specimen(declaration, specimen)


def _to_adapter(declaration: Declaration, selected: Selected) -> str:
    if selected.adapter is None:
        return selected.missing
    stages = {Stage(contract()[clause].stage) for clause in declaration.clauses}
    unclaimed = sorted(str(stage) for stage in stages - selected.stages)
    if unclaimed:
        return f"stage {', '.join(unclaimed)} not claimed"
    if declaration.framework not in (None, getattr(selected.adapter, "framework", None)):
        return f"the adapter makes no {declaration.framework} tensors"
    left_out = sorted(declaration.carries - carried(selected.adapter))
    if left_out:
        return f"that it carries {', '.join(left_out)} is not claimed"
    unstated = sorted(one for one in declaration.states if not any(stated(selected.adapter, one, s) for s in stages))
    if unstated:
        return f"{UNSTATED} {', '.join(unstated)} is not claimed"
    if declaration.of_convention and stated_convention(selected) == Convention():
        return f"{UNSTATED} a convention is not claimed"
    absent = sorted(set(declaration.needs) & set(missing_methods(selected)))
    if absent:
        raise TypeError(f"the adapter claims a stage that requires the method {', '.join(absent)}, which it lacks")
    there = offered(selected)
    missing = sorted(set(declaration.needs) - there)
    if missing:
        return f"adapter has no {', '.join(missing)}"
    none_there = bool(declaration.any_of) and not there & set(declaration.any_of)
    return f"adapter has none of {', '.join(declaration.any_of)}" if none_there else ""


def _to_specimen(declaration: Declaration, specimen: Specimen | None) -> str:
    return "" if specimen is None or declaration.where is None else declaration.where(specimen)
