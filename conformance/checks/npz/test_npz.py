"""Checks of scan files (NPZ): what is read, as what, and from where."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.backends.subject import Subject
from conformance.contract.arrays import PER_POSITION, axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Recipe, Specimen, make_specimen
from conformance.scans.strategies import specimens, stored_scans

Arrays = dict[str, Any]
FRAMES = axes_of("diff3d", 3)
DRAWN = {"drawn": specimens()}


def plain(M: int = 20, N: int = 8, **changes: Any) -> Arrays:
    """Arrays of a sound scan, with some replaced; None leaves one out."""
    return dict(make_specimen(Recipe(M=M, N=N, seed=100 + M + N)).arrays) | changes


def load(subject: Subject, evidence: Evidence, arrays: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """Load a file that the contract accepts."""
    path = subject.write(arrays)
    held: Mapping[str, Any] = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
    return held


def frames_are(
    evidence: Evidence,
    held: Mapping[str, Any],
    expected: Any,
    what: str,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Compare the loaded stack."""
    evidence.equal(held["diff3d"], np.asarray(expected).astype(np.float32), what, axes=FRAMES, suspects=suspects)


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


@check("NPZ-003", given={"stored": stored_scans()})
def test_one_scan_in_any_file(subject: Subject, evidence: Evidence, stored: tuple[Specimen, Arrays]) -> None:
    meant, members = stored
    held = load(
        subject, evidence, members, f"a file with { ({n: (v.dtype.str, v.shape) for n, v in members.items()}) }"
    )
    frames_are(evidence, held, meant.arrays["diff3d"], "the frames of a scan in another layout or dtype")
    seen = np.stack([as_numpy(held["xcoords"]), as_numpy(held["ycoords"])], axis=1)
    evidence.equal(seen, meant.positions, "the positions beside them", axes=("position", "xy"))


