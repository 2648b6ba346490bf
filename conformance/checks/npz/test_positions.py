"""Checks of scan files (NPZ): positions and start positions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import DRAWN, frames_are, load, plain
from conformance.contract.arrays import COORDINATES, PAIRS, PER_POSITION
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, points, side, taken, takes
from conformance.scans.specimens import Specimen, free


@check("NPZ-002")
def test_positions_of_a_specimen(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    held = subject.adapter.arrays(subject.scan_of(specimen))
    for name in ("xcoords", "ycoords"):
        evidence.layout(held[name], name, shape=(specimen.M,), dtype="float64")
    seen = np.stack([as_numpy(held["xcoords"]), as_numpy(held["ycoords"])], axis=1)
    evidence.equal(seen, specimen.positions, "the positions after loading", axes=("position", "xy"))


@check("NPZ-002", given=DRAWN)
def test_positions_of_any_scan(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    held = load(subject, evidence, drawn.arrays, "a sound scan")
    seen = np.stack([as_numpy(held["xcoords"]), as_numpy(held["ycoords"])], axis=1)
    evidence.equal(seen, drawn.positions, "the positions after loading", axes=("position", "xy"))


@check("NPZ-002")
def test_positions_anywhere(subject: Subject, evidence: Evidence) -> None:
    """About zero, below it, far out, in every real dtype: where a stage counts from is its own affair."""
    arrays = plain()
    x, y = (np.round(arrays[name]) for name in ("xcoords", "ycoords"))
    sites = {
        "about zero": (x - x[0], y - y[0]),
        "below zero": (x - 1000, y - 2000),
        "below zero along y": (x, -y - 50),
        "far out": (x + 2.0**40, y - 2.0**41),
        "a thousandth of a pixel apart": (x / 1024, y / 1024),
        "with one point far from all others": (x + 5000 * (np.arange(len(x)) == 7), y),
    }
    for where, (xs, ys) in sites.items():
        given = {name: values for name, values in arrays.items() if name != "objectGuess"}
        given |= {"xcoords": xs, "ycoords": ys, "xcoords_start": ys, "ycoords_start": xs}
        held = load(subject, evidence, given, f"a scan {where}")
        for name, values in (("xcoords", xs), ("ycoords", ys)):
            evidence.equal(held[name], values, f"{name} of a scan {where}", axes=("position",))
    # As far out as the next narrower type of numbers does not reach.
    far = {"f2": 0, "f4": 2**20, "i2": 2**14, "i4": 2**30, "i8": 2**52, "u2": 2**15, "u4": 2**31, "u8": 2**51}
    for dtype, out in far.items():
        places = {"xcoords": x + out, "ycoords": y + out}
        given = free(arrays | {name: values.astype(dtype) for name, values in places.items()})
        held = load(subject, evidence, given, f"a scan with positions in {np.dtype(dtype)}")
        for name, values in places.items():
            evidence.equal(
                held[name],
                values,
                f"{name} in {np.dtype(dtype)}",
                axes=("position",),
                suspects=lambda: {"the values went through float32": values.astype(np.float32).astype(np.float64)},
            )


@check("NPZ-020")
def test_surplus_positions_are_dropped_from_the_end(subject: Subject, evidence: Evidence) -> None:
    # With 8 positions, or 12, a stack of frames of that side has a last axis as long as a legacy one.
    for M, N, surplus in ((20, 8, 3), (6, 12, 5), (5, 8, 3), (1, 8, 7), (4, 12, 9), (11, 12, 1)):
        arrays = plain(M + surplus, N)
        frames = arrays["diff3d"][:M]
        if surplus in (3, 9):
            # Labels are one a position or one a frame (NPZ-028).
            arrays["scan_index"] = arrays["scan_index"][:M]
        # Under the alias as under the name, here and there.
        name = "diffraction" if surplus in (5, 9) and takes(Property.ALIAS) else "diff3d"
        path = subject.write(arrays | {"diff3d": None, name: frames})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            held = evidence.accepted(
                lambda: subject.adapter.arrays(subject.adapter.load(path)), f"{surplus} surplus positions"
            )
        evidence.holds(len(caught) > 0, f"{surplus} surplus positions were dropped without a warning.")
        frames_are(evidence, held, frames, "the frames of a scan with surplus positions")
        for name in PER_POSITION:
            evidence.equal(
                held[name],
                arrays[name][:M],
                f"{name} of a scan with surplus positions",
                axes=("position",),
                suspects=lambda: {
                    "the surplus is dropped from the front: the last values are kept": arrays[name][-M:],
                    "the surplus is dropped from the middle: the frames are spread over all positions": arrays[name][
                        np.linspace(0, M + surplus - 1, M).astype(int)
                    ],
                    "the surplus is dropped on both sides": arrays[name][surplus // 2 :][:M],
                    "the nominal coordinates stand in for the start coordinates": arrays[name.removesuffix("_start")][
                        :M
                    ],
                },
            )
    if not takes(Property.LEGACY):
        return
    arrays = plain(15, 10)
    legacy = np.moveaxis(arrays["diff3d"][:12], 0, 2)
    held = load(subject, evidence, arrays | {"diff3d": legacy}, "a legacy stack with surplus positions")
    frames_are(evidence, held, arrays["diff3d"][:12], "a legacy stack with surplus positions")


@check("NPZ-029")
def test_start_coordinates_and_their_default(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    held = load(subject, evidence, arrays, "a scan with start coordinates")
    for name in ("xcoords_start", "ycoords_start"):
        evidence.layout(held[name], name, shape=(20,), dtype="float64")
        nominal, other = name.removesuffix("_start"), f"{'yx'['xy'.index(name[0])]}{name[1:]}"
        evidence.equal(
            held[name],
            arrays[name],
            name,
            axes=("position",),
            suspects=lambda: {
                "the start coordinates are ignored: the nominal ones stand in for them": arrays[nominal],
                f"x and y of the start coordinates are exchanged: {name} holds {other}": arrays[other],
            },
        )
    zeros = dict.fromkeys(PAIRS[1], np.zeros(20))
    held = load(subject, evidence, free(arrays | zeros), "a scan that started at the origin")
    for name in zeros:
        evidence.equal(
            held[name],
            zeros[name],
            f"{name} of a scan that started at the origin",
            axes=("position",),
            suspects={"start coordinates of zero are taken for none": arrays[name.removesuffix("_start")]},
        )
    bare = load(subject, evidence, plain(xcoords_start=None, ycoords_start=None), "a scan without start coordinates")
    for name in ("xcoords", "ycoords"):
        other = f"{'yx'['xy'.index(name[0])]}{name[1:]}"
        evidence.equal(
            bare[f"{name}_start"],
            arrays[name],
            f"the default of {name}_start",
            axes=("position",),
            suspects=lambda: {f"x and y of the default are exchanged: it holds {other}": arrays[other]},
        )


@check("NPZ-029")
def test_half_a_start_pair_is_refused(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for name in ("xcoords_start", "ycoords_start"):
        path = subject.write(plain() | {name: None})
        evidence.refused(
            lambda: subject.adapter.load(path),
            f"a file without {name} but with the other start array",
            beside=lambda: subject.adapter.load(sound),
        )


@check("NPZ-002")
def test_positions_of_any_width(subject: Subject, evidence: Evidence) -> None:
    """Single precision and whole numbers are exact in float64, so they mean the same positions."""
    for dtype in ("f4", ">f4", "i4", "u2", "i8"):
        arrays = free(plain())
        for name in COORDINATES:
            arrays[name] = (np.round(arrays[name] * 4) / (4 if dtype[-2] == "f" else 1)).astype(dtype)
        held = load(subject, evidence, arrays, f"a scan with positions in {np.dtype(dtype)}")
        for name in COORDINATES:
            evidence.layout(held[name], f"{name} stored as {np.dtype(dtype)}", shape=(20,), dtype="float64")
            evidence.equal(
                held[name], arrays[name].astype(np.float64), f"{name} stored as {np.dtype(dtype)}", axes=("position",)
            )


@check("NPZ-020")
def test_surplus_positions_of_a_legacy_stack(subject: Subject, evidence: Evidence) -> None:
    arrays = plain(15, 10)
    for name in ("diff3d", "diffraction"):
        given = {key: values for key, values in arrays.items() if key != "diff3d"}
        given[name] = np.ascontiguousarray(np.moveaxis(arrays["diff3d"][:12], 0, 2))
        if not taken(given):
            continue
        held = load(subject, evidence, given, f"a legacy stack called {name} with three surplus positions")
        frames_are(evidence, held, arrays["diff3d"][:12], "the frames of a legacy stack with surplus positions")
        for key in PER_POSITION:
            evidence.equal(
                held[key],
                arrays[key][:12],
                f"{key} of a legacy stack with surplus positions",
                axes=("position",),
                suspects=lambda: {"positions were dropped from the front": arrays[key][-12:]},
            )


@check("NPZ-022")
def test_start_coordinates_are_coordinates(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for name in ("xcoords_start", "ycoords_start") if takes(Property.STARTS) else ():
        values = plain()[name]
        cases: dict[str, Any] = {
            "with a NaN": np.where(np.arange(20) == 4, np.nan, values),
            "with an infinity": np.where(np.arange(20) == 19, -np.inf, values),
            "as a column": values[:, np.newaxis],
            "as text": values.astype("U20"),
        }
        for what, given in cases.items():
            path = subject.write(plain() | {name: given})
            evidence.refused(
                lambda: subject.adapter.load(path),
                f"{name} {what}",
                beside=lambda: subject.adapter.load(sound),
            )


@check("NPZ-022")
def test_coordinates_of_every_other_rank_are_refused(subject: Subject, evidence: Evidence) -> None:
    """A scan of one point holds lists of one, and no bare numbers; what several share is as wrong as what one has."""
    single = plain(M=points(1, side(8)))
    sound = subject.write(single)
    pairs = PAIRS if takes(Property.STARTS) else PAIRS[:1]
    for names in (*pairs, *((name,) for pair in pairs for name in pair)):
        for what, place in (("bare numbers", 0), ("a row", np.newaxis), ("one list in a list in a list", (None, None))):
            path = subject.write(single | {name: np.array(single[name][place]) for name in names})
            evidence.refused(
                lambda: subject.adapter.load(path),
                f"{' and '.join(names)} as {what} in a scan of as few points as may be",
                beside=lambda: subject.adapter.load(sound),
            )


@check("NPZ-022")
def test_boolean_coordinates_are_refused(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for name in ("xcoords", "ycoords"):
        path = subject.write(plain() | {name: np.arange(20) % 2 == 0})
        evidence.refused(
            lambda: subject.adapter.load(path), f"boolean {name}", beside=lambda: subject.adapter.load(sound)
        )


@check("NPZ-029")
def test_start_coordinates_that_differ_a_little_or_on_one_axis(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    x, y = arrays["xcoords"], arrays["ycoords"]
    for what, start_x, start_y in (
        ("differ along y only", x.copy(), y + 0.75),
        ("differ along x only", x - 0.75, y.copy()),
        ("differ by a thousandth of a pixel", x + 1e-3, y - 1e-3),
        ("differ at one point", np.where(np.arange(20) == 11, x + 2, x), y.copy()),
        ("are zero", x * 0, y * 0),
    ):
        held = load(subject, evidence, arrays | {"xcoords_start": start_x, "ycoords_start": start_y}, what)
        for name, expected in (("xcoords_start", start_x), ("ycoords_start", start_y)):
            evidence.equal(
                held[name],
                expected,
                f"{name} where the start coordinates {what}",
                axes=("position",),
                suspects=lambda: {
                    "the start coordinates are ignored: the nominal ones stand in for them": arrays[
                        name.removesuffix("_start")
                    ]
                },
            )
        for name in ("xcoords", "ycoords"):
            evidence.equal(held[name], arrays[name], f"{name} where the start coordinates {what}", axes=("position",))
