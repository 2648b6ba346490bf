"""``data_contract.md``: every array of the contract by its exact name, with dtype, shape and unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.contract.arrays import KINDS, ArrayRow, Axes, Place, arrays_of, names_in, symbols
from conformance.contract.version import contract_version

_PLACES = {
    Place.FILE: "A scan file, and a scan in memory after loading",
    Place.GROUPED: "The grouped result",
    Place.CONTAINER: "The container: what a model is given",
    Place.BATCH: "A batch of a data set",
    Place.CACHE: "The file of the groups cache",
    Place.RESULT: "What functions of patches, canvases, amplitudes and layouts take and give",
}
_SIZES = (
    "Sizes are symbols: M scan points, N side of a frame, P probe modes, (H, W) object or canvas, B groups, "
    "C = gridsize² members a group, g gridsize, n patches or images, G cached groups. x is the column, y the row."
)


def data_contract() -> str:
    """Return the document; the same text as long as the contract is the same."""
    lines = ["# Data contract", "", f"Contract {contract_version()}. {_SIZES}"]
    for place in Place:
        lines += ["", f"## {_PLACES[place]}", "", *_table(place)]
    return "\n".join([*lines, ""])


def _table(place: Place) -> Iterator[str]:
    of_files = place is Place.FILE
    yield "| key | dtype | shape | axes | unit | needed | clause |" + (" a file may also hold |" if of_files else "")
    yield "|---|---|---|---|---|---|---|" + ("---|" if of_files else "")
    for one in arrays_of(place):
        cells = [f"`{one.name}`", one.dtype, _each(one.axes, _shape), _each(one.axes, _names), one.unit.value]
        cells += [_needed(one), one.clause]
        yield "| " + " | ".join([*cells, *([_further(one)] if of_files else [])]) + " |"


def _each(layouts: tuple[Axes, ...], shown: Callable[[Axes], str]) -> str:
    return " or ".join(dict.fromkeys(map(shown, layouts)))


def _shape(axes: Axes) -> str:
    held = symbols(axes)
    return f"({', '.join(held)}{',' * (len(held) == 1)})"


def _names(axes: Axes) -> str:
    return ", ".join(names_in(axes)) or "scalar"


def _needed(one: ArrayRow) -> str:
    if one.alias_of:
        return f"another name of `{one.alias_of}`"
    return "optional" if one.optional else "yes"


def _further(one: ArrayRow) -> str:
    kinds = next((name for name, letters in KINDS.items() if letters == one.kinds), "")
    parts = [f"{kinds} dtypes" if kinds else "", _each(one.stored, _shape)]
    parts += [" or ".join(f"`{value}`" for value in one.values)]
    return "; ".join(part for part in parts if part)