@check("NPZ-003")
def test_frames_of_a_specimen(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    held = subject.adapter.arrays(subject.scan_of(specimen))
    evidence.layout(held["diff3d"], "diff3d", shape=specimen.arrays["diff3d"].shape, dtype="float32")
    frames_are(evidence, held, specimen.arrays["diff3d"], "the frames after loading")


@check("NPZ-003", given=DRAWN)
def test_frames_of_any_scan(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    frames_are(evidence, load(subject, evidence, drawn.arrays, "a sound scan"), drawn.arrays["diff3d"], "the frames")


@check("NPZ-004")
def test_the_alias_diffraction(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    arrays["diffraction"] = arrays.pop("diff3d")
    held = load(subject, evidence, arrays, "a file whose stack is called diffraction")
    frames_are(evidence, held, arrays["diffraction"], "the frames of the alias")


@check("NPZ-005")
def test_both_stack_names_with_equal_content(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    frames = arrays["diff3d"]
    for what, alike in (
        ("as they are", frames.copy()),
        ("in double precision", frames.astype(np.float64)),
        ("in Fortran order, big-endian", np.asfortranarray(frames).astype(">f4")),
    ):
        held = load(subject, evidence, arrays | {"diffraction": alike}, f"a file with both names, equal: once {what}")
        frames_are(evidence, held, frames, "the frames")


@check("NPZ-007")
def test_members_are_found_by_their_whole_name(subject: Subject, evidence: Evidence) -> None:
    right = plain()
    decoys: Arrays = {}
    for name, values in right.items():
        # Decoys sort before and after the real member, and one of them has its shape.
        decoys |= {f"{name}_backup": values[::-1] * 3, f"{name}2": values, f"a_{name}": values * 0 + 7}
        decoys |= {name.upper(): values[::-1] * 2, name.title(): values[::-1] * 5}
    held = load(subject, evidence, {**decoys, **right}, "a file with look-alike members")

    def lookalikes(name: str) -> Suspects:
        return {
            f"the member {decoy} was read in place of {name}": values
            for decoy, values in decoys.items()
            if name.lower() in decoy.lower() and values is not right[name]
        }

    frames_are(evidence, held, right["diff3d"], "the frames beside look-alikes", suspects=lambda: lookalikes("diff3d"))
    for name in ("xcoords", "ycoords"):
        evidence.equal(
            held[name],
            right[name],
            f"{name} beside look-alikes",
            axes=("position",),
            suspects=lambda: lookalikes(name),
        )
    alias = {("diffraction" if name == "diff3d" else name): values for name, values in right.items()}
    held = load(
        subject, evidence, {"diffraction_backup": right["diff3d"] * 2, **alias}, "the alias beside a look-alike"
    )
    frames_are(evidence, held, right["diff3d"], "the frames of the alias beside look-alikes")


@check("NPZ-007")
def test_a_lookalike_does_not_replace_a_missing_member(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    renamed = {("diff3d_raw" if name == "diff3d" else name): values for name, values in arrays.items()}
    path, sound = subject.write(renamed), subject.write(arrays)
    evidence.refused(
        lambda: subject.adapter.load(path),
        "a file with diff3d_raw but without diff3d",
        beside=lambda: subject.adapter.load(sound),
    )


@check("NPZ-008")
def test_unknown_members_are_ignored(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    extra = {
        "beamline": np.array("2-ID-D"),
        "M": np.arange(3),
        "bad_pixels": np.ones((5, 7), dtype=bool),
        "label": np.ones(0),
    }
    held = load(subject, evidence, arrays | extra, "a file with unknown members")
    frames_are(evidence, held, arrays["diff3d"], "the frames beside unknown members")
    path = subject.fresh_folder() / "scan.npz"
    np.savez(path, **arrays, notes=np.array([{"a": 1}], dtype=object))
    held = evidence.accepted(
        lambda: subject.adapter.arrays(subject.adapter.load(path)), "a file with an unknown member of objects"
    )
    frames_are(evidence, held, arrays["diff3d"], "the frames beside an unknown member of objects")


@check("NPZ-009", given={"M": st.integers(1, 24), "N": st.sampled_from([8, 12, 16])})
def test_the_first_axis_decides_when_it_fits(subject: Subject, evidence: Evidence, M: int, N: int) -> None:
    arrays = plain(M, N)
    frames_are(
        evidence, load(subject, evidence, arrays, f"a canonical stack of {M} frames"), arrays["diff3d"], "frames"
    )


@check("NPZ-009")
def test_fewer_frames_than_pixels_are_not_transposed(subject: Subject, evidence: Evidence) -> None:
    for M, N in ((3, 16), (10, 64), (40, 8)):
        arrays = plain(M, N)
        held = load(subject, evidence, arrays, f"{M} frames of {N} x {N}")
        evidence.layout(held["diff3d"], "diff3d", shape=(M, N, N), dtype="float32")
        frames_are(evidence, held, arrays["diff3d"], f"{M} frames of {N} x {N}")


@check("NPZ-010")
def test_legacy_stacks_are_transposed(subject: Subject, evidence: Evidence) -> None:
    for M, N in ((5, 16), (30, 8), (9, 8)):
        arrays = plain(M, N)
        legacy = np.ascontiguousarray(np.moveaxis(arrays["diff3d"], 0, 2))
        for name in ("diff3d", "diffraction"):
            given = {key: values for key, values in arrays.items() if key != "diff3d"} | {name: legacy}
            held = load(subject, evidence, given, f"a legacy stack {legacy.shape}")
            evidence.layout(held["diff3d"], "diff3d", shape=(M, N, N), dtype="float32")
            frames_are(evidence, held, arrays["diff3d"], f"a legacy stack {legacy.shape}")


@check("NPZ-011")
def test_a_cube_is_canonical(subject: Subject, evidence: Evidence) -> None:
    for side in (8, 12):
        arrays = plain(side, side)
        frames_are(evidence, load(subject, evidence, arrays, "a cube"), arrays["diff3d"], "the frames of a cube")


@check("NPZ-014")
def test_every_even_side_from_eight_on(subject: Subject, evidence: Evidence) -> None:
    for N in (8, 10, 14, 22, 50):
        arrays = plain(4, N)
        frames_are(evidence, load(subject, evidence, arrays, f"frames of {N} x {N}"), arrays["diff3d"], f"N = {N}")


@check("NPZ-015")
def test_real_numbers_of_any_width(subject: Subject, evidence: Evidence) -> None:
    amplitude = plain()["diff3d"]
    for dtype in ("u1", "u2", "u4", "i2", "i4", "i8", "f2", "f8"):
        frames = np.round(amplitude).astype(dtype) if dtype[0] in "ui" else amplitude.astype(dtype)
        held = load(subject, evidence, plain(diff3d=frames), f"a stack of {np.dtype(dtype)}")
        evidence.layout(held["diff3d"], "diff3d", shape=frames.shape, dtype="float32")
        frames_are(evidence, held, frames, f"a stack of {np.dtype(dtype)}")
    for dtype in ("u1", "u2", "u4", "i2", "i4", "i8"):
        # Up to the largest whole numbers that float32 holds exactly.
        top = min(np.iinfo(dtype).max, 2**24)
        bright = (np.round(amplitude) * (top / np.round(amplitude).max())).astype(dtype)
        held = load(subject, evidence, plain(diff3d=bright), f"a stack of {np.dtype(dtype)} up to {top}")
        frames_are(evidence, held, bright, f"a stack of {np.dtype(dtype)} up to {top}")


@check("NPZ-020")
def test_surplus_positions_are_dropped_from_the_end(subject: Subject, evidence: Evidence) -> None:
    for M, N, surplus in ((20, 8, 3), (6, 12, 5)):
        arrays = plain(M + surplus, N)
        given = arrays | {"diff3d": arrays["diff3d"][:M]}
        path = subject.write(given)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            held = evidence.accepted(
                lambda: subject.adapter.arrays(subject.adapter.load(path)), f"{surplus} surplus positions"
            )
        evidence.holds(len(caught) > 0, f"{surplus} surplus positions were dropped without a warning.")
        frames_are(evidence, held, given["diff3d"], "the frames of a scan with surplus positions")
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
    arrays = plain(15, 10)
    legacy = np.moveaxis(arrays["diff3d"][:12], 0, 2)
    held = load(subject, evidence, arrays | {"diff3d": legacy}, "a legacy stack with surplus positions")
    frames_are(evidence, held, arrays["diff3d"][:12], "a legacy stack with surplus positions")


@check("NPZ-024")
def test_probes_keep_every_mode(subject: Subject, evidence: Evidence) -> None:
    for modes in (1, 2, 3, 8):
        probe = make_specimen(Recipe(M=6, N=8, modes=modes, seed=modes)).arrays["probeGuess"]
        for given in (probe, probe.astype(np.complex128)):
            held = load(subject, evidence, plain(6, 8, probeGuess=given), f"a probe {given.shape}")
            evidence.layout(held["probeGuess"], "probeGuess", shape=probe.shape, dtype="complex64")
            evidence.equal(held["probeGuess"], probe, "the probe", axes=("mode", "row", "column")[-probe.ndim :])
        if modes == 1:
            held = load(subject, evidence, plain(6, 8, probeGuess=probe[:, :, np.newaxis]), "a probe (N, N, 1)")
            evidence.equal(held["probeGuess"], probe, "the squeezed probe", axes=("row", "column"))
            held = load(subject, evidence, plain(6, 8, probeGuess=probe[np.newaxis]), "a probe (1, N, N)")
            seen = as_numpy(held["probeGuess"]).reshape(-1, 8, 8)
            evidence.equal(seen, probe[np.newaxis], "a stack of one mode", axes=("mode", "row", "column"))


@check("NPZ-026")
def test_the_object_is_optional_and_complex(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    held = load(subject, evidence, arrays, "a scan with an object")
    evidence.layout(held["objectGuess"], "objectGuess", shape=arrays["objectGuess"].shape, dtype="complex64")
    evidence.equal(held["objectGuess"], arrays["objectGuess"], "the object", axes=("row", "column"))
    wide = load(subject, evidence, arrays | {"objectGuess": arrays["objectGuess"].astype(np.complex128)}, "complex128")
    evidence.equal(wide["objectGuess"], arrays["objectGuess"], "a complex128 object", axes=("row", "column"))
    flat = np.ones((30, 37), np.complex64)
    held = load(subject, evidence, arrays | {"objectGuess": flat}, "a scan with an object that is all ones")
    evidence.holds(held.get("objectGuess") is not None, "An object that is all ones was taken for none.")
    evidence.equal(held["objectGuess"], flat, "an object that is all ones", axes=("row", "column"))
    bare = load(subject, evidence, plain(objectGuess=None), "a scan without an object")
    evidence.holds(bare.get("objectGuess") is None, "A scan without an object has been given one.")


@check("NPZ-027")
def test_stored_patches_are_loaded(subject: Subject, evidence: Evidence) -> None:
    patches = make_specimen(Recipe(M=20, N=8, truth="patches", seed=9)).arrays["Y"]
    for given in (patches, patches[..., np.newaxis], patches.astype(np.complex128)):
        held = load(subject, evidence, plain(Y=given), f"stored patches {given.shape}")
        evidence.layout(held["Y"], "Y", shape=patches.shape, dtype="complex64")
        evidence.equal(held["Y"], patches, "the stored patches", axes=FRAMES)


@check("NPZ-028")
def test_labels_are_kept_and_default_to_zero(subject: Subject, evidence: Evidence) -> None:
    # Labels with gaps, in no order, and wider than a byte.
    labels = np.array([7, 300, 40, 70000])[np.arange(20)[::-1] * 7 % 4]
    arrays = plain(scan_index=labels)
    held = load(subject, evidence, arrays, "a scan with labels")
    evidence.holds(as_numpy(held["scan_index"]).dtype.kind in "iu", "scan_index is not an integer array after loading.")
    evidence.equal(
        held["scan_index"],
        labels,
        "scan_index",
        axes=("frame",),
        suspects=lambda: {
            "the values are sorted: the scan is sorted by its labels": np.sort(labels, kind="stable"),
            "running numbers stand in place of the values": np.arange(20),
        },
    )
    frames_are(evidence, held, arrays["diff3d"], "the frames of a scan with unsorted labels")
    bare = load(subject, evidence, plain(scan_index=None), "a scan without labels")
    evidence.equal(bare["scan_index"], np.zeros(20, dtype=int), "scan_index of a scan without labels", axes=("frame",))
    evidence.holds(
        as_numpy(bare["scan_index"]).dtype.kind in "iu", "scan_index of a scan without labels is no integer array."
    )


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


@check("NPZ-030")
def test_metadata_never_disturbs_the_data(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    text = np.array('{"nphotons": 1e9, "N": 128, "gridsize": 7}')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        held = load(subject, evidence, arrays | {"_metadata": text}, "JSON text")
    frames_are(evidence, held, arrays["diff3d"], "frames")
    evidence.holds(not caught, f"A _metadata of JSON text is warned about: {[str(one.message) for one in caught][:1]}")
    path = subject.fresh_folder() / "scan.npz"
    np.savez(path, **arrays, _metadata=np.array('{"nphotons": 1e9}', dtype=object))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        held = evidence.accepted(
            lambda: subject.adapter.arrays(subject.adapter.load(path)), "a file with an object-dtype _metadata"
        )
    frames_are(evidence, held, arrays["diff3d"], "the frames beside an object-dtype _metadata")
    evidence.holds(len(caught) > 0, "An object-dtype _metadata was skipped without a warning.")


@check("NPZ-032")
def test_byte_order_and_memory_order(subject: Subject, evidence: Evidence) -> None:
    arrays = plain(12, 10)
    swapped = {name: values.astype(values.dtype.newbyteorder(">")) for name, values in arrays.items()}
    fortran = {name: np.asfortranarray(values) for name, values in arrays.items()}
    for what, given in (("big-endian members", swapped), ("members in Fortran order", fortran)):
        held = load(subject, evidence, given, f"a file of {what}")
        frames_are(evidence, held, arrays["diff3d"], f"the frames of {what}")
        for name in ("xcoords", "ycoords", "probeGuess", "objectGuess"):
            evidence.equal(
                held[name],
                arrays[name],
                f"{name} of {what}",
                axes=("row", "column") if arrays[name].ndim == 2 else ("position",),
                suspects=lambda: {} if arrays[name].ndim == 1 else misread(arrays[name]),
            )


@check("NPZ-032")
def test_every_version_of_the_member_format(subject: Subject, evidence: Evidence) -> None:
    arrays = plain(12, 10)
    for version in ((1, 0), (2, 0), (3, 0)):
        path = subject.fresh_folder() / "scan.npz"
        with zipfile.ZipFile(path, "w") as archive:
            for name, values in arrays.items():
                with archive.open(f"{name}.npy", "w") as stream, warnings.catch_warnings():
                    # NumPy warns that old readers do not know the later versions.
                    warnings.simplefilter("ignore")
                    np.lib.format.write_array(stream, values, version=version)
        what = f"a file of members in NPY format {version[0]}.{version[1]}"
        held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
        frames_are(evidence, held, arrays["diff3d"], f"the frames of {what}")


def misread(values: Any) -> Suspects:
    """Matrices as a reader that ignores the memory order gives them."""
    fact = "rows and columns are exchanged: " if values.shape[0] == values.shape[1] else ""
    return {f"{fact}memory in Fortran order is read as if in C order": values.ravel("F").reshape(values.shape)}


@check("NPZ-034")
def test_counts_load_with_a_warning(subject: Subject, evidence: Evidence) -> None:
    amplitude = plain(24, 8)["diff3d"] * 6
    rng = np.random.default_rng(5)
    counts = rng.poisson(amplitude.astype(np.float64) ** 2)
    # One frame seen again and again, so that only counting noise varies; a dark level was taken off.
    steady = rng.poisson(np.tile(np.linspace(3.0, 400.0, 64).reshape(8, 8), (120, 1, 1)))
    offset = rng.uniform(0.05, 0.95, (8, 8))
    for what, frames, suspicious in (
        ("counts less a dark level, no whole numbers", (steady + offset).astype(np.float32), True),
        ("square roots of such counts", np.sqrt(steady + offset).astype(np.float32), False),
        ("whole-number counts", counts.astype(np.uint16), True),
        ("counts as float32", counts.astype(np.float32), True),
        ("amplitudes up to 31 and more", np.sqrt(counts).astype(np.float32), False),
    ):
        path = subject.write(plain(len(frames), 8, diff3d=frames))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
        frames_are(evidence, held, frames, f"the values of {what}")
        evidence.holds(bool(caught) is suspicious, f"{what} were loaded {'with' if caught else 'without'} a warning.")


@check("NPZ-035")
def test_loading_alters_no_amplitude(subject: Subject, evidence: Evidence) -> None:
    small = plain()["diff3d"] / 40
    frames_are(
        evidence, load(subject, evidence, plain(diff3d=small), "amplitudes below one"), small, "small amplitudes"
    )
    spot = np.full((5, 8, 8), 0.25, dtype=np.float32)
    for frame in range(5):
        spot[frame, 1 + frame % 3, 6 - frame] = 100.5 + frame
    frames_are(
        evidence, load(subject, evidence, plain(5, 8, diff3d=spot), "single bright pixels"), spot, "bright pixels"
    )


@check("NPZ-035")
def test_a_long_stack_is_loaded_whole(subject: Subject, evidence: Evidence) -> None:
    """Longer than any piece that a reader takes at a time, and a length that no piece divides."""
    M, N = 1109, 64
    rng = np.random.default_rng(12)
    frames = np.broadcast_to(rng.uniform(0.1, 3.0, (N, N)), (M, N, N)) * (1 + np.arange(M)[:, None, None] / M)
    one = make_specimen(Recipe(M=4, N=N, seed=13)).arrays
    arrays = {
        "xcoords": rng.uniform(5.0, 90.0, M),
        "ycoords": rng.uniform(5.0, 70.0, M),
        "diff3d": frames.astype(np.float32),
        "probeGuess": one["probeGuess"],
    }
    held = load(subject, evidence, arrays, f"a scan of {M} frames {N} x {N}")
    frames_are(evidence, held, arrays["diff3d"], "a long stack")


@check("NPZ-035")
def test_a_stack_that_compresses_well_is_loaded(subject: Subject, evidence: Evidence) -> None:
    """Single photons on a dark ground take a thousandth of their size."""
    frames = np.zeros((900, 24, 24), dtype=np.float32)
    frames[:, 11, 14] = 1.5
    rng = np.random.default_rng(14)
    path = subject.fresh_folder() / "scan.npz"
    probe = make_specimen(Recipe(M=4, N=24, seed=15)).arrays["probeGuess"]
    np.savez_compressed(
        path, xcoords=rng.uniform(0, 9, 900), ycoords=rng.uniform(0, 9, 900), diff3d=frames, probeGuess=probe
    )
    held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), "a stack of single photons")
    frames_are(evidence, held, frames, "a stack of single photons")


@check("NPZ-036")
def test_declared_amplitude_is_accepted(subject: Subject, evidence: Evidence) -> None:
    declared = {
        "scale_contract_version": np.array("legacy_v1"),
        "measurement_domain": np.array("normalized_amplitude"),
    }
    arrays = plain()
    frames_are(
        evidence, load(subject, evidence, arrays | declared, "declared amplitude"), arrays["diff3d"], "the frames"
    )
