"""Checks of data sets and batches (DAT)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, Rows, batches_of, rows_of
from conformance.contract.axes import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy, dtype_name
from conformance.oracles.coordinates import coordinates_of
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.specimens import Recipe, make_specimen, write_scan

Arrays = dict[str, Any]
GROUPED = ("group", "row", "column", "channel")
PLACES = ("group", "unit", "xy", "channel")
LIGHT = ("group", "channel", "mode", "row", "column")
REQUEST = BatchRequest(GroupRequest(N=8, gridsize=2, K=5, nsamples=6, seed=4), batch_size=4)
SINGLE = BatchRequest(GroupRequest(N=8, gridsize=1, K=4, nsamples=50, seed=4), batch_size=4)
PER_POINT = ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index", "diff3d", "Y")


def scans() -> list[Arrays]:
    """Four scans of unequal length, with one and several modes, with, without and with a flat object."""
    recipes = [
        Recipe(M=11, N=8, modes=1, truth="none", seed=1),
        Recipe(M=19, N=8, modes=3, seed=2),
        Recipe(M=7, N=8, modes=1, seed=3, pattern="spiral"),
        Recipe(M=13, N=8, modes=2, seed=5, truth="patches"),
    ]
    made = [dict(make_specimen(recipe).arrays) for recipe in recipes]
    for number, arrays in enumerate(made):
        arrays["diff3d"] = arrays["diff3d"] * np.float32(1 + 2 * number)
        arrays["probeGuess"] = arrays["probeGuess"] * np.complex64(1 + 0.5 * number)
    made[2]["objectGuess"] = np.ones_like(made[2]["objectGuess"])
    return made


NAMES = ("m.npz", "b.npz", "z.npz", "a.npz")


class Files:
    """Scans written into one folder, their names not in the order of the list."""

    def __init__(self, subject: Subject, scans_held: list[Arrays]) -> None:
        self.folder = subject.fresh_folder()
        self.scans = scans_held
        self.paths = [self.folder / name for name in NAMES[: len(scans_held)]]
        for path, arrays in zip(self.paths, scans_held, strict=True):
            write_scan(path, arrays)


def written(subject: Subject) -> Files:
    """Write the scans of :func:`scans`."""
    return Files(subject, scans())


def frames_of(evidence: Evidence, files: Files, rows: Rows) -> NDArray[Any]:
    """Frames that the reported file and indices name, (R, N, N, C)."""
    stacks = [scan["diff3d"] for scan in files.scans]
    for experiment, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
        within(evidence, members, stacks[int(experiment)])
    return taken_from(stacks, rows)


def offset_like(positions: NDArray[Any], members: NDArray[Any], part: str) -> dict[str, NDArray[Any]]:
    """Coordinates of one row, centred on something else than its own mean."""
    absolute = coordinates_of(positions, members[np.newaxis]).absolute
    found = {}
    for words, centre in (
        ("the mean of the whole scan", positions.mean(axis=0).reshape(1, 1, 2, 1)),
        ("the first member", absolute[..., :1]),
        ("nothing", np.zeros((1, 1, 2, 1))),
    ):
        mistaken = {"absolute": absolute, "offsets": centre, "relative": centre - absolute}
        found[f"the group is centred on {words}"] = mistaken[part]
    return found


def taken_from(stacks: Sequence[NDArray[Any]], rows: Rows, step: int = 0) -> NDArray[Any]:
    """Frames (R, N, N, C) of the reported files, some indices further on; indices beyond a file start over."""
    frames = []
    for experiment, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
        held = stacks[int(experiment)]
        frames.append(np.moveaxis(held[(members + step) % len(held)], 0, -1))
    return np.stack(frames)


def within(evidence: Evidence, members: NDArray[Any], frames: NDArray[Any]) -> None:
    """Require indices that are rows of a file."""
    right = bool(((members >= 0) & (members < len(frames))).all())
    evidence.holds(
        right, f"nn_indices {members.tolist()} leave the file that experiment_id names: {len(frames)} frames."
    )


@check("DAT-001")
def test_the_fields_of_a_batch(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (REQUEST, SINGLE):
        for batch in batches_of(subject, files.paths, request):
            evidence.present(batch, *FIELDS)
            size = as_numpy(batch["images"]).shape[0]
            kinds = {"images": "f", "nn_indices": "iu", "experiment_id": "iu", "probe": "c"}
            for name in FIELDS:
                values = as_numpy(batch[name])
                evidence.holds(
                    values.ndim > 0 and len(values) == size,
                    f"{name} has shape {values.shape} in a batch of {size} groups.",
                )
                kind = kinds.get(name, "f")
                evidence.holds(values.dtype.kind in kind, f"{name} of a batch is {values.dtype}.")
            for name in ("images", "rms_scaling_constant", "physics_scaling_constant", "probe_scaling"):
                evidence.holds(
                    dtype_name(batch[name]) == "float32", f"{name} is {dtype_name(batch[name])}, not float32."
                )
            evidence.holds(
                dtype_name(batch["probe"]) == "complex64", f"probe is {dtype_name(batch['probe'])}, not complex64."
            )


@check("DAT-002")
def test_images_are_frames_unscaled(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (REQUEST, SINGLE, replace(REQUEST, shuffle=True, seed=3)):
        rows = rows_of(subject, evidence, files.paths, request)
        frames, stacks = frames_of(evidence, files, rows), [scan["diff3d"] for scan in files.scans]
        evidence.equal(
            rows["images"],
            frames,
            "images of the batches",
            axes=GROUPED,
            suspects=lambda: {
                "the images are normalised": frames * rows["rms_scaling_constant"],
                "the images are normalised by the scale of all files together": frames * amplitude_scale_of(frames),
                "the values are squared: the images are intensities": frames.astype(np.float64) ** 2,
                "every group holds the frames of the last file": taken_from([stacks[-1]] * 4, rows),
                "every group holds the frames of the first file": taken_from([stacks[0]] * 4, rows),
                "the frames are those of the next index": taken_from(stacks, rows, 1),
                "the frames are those of the previous index": taken_from(stacks, rows, -1),
            },
        )


def layouts(arrays: Arrays) -> dict[str, Arrays]:
    """Members of files that mean one scan, whatever names, layouts and dtypes (NPZ-004, NPZ-010, NPZ-032)."""
    frames = arrays["diff3d"]
    other = {name: values for name, values in arrays.items() if name != "diff3d"}
    return {
        "another name of the stack": other | {"diffraction": frames},
        "frames last": other | {"diff3d": np.ascontiguousarray(np.moveaxis(frames, 0, -1))},
        "Fortran order": {name: np.asfortranarray(values) for name, values in arrays.items()},
        "big-endian members": {name: values.astype(values.dtype.newbyteorder(">")) for name, values in arrays.items()},
        "16-bit frames": arrays | {"diff3d": frames.astype(np.uint16)},
        "float64 frames": arrays | {"diff3d": frames.astype(np.float64)},
        "more positions than frames": arrays
        | {name: np.append(arrays[name], 3.0) for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start")},
        "NumPy's compression": arrays,
        "NumPy's compression and Fortran order": {name: np.asfortranarray(values) for name, values in arrays.items()},
    }


@check("DAT-002")
def test_images_of_files_in_every_layout(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, modes=2, seed=118))
    arrays = dict(specimen.arrays) | {"diff3d": np.round(specimen.arrays["diff3d"] * 3)}
    fields = ("images", "coords_global", "nn_indices", "probe", "rms_scaling_constant")
    expected = rows_of(subject, evidence, [subject.write(arrays)], REQUEST, fields)
    for what, members in layouts(arrays).items():
        path = subject.fresh_folder() / "scan.npz"
        (np.savez_compressed if "compression" in what else np.savez)(path, **members)
        rows = evidence.accepted(
            lambda: rows_of(subject, evidence, [path], REQUEST, fields), f"a data set of a file with {what}"
        )
        for name in fields:
            evidence.close(rows[name], expected[name], f"{name} of a file with {what}", rtol=1e-6, atol=0)


@check("DAT-003")
def test_coordinates_are_those_of_the_images(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (REQUEST, SINGLE, replace(REQUEST, shuffle=True, seed=3)):
        rows = rows_of(subject, evidence, files.paths, request)
        for row, (experiment, members) in enumerate(zip(rows["experiment_id"], rows["nn_indices"], strict=True)):
            arrays = files.scans[int(experiment)]
            positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
            expected = coordinates_of(positions, members[np.newaxis])
            for name, values in (
                ("coords_global", expected.absolute),
                ("coords_center", expected.offsets),
                ("coords_relative", expected.relative),
            ):
                what = f"{name} of row {row}"
                evidence.close(
                    rows[name][row][np.newaxis],
                    values,
                    what,
                    rtol=0,
                    atol=1e-3,
                    axes=PLACES,
                    suspects=lambda: coordinates_for(files, arrays, members, name),
                )


def coordinates_for(files: Files, arrays: Arrays, members: NDArray[Any], name: str) -> dict[str, NDArray[Any]]:
    """Coordinates of one row that known mistakes would give."""
    part = {"coords_global": "absolute", "coords_center": "offsets", "coords_relative": "relative"}[name]

    def those(held: Arrays, start: str = "", step: int = 0) -> NDArray[Any]:
        positions = np.stack([held[f"{axis}coords{start}"] for axis in "xy"], axis=1)
        taken: NDArray[Any] = getattr(coordinates_of(positions, (members + step)[np.newaxis] % len(positions)), part)
        return taken

    positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
    suspects = {
        f"{name} comes from the start coordinates": those(arrays, "_start")
        if "xcoords_start" in arrays
        else those(arrays),
        **offset_like(positions, members, part),
        f"{name} belongs to the next index": those(arrays, step=1),
        f"{name} belongs to the previous index": those(arrays, step=-1),
    }
    for number, other in enumerate(files.scans):
        if other is not arrays:
            suspects[f"{name} comes from file {number}, not from the one that experiment_id names"] = those(other)
    return suspects


@check("DAT-004")
def test_files_keep_the_order_given(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 2, 1]):
        paths = [files.paths[i] for i in order]
        rows = rows_of(subject, evidence, paths, REQUEST)
        expected = np.repeat(np.arange(len(order)), 6)
        evidence.equal(
            rows["experiment_id"],
            expected,
            f"experiment_id of the files {[p.name for p in paths]}",
            axes=("row of the data set",),
        )
        for number, place in enumerate(order):
            own = rows["experiment_id"] == number
            frames = files.scans[place]["diff3d"]
            within(evidence, rows["nn_indices"][own], frames)
            expected_frames = np.stack([np.moveaxis(frames[members], 0, -1) for members in rows["nn_indices"][own]])
            evidence.equal(
                rows["images"][own],
                expected_frames,
                f"images of file {number} of the list",
                axes=GROUPED,
                suspects=lambda: {
                    f"they are the frames of {path.name}": np.moveaxis(
                        scan["diff3d"][rows["nn_indices"][own] % len(scan["diff3d"])], 1, -1
                    )
                    for path, scan in zip(files.paths, files.scans, strict=True)
                    if path != files.paths[place]
                },
            )


@check("DAT-005")
def test_a_folder_means_its_sorted_files(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    expected = rows_of(subject, evidence, sorted(files.paths), REQUEST)
    (files.folder / "notes.txt").write_text("beamtime 12")
    (files.folder / "below").mkdir()
    write_scan(files.folder / "below" / "c.npz", files.scans[1])
    groups = np.zeros((3, 4), dtype=np.int64)
    np.savez_compressed(files.folder / "a.g2k5.groups_cache.npz", all_groups=groups, gridsize=2, overlap_factor=5)
    rows = evidence.accepted(lambda: rows_of(subject, evidence, [files.folder], REQUEST), "A folder of scans")
    for name in FIELDS:
        evidence.equal(
            rows[name],
            expected[name],
            f"{name} of a folder, against its files sorted",
            axes=axes_of(name, expected[name].ndim),
        )


@check("DAT-006")
def test_every_group_is_a_row(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request, counts in ((REQUEST, [6, 6, 6, 6]), (SINGLE, [11, 19, 7, 13])):
        rows = rows_of(subject, evidence, files.paths, request)
        total = sum(counts)
        evidence.equal(
            np.bincount(rows["experiment_id"], minlength=4),
            counts,
            "rows of each file",
            axes=("file",),
            suspects=lambda: {
                "every file is cut to the length of the shortest": np.full(4, min(counts)),
                "the last, incomplete batch is dropped": np.array(
                    [*counts[:3], counts[3] - total % request.batch_size]
                ),
                "the last file is left out": np.array([*counts[:3], 0]),
                "the first file is left out": np.array([0, *counts[1:]]),
            },
        )
        for name in FIELDS:
            evidence.holds(
                len(rows[name]) == sum(counts), f"{name} has {len(rows[name])} rows, {sum(counts)} were formed."
            )
        dark = int((rows["images"].sum(axis=(1, 2)) == 0).sum())
        evidence.holds(dark == 0, f"{dark} images of the batches are all zero; no frame of the files is.")


def same_rows(
    evidence: Evidence,
    rows: Rows,
    expected: Rows,
    what: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require equal rows in every field."""
    for name in FIELDS:
        evidence.equal(
            rows[name],
            expected[name],
            f"{name} {what}",
            axes=axes_of(name, expected[name].ndim),
            suspects=lambda: suspects(name),
        )


