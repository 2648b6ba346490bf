"""The table of arrays: it follows the specification, and what is made for judging follows it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from conformance.contract.arrays import (
    ARRAYS,
    COORDINATES,
    KINDS,
    MASK,
    PAIRS,
    PER_POINT,
    PER_POSITION,
    STACKS,
    UNITS,
    ArrayRow,
    Place,
    arrays_of,
    axes_of,
    carried_arrays,
    fitting,
    names_of,
    optional_in,
    required_in,
    row,
    symbols,
)
from conformance.contract.clauses import contract
from conformance.contract.specification import specification_folder
from conformance.scans.specimens import Specimen, gallery

EVERY = pytest.mark.parametrize("held", ARRAYS, ids=lambda held: f"{held.place}-{held.name}")


@EVERY
def test_the_clause_of_a_row_speaks_of_its_array(held: ArrayRow) -> None:
    clause = contract()[held.clause]
    said = f"{clause.title} {clause.text}".lower()
    assert (held.name.lower() in said) != bool(held.note)


@EVERY
def test_the_clause_of_a_row_states_a_dtype_that_it_names(held: ArrayRow) -> None:
    text = contract()[held.clause].text
    stated = [name for name in ("float32", "float64", "complex64", "int32", "int64") if name in text]
    if held.dtype not in KINDS and stated:
        assert held.dtype in stated


def test_a_name_stands_once_in_a_place() -> None:
    assert [key for key, count in Counter((one.name, one.place) for one in ARRAYS).items() if count > 1] == []


@EVERY
def test_a_row_is_whole(held: ArrayRow) -> None:
    assert held.axes
    assert held.dtype in KINDS or np.dtype(held.dtype).name == held.dtype
    assert set(held.kinds) <= set(KINDS["any"])
    assert not held.alias_of or row(held.alias_of, held.place).axes == held.axes
    if held.kinds and held.dtype not in KINDS:
        assert np.dtype(held.dtype).kind in held.kinds


POINTS = {"position", "frame"}


def test_a_symbol_counts_one_kind_of_thing() -> None:
    named: dict[str, set[str]] = {}
    for held in ARRAYS:
        for axis in (axis for axes in (*held.axes, *held.stored) for axis in axes):
            named.setdefault(axis.symbol, set()).add(axis.name)
    several = {symbol: names for symbol, names in named.items() if len(names) > 1}
    assert several == {"M": POINTS, "n": POINTS, "N": {"row", "column"}, "g": {"grid row", "grid column"}}


@pytest.mark.parametrize("name", names_of(Place.FILE))
def test_an_array_of_a_file_occurs_in_the_specification(name: str) -> None:
    assert f"`{name}`" in (specification_folder() / "npz.md").read_text(encoding="utf-8")


def test_the_grouped_result_holds_the_keys_that_its_clause_lists() -> None:
    text, names = contract()["GRP-021"].text, owed_in(Place.GROUPED)
    assert not [name for name in names if f"`{name}`" not in text]
    assert text.count("`") == 2 * len(names)
    assert optional_in(Place.GROUPED) == ("Y", "objectGuess", MASK)


def owed_in(place: Place) -> tuple[str, ...]:
    """Names of the arrays of a place that every backend has."""
    return tuple(one.name for one in arrays_of(place) if not one.carried)


def test_a_batch_holds_the_fields_that_its_file_lists() -> None:
    head = (specification_folder() / "dataset.md").read_text(encoding="utf-8").split("###")[0]
    names = owed_in(Place.BATCH)
    assert not [name for name in names if f"`{name}`" not in head]
    assert head.count("`") == 2 * len(names)
    assert "ten fields" in contract()["DAT-001"].text
    assert len(names) == 10
    assert required_in(Place.BATCH) == names


def test_what_is_left_to_backends_is_optional_and_its_clauses_say_so() -> None:
    left = [one for one in ARRAYS if one.carried]
    assert {one.name for one in left} == carried_arrays() == {MASK}
    for one in left:
        assert one.optional
        assert f"`{one.name}`" in contract()[one.clause].applies_to
        assert contract()[one.clause].since != "1.0"


def test_what_is_derived_for_scan_files() -> None:
    assert tuple(PAIRS) == (("xcoords", "ycoords"), ("xcoords_start", "ycoords_start"))
    assert tuple(PER_POSITION) == (*COORDINATES, "scan_index")
    assert (*PER_POSITION, "diff3d", "Y") == PER_POINT
    assert tuple(STACKS) == ("diff3d", "diffraction")
    assert required_in(Place.FILE) == ("xcoords", "ycoords", "diff3d", "probeGuess")
    text = contract()["NPZ-036"].text
    assert all(f"`{version}`, `{domain}`" in text for version, domain in UNITS)


@pytest.mark.parametrize("specimen", gallery(), ids=repr)
def test_made_scans_fit_the_table(specimen: Specimen) -> None:
    arrays = specimen.arrays
    modes = arrays["probeGuess"].shape[0] if arrays["probeGuess"].ndim == 3 else 1
    sizes = {"M": specimen.M, "N": specimen.N, "P": modes}
    for name, values in arrays.items():
        held = row(name, Place.FILE)
        assert held.layout_of(values.shape, sizes) in held.axes, name
        assert held.has_dtype(values.dtype), name
    assert set(required_in(Place.FILE)) <= arrays.keys()


def reference(specimen: Specimen, gridsize: int) -> dict[Place, dict[str, Any]]:
    """What the reference makes of a scan, by place."""
    from conformance.adapter import GroupRequest
    from ptycho_ref.adapter import RefAdapter

    adapter = RefAdapter()
    request = GroupRequest(N=specimen.N, gridsize=gridsize, K=gridsize**2 + 2, nsamples=5, seed=1)
    grouped = adapter.group(adapter.assemble(dict(specimen.arrays)), request)
    container = adapter.container(grouped, specimen.arrays["probeGuess"])
    return {Place.GROUPED: dict(grouped), Place.CONTAINER: dict(container)}


@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_what_the_reference_makes_fits_the_table(gridsize: int) -> None:
    sizes = {"B": 5, "C": gridsize**2}
    for place, held in reference(gallery()[0], gridsize).items():
        assert set(required_in(place)) <= held.keys()
        for one in arrays_of(place):
            values = held[one.name]
            if values is None:
                assert one.optional, one.name
                continue
            values = np.asarray(values)
            assert one.layout_of(values.shape, sizes) in one.axes, one.name
            assert one.has_dtype(values.dtype), one.name


def test_a_layout_is_found_by_known_sizes() -> None:
    images = row("images", Place.BATCH)
    last, first = images.axes
    assert symbols(last) == ("B", "N", "N", "C")
    assert symbols(first) == ("B", "C", "N", "N")
    assert images.layout_of((5, 8, 8, 4), {"C": 4}) == last
    assert images.layout_of((5, 4, 8, 8), {"C": 4}) == first
    assert images.layout_of((5, 8, 9, 4)) is None
    assert fitting((), (3,), {}) is None


def test_axes_are_found_by_name_and_rank() -> None:
    assert axes_of("diffraction", 4) == ("group", "row", "column", "channel")
    assert axes_of("diffraction", 3) == ("frame", "row", "column")
    assert axes_of("result[0]['images']", 4) == ("group", "row", "column", "channel")
    assert axes_of("probe", 5) == ("group", "channel", "mode", "row", "column")
    assert axes_of("probe", 2) == ("row", "column")
    assert axes_of("xcoords", 2) == ()
    assert axes_of("unheard of", 1) == ()


def test_an_array_that_is_not_of_the_contract_has_no_row() -> None:
    with pytest.raises(KeyError, match="unheard of"):
        row("unheard of", Place.FILE)