@check("DAT-007")
def test_batch_size_does_not_change_rows(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (SINGLE, REQUEST):
        expected = rows_of(subject, evidence, files.paths, request)
        total = len(expected["images"])
        # A batch as large as a frame's side lets a wrong broadcast through.
        for size in (1, 3, 8, total, 4 * total):
            sized = replace(request, batch_size=size)
            same_rows(
                evidence,
                rows_of(subject, evidence, files.paths, sized),
                expected,
                f"at batch size {size}",
                suspects=lambda name: scaled_by_batches(expected[name], request.batch_size, size),
            )
            lengths = [len(as_numpy(batch["images"])) for batch in batches_of(subject, files.paths, sized)]
            wanted = [size] * (total // size) + ([total % size] if total % size else [])
            evidence.holds(lengths == wanted, f"{total} rows at batch size {size} came in batches of {lengths}.")


def scaled_by_batches(values: NDArray[Any], usual: int, size: int) -> dict[str, NDArray[Any]]:
    """Rows of batches of another size, where each batch has an influence that it should not have."""
    if values.dtype.kind not in "fc":
        return {}
    lengths = [np.array([min(one, len(values) - i // one * one) for i in range(len(values))]) for one in (usual, size)]
    ratio = (lengths[1] / lengths[0]).reshape(-1, *[1] * (values.ndim - 1))
    return {
        "the values are multiplied by the number of rows in the batch": values * ratio,
        "the values are divided by the number of rows in the batch": values / ratio,
    }


@check("DAT-008")
def test_scalars_collate_to_four_axes(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for size in (1, 8, 5):
        for batch in batches_of(subject, files.paths, replace(SINGLE, batch_size=size)):
            rows = len(as_numpy(batch["images"]))
            for name in ("rms_scaling_constant", "physics_scaling_constant", "probe_scaling"):
                shape = as_numpy(batch[name]).shape
                evidence.holds(
                    shape == (rows, 1, 1, 1), f"{name} has shape {shape}, the contract says ({rows}, 1, 1, 1)."
                )
            shape = as_numpy(batch["experiment_id"]).shape
            evidence.holds(shape == (rows,), f"experiment_id has shape {shape}, the contract says ({rows},).")


def probes_of(files: Files, rows: Rows, request: BatchRequest, *, most: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probes (R, C, P, N, N) and their factors (R, 1, 1, 1) by the gauge."""
    C = request.group.gridsize**2
    probes = np.zeros((len(rows["images"]), C, most, 8, 8), dtype=np.complex128)
    factors = np.ones((len(probes), 1, 1, 1))
    for row, experiment in enumerate(rows["experiment_id"]):
        own = files.scans[int(experiment)]["probeGuess"].reshape(-1, 8, 8).astype(np.complex128)
        if request.probe_normalize:
            factors[row] = 1.0 / (request.probe_scale * np.abs(own).mean())
        probes[row, :, : len(own)] = own * factors[row, 0, 0, 0]
    return probes, factors


@check("DAT-009")
def test_probes_have_channel_and_mode_axes(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (replace(REQUEST, probe_normalize=False), replace(SINGLE, probe_normalize=False, batch_size=8)):
        rows = rows_of(subject, evidence, files.paths, request)
        expected, _ = probes_of(files, rows, request, most=3)
        evidence.close(
            rows["probe"],
            expected,
            "probe of the batches",
            rtol=1e-5,
            atol=1e-5,
            axes=LIGHT,
            suspects=lambda: probes_for(files, rows, expected),
        )


@check("DAT-009")
def test_one_mode_has_a_mode_axis(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, seed=119))
    path = subject.write(specimen.arrays)
    rows = rows_of(subject, evidence, [path], replace(REQUEST, probe_normalize=False), ("nn_indices", "probe"))
    shape = (len(rows["nn_indices"]), REQUEST.group.gridsize**2, 1, 8, 8)
    expected = np.broadcast_to(specimen.arrays["probeGuess"], shape)
    evidence.close(rows["probe"], expected, "probe of a file with one mode", rtol=1e-5, atol=1e-5, axes=LIGHT)


def probes_for(files: Files, rows: Rows, expected: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Probes that known mistakes with modes and files would give."""
    dark = np.abs(expected).sum(axis=(3, 4), keepdims=True) == 0
    order = np.argsort(rows["experiment_id"], kind="stable")
    last, first = expected[order[-1]], expected[order[0]]
    return {
        "missing modes repeat the first one in place of zeros": np.where(dark, expected[:, :, :1], expected),
        "missing modes are ones in place of zeros": np.where(dark, 1, expected),
        "only the first mode is kept": expected * (np.arange(expected.shape[2]) == 0)[:, None, None],
        "modes are summed into the first one": expected.sum(axis=2, keepdims=True)
        * (np.arange(expected.shape[2]) == 0)[:, None, None],
        "every group holds the probe of the last file": np.broadcast_to(last, expected.shape),
        "every group holds the probe of the first file": np.broadcast_to(first, expected.shape),
    }


@check("DAT-013")
def test_files_do_not_disturb_each_other(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for order in ([0, 1, 2, 3], [2, 0, 3, 1], [1, 2, 0]):
        rows = rows_of(subject, evidence, [files.paths[i] for i in order], REQUEST)
        for number, place in enumerate(order):
            alone = rows_of(subject, evidence, [files.paths[place]], REQUEST)
            own = rows["experiment_id"] == number
            for name in FIELDS:
                if name in ("experiment_id", "probe"):
                    continue
                evidence.equal(
                    rows[name][own],
                    alone[name],
                    f"{name} of a file among others, against alone",
                    axes=axes_of(name, alone[name].ndim),
                )
            modes = alone["probe"].shape[2]
            evidence.equal(
                rows["probe"][own][:, :, :modes],
                alone["probe"],
                "probe of a file among others, against alone",
                axes=LIGHT,
                suspects=lambda: {
                    f"it is the probe of file {other} of the list": alone_like(
                        rows_of(subject, evidence, [files.paths[order[other]]], REQUEST)["probe"], alone["probe"]
                    )
                    for other in range(len(order))
                    if other != number
                },
            )


def alone_like(probe: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    """Probes of one file in the place of another's: as many rows and modes, missing modes zero."""
    out = np.zeros_like(like)
    modes = min(probe.shape[2], like.shape[2])
    out[:, :, :modes] = probe[:1, :, :modes]
    return out


@check("DAT-014")
def test_iterating_twice_gives_the_same(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (SINGLE, REQUEST):
        plain = rows_of(subject, evidence, files.paths, request)
        same_rows(evidence, rows_of(subject, evidence, files.paths, request), plain, "of a second iteration")
        keys = keys_of(plain)
        orders: dict[int, NDArray[Any]] = {}
        for seed in (1, 2, 1):
            rows = rows_of(subject, evidence, files.paths, replace(request, shuffle=True, seed=seed))
            seen = keys_of(rows)
            evidence.holds(sorted(seen) == sorted(keys), "The shuffled rows are no permutation of the rows.")
            order = np.array([keys.index(key) for key in seen])
            same_rows(
                evidence,
                rows,
                {name: values[order] for name, values in plain.items()},
                "of shuffled rows",
                suspects=lambda name: {f"{name} is left in the order of the files while the rows move": plain[name]},
            )
            if seed in orders:
                evidence.equal(
                    order, orders[seed], "the order of a shuffle with the same seed", axes=("row of the data set",)
                )
            orders[seed] = order
        evidence.holds(not np.array_equal(orders[1], orders[2]), "Two seeds gave the same shuffle.")
        evidence.holds(not np.array_equal(orders[1], np.arange(len(keys))), "shuffle left the rows in their order.")


def keys_of(rows: Rows) -> list[tuple[int, ...]]:
    """File and members of each row."""
    return [(int(e), *map(int, m)) for e, m in zip(rows["experiment_id"], rows["nn_indices"], strict=True)]


@check("DAT-017")
def test_changed_sources_are_seen(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    rows_of(subject, evidence, files.paths, REQUEST)
    old = [scan["diff3d"] for scan in files.scans]
    for number in (0, 2):
        files.scans[number] = files.scans[number] | {"diff3d": files.scans[number]["diff3d"][::-1] * np.float32(1.5)}
        write_scan(files.paths[number], files.scans[number])
    try:
        rows = rows_of(subject, evidence, files.paths, REQUEST)
    except ValueError:
        # The contract lets a store refuse and ask for a rebuild.
        evidence.holds(True, "")
        return
    evidence.equal(
        rows["images"],
        frames_of(evidence, files, rows),
        "images after source files changed",
        axes=GROUPED,
        suspects=lambda: {"the images are those of the files before they changed": taken_from(old, rows)},
    )


@check("DAT-018")
def test_what_cannot_be_combined_is_refused(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    wide = subject.write(make_specimen(Recipe(M=9, N=10, seed=6)).arrays)
    empty = subject.fresh_folder()
    (empty / "readme.txt").write_text("no scans here")
    cases: list[tuple[str, list[Path]]] = [
        ("an empty list", []),
        ("a folder without scans", [empty]),
        ("files of different N", [files.paths[0], wide]),
        ("files of different N, the larger first", [wide, files.paths[0]]),
    ]
    for what, paths in cases:
        evidence.refused(
            lambda: batches_of(subject, paths, REQUEST),
            what,
            beside=lambda: batches_of(subject, files.paths, REQUEST),
        )
