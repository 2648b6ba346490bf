"""Checks of data sets (DAT) on every pair of option, size and content: all fields of all rows, each file by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, GROUPED, LIGHT, PLACES, Rows, rows_of, taken_from, within
from conformance.contract.arrays import PAIRS
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.breakdown import is_refusal
from conformance.evidence.evidence import Evidence
from conformance.oracles.coordinates import coordinates_of
from conformance.scans.contents import IMAGES, faded, upright
from conformance.scans.domain import Property, gridsize, kept_inside, many, places, side, takes
from conformance.scans.layouts import Void, laid, of_array, void_of_bytes
from conformance.scans.pairs import Row, all_pairs, as_values, place_taken, plainer, told
from conformance.scans.seed import seed_of_run
from conformance.scans.specimens import write_scan
from conformance.scans.transformed import random_scan

COUNTED = ("u1", "u2", "i4")
FRAMES = ("f4", "f8", "f2", *COUNTED)
PROBES = ("c8", "c16", "f4")
FEATURES = {
    "files": (2, 1, 3),
    "sizes": ((11, 8, 2), (2, 10, 1), (8, 8, 8), (14, 8, 14), (12, 12, 17)),
    "gridsize": (2, 1, 3),
    "nsamples": ("some", "one", "N", "C", "M"),
    "sampling": ("random", "sequential", "oversampled"),
    "batch_size": (3, 1, "N", "C", "all", 100),
    "order": ("plain", "shuffled", "shuffled by 0"),
    "scale": (None, 0.5),
    "probe_scale": (2.5, 1.0, 0.125, 30.0),
    "probe_normalize": (True, False),
    "normalize": ("Group", "Batch", "None"),
    "seed": (11, 0, 2**40),
    "shape": ("wide", "tall"),
    **of_array("frames", FRAMES, stored=True),
    **of_array("probe", PROBES, stored=True),
    "light": ("ordinary", "dark frames", "faint", "bright", "dark at a border", "a dark mode", "unit energy"),
    "where": ("a raster", "below zero", "far away", "on a line", "in pairs", "evenly"),
    "beside": ("nothing", "no truth", "siblings", "one mode among many", "no optional member", "fading modes"),
    "given": ("paths", "a folder"),
}
LARGE = ((4_097, 8, 1), (1_400, 8, 1), (6, 262, 2), (130, 8, 3), (40, 34, 17), (10, 130, 1))
VOID: tuple[Void, ...] = (
    ("sizes", ((2, 10, 1),), "gridsize", (2, 3)),
    ("nsamples", ("one", "C"), "light", ("dark frames",)),
    ("normalize", ("Group",), "light", ("dark frames",)),
    ("frames", ("f2", *COUNTED), "light", ("faint", "bright")),
    ("beside", ("no truth",), "shape", ("tall",)),
    *void_of_bytes("frames", FRAMES),
)
"""What means nothing beside what: few groups, or one of them, might be of dark frames alone, which have no scale."""
LEVELS: Mapping[str, Callable[[Any], bool]] = {
    "files": lambda count: count == 1 or takes(Property.FILES),
    "gridsize": lambda wanted: gridsize(wanted) == wanted,
    "sampling": lambda how: how != "oversampled" or takes(Property.OVERSAMPLING),
    "normalize": lambda scope: takes(Property.SCOPE, scope),
    "frames": lambda dtype: dtype == "f4" or takes(Property.FRAMES, np.dtype(dtype).name),
    "probe": lambda dtype: dtype != "c16" or takes(Property.DOUBLE_COMPLEX),
    "where": place_taken,
}
"""Which levels are taken, of the features that a backend may not take."""
PLAIN_BESIDE = {"frames": COUNTED, "normalize": ("Batch", "None"), "gridsize": (1,)}
"""Beside what fractions of frames, or their scales, say little."""
_PIXELS = 300_000
_MANY = 700


@dataclass(frozen=True)
class Made:
    """A data set with what it was made of."""

    what: str
    scans: tuple[Arrays, ...]
    request: BatchRequest
    count: int
    rows: Rows | Exception


@kept_inside(2)
def made(subject: Subject) -> tuple[Made, ...]:
    """Every row of the table, batched; or the error in which it ended."""
    seed = seed_of_run()
    rng = np.random.default_rng([seed, 61])
    rows = all_pairs(FEATURES, seed, {"sizes": LARGE, "gridsize": (4,)}, VOID, dear=PLAIN_BESIDE)
    return tuple(_made(subject, plainer(row, FEATURES, LEVELS), rng) for row in rows)


def _made(subject: Subject, row: Row, rng: np.random.Generator) -> Made:
    g = next(one for one in (gridsize(row["gridsize"]), 3, 2, 1) if one == 1 or one * one + 2 <= row["sizes"][0])
    scans = tuple(_scan(row, number, rng) for number in range(row["files"]))
    N = scans[0]["diff3d"].shape[-1]
    fewest = min(len(one["xcoords"]) for one in scans)
    wanted = {"some": 5, "one": 1, "N": N, "C": g * g, "M": fewest}[row["nsamples"]]
    # Many points are there for many rows, and many rows for large batches.
    wanted = _MANY if fewest > _MANY else wanted
    wanted = max(1, min(wanted, fewest, _PIXELS // (g * g * N * N)))
    oversampled = row["sampling"] == "oversampled" and g > 1
    group = GroupRequest(
        N=N,
        gridsize=g,
        K=g * g + 2,
        nsamples=wanted,
        seed=row["seed"],
        sequential_sampling=row["sampling"] == "sequential",
        enable_oversampling=oversampled,
        amplitude_scale=row["scale"],
    )
    count = wanted * row["files"]
    named = {"N": N, "C": g * g, "all": count}
    size = int(named.get(row["batch_size"]) or row["batch_size"])
    request = BatchRequest(
        group,
        size if N > 30 or count < 100 else max(size, 300),
        shuffle=row["order"] != "plain",
        seed=0 if row["order"].endswith("0") else 7,
        probe_scale=row["probe_scale"],
        probe_normalize=row["probe_normalize"],
        normalize=row["normalize"],
    )
    folder = subject.fresh_folder()
    # Sorted by name the files stand in the order of the list, so that a folder means the same.
    paths = [folder / f"{'abc'[number]}-scan.npz" for number in range(len(scans))]
    for path, arrays in zip(paths, scans, strict=True):
        write_scan(path, arrays)
    if row["beside"] == "siblings":
        for name in ("a-scan.npz.bak", "b-scan.txt", "A-SCAN.NPZ.old"):
            (folder / name).write_bytes(b"nothing")
    try:
        rows = rows_of(subject, Evidence(), [folder] if row["given"] == "a folder" else paths, request)
    except Exception as error:  # noqa: BLE001 - one check judges it
        return Made(f"a data set with {told(row)}", scans, request, wanted, error)
    return Made(f"a data set with {told(row)}", scans, request, wanted, rows)


def _scan(row: Row, number: int, rng: np.random.Generator) -> Arrays:
    M, N, P = row["sizes"]
    modes = 1 if row["beside"] == "one mode among many" and number == 0 else P
    count = many(M, side(N)) + 3 * number
    scan = random_scan(int(rng.integers(2**31)), count, N, modes=modes, truth=row["beside"] != "no truth")
    probe = as_values(_modes(scan["probeGuess"].reshape(-1, *scan["diff3d"].shape[1:]), row, number), row["probe"])
    scan["probeGuess"] = laid("probe", probe[0] if len(probe) == 1 else probe, row)
    frames = scan["diff3d"].astype(np.float64) * {"faint": 1e-8, "bright": 1e8}.get(row["light"], 1.0) * (1 + number)
    if row["light"] == "dark at a border":
        frames = IMAGES["dark at a border"](frames, rng)
    # Dark frames alone have no scale; no two of them are neighbours.
    dark = row["light"] == "dark frames" and row["nsamples"] not in ("one", "C")
    if dark and row["normalize"] == "None":
        frames[:: max(4, M // 2)] = 0
    if dark and row["normalize"] == "Batch":
        frames[-1] = 0
    # Half precision ends at 65,504.
    frames = as_values(np.minimum(frames, 6e4) if row["frames"] == "f2" else frames, row["frames"])
    scan["diff3d"] = laid("frames", np.abs(frames), row)
    if row["shape"] == "tall" and takes(Property.RECTANGULAR) and "objectGuess" in scan:
        scan["objectGuess"] = upright(scan["objectGuess"])
    for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start"):
        values, where = scan[name], row["where"]
        if where == "evenly":
            along = np.arange(count) % 4 if name[0] == "x" else np.arange(count) // 4
            values = 3.0 * along + (0.0 if takes(Property.BEYOND) else N / 2)
        elif where == "on a line" and name[0] == "y":
            values = np.full_like(values, places(np.array(12.5)) if takes(Property.BEYOND) else values[0])
        elif where == "in pairs":
            values = np.repeat(values, 2)[: len(values)]
        scan[name] = values + {"below zero": -150.0, "far away": 4096.0}.get(where, 0.0)
    optional = (*PAIRS[1], "scan_index") if row["beside"] == "no optional member" else ()
    return {name: values for name, values in scan.items() if name not in optional}


def _modes(probe: Array, row: Row, number: int) -> Array:
    """Modes (P, N, N) of the probe of a file, of which no two are alike."""
    probe = faded(probe) if row["beside"] == "fading modes" else probe
    if row["light"] == "a dark mode" and len(probe) > 1:
        probe[number % len(probe)] = 0
    if row["light"] == "unit energy":
        probe = probe / np.linalg.norm(probe)
    return probe * (1 + number)


def sound(subject: Subject) -> Iterator[tuple[Made, Rows]]:
    """Data sets that were batched; oversampling may be refused (GRP-011), and all else is judged by DAT-006."""
    for one in made(subject):
        if isinstance(one.rows, ImportError):
            raise one.rows
        if not isinstance(one.rows, Exception):
            yield one, one.rows


@check("DAT-006")
def test_rows_of_every_pair(subject: Subject, evidence: Evidence) -> None:
    for one in made(subject):
        if isinstance(one.rows, Exception):
            refused, oversampled = is_refusal(one.rows), one.request.group.enable_oversampling
            evidence.holds(
                refused and oversampled, f"{one.what} was refused with {type(one.rows).__name__}: {one.rows}"
            )
            continue
        seen = np.bincount(one.rows["experiment_id"], minlength=len(one.scans))
        expected = [one.count] * len(one.scans)
        evidence.equal(seen, expected, f"rows of each file of {one.what}", axes=("file",))


@check("DAT-004")
def test_the_order_of_files_of_every_pair(subject: Subject, evidence: Evidence) -> None:
    for one, rows in sound(subject):
        if not one.request.shuffle:
            expected = np.repeat(np.arange(len(one.scans)), one.count)
            evidence.equal(rows["experiment_id"], expected, f"experiment_id of {one.what}", axes=("group",))


@check("DAT-002")
def test_images_of_every_pair(subject: Subject, evidence: Evidence) -> None:
    for one, rows in sound(subject):
        stacks = [scan["diff3d"].astype(np.float32) for scan in one.scans]
        for experiment, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
            within(evidence, members, stacks[int(experiment)])
        evidence.equal(rows["images"], taken_from(stacks, rows), f"images of {one.what}", axes=GROUPED)


@check("DAT-003")
def test_coordinates_of_every_pair(subject: Subject, evidence: Evidence) -> None:
    for one, rows in sound(subject):
        for number, scan in enumerate(one.scans):
            own = rows["experiment_id"] == number
            right = coordinates_of(np.stack([scan["xcoords"], scan["ycoords"]], axis=1), rows["nn_indices"][own])
            parts = {"coords_global": right.absolute, "coords_center": right.offsets, "coords_relative": right.relative}
            for name, expected in parts.items():
                evidence.close(rows[name][own], expected, f"{name} of {one.what}", rtol=0, atol=1e-3, axes=PLACES)


@check("DAT-009", "DAT-010")
def test_probes_of_every_pair(subject: Subject, evidence: Evidence) -> None:
    for one, rows in sound(subject):
        held = [scan["probeGuess"].reshape(-1, *scan["probeGuess"].shape[-2:]) for scan in one.scans]
        held = [modes.astype(np.complex64) for modes in held]
        most, C = max(len(modes) for modes in held), gridsize(one.request.group.gridsize) ** 2
        for number, modes in enumerate(held):
            strength = float(np.abs(modes).mean(dtype=np.float64))
            factor = 1 / (one.request.probe_scale * strength) if one.request.probe_normalize else 1.0
            padded = np.concatenate([modes * factor, np.zeros((most - len(modes), *modes.shape[1:]))])
            here = rows["experiment_id"] == number
            atol, count = 1e-5 * float(np.abs(padded).max()), int(here.sum())
            wide = np.broadcast_to(padded, (count, C, *padded.shape))
            evidence.close(rows["probe"][here], wide, f"probe of {one.what}", rtol=1e-5, atol=atol, axes=LIGHT)
            factors = np.full((count, 1, 1, 1), factor)
            evidence.close(rows["probe_scaling"][here], factors, f"probe_scaling of {one.what}", rtol=1e-5, atol=0)


def _energies(one: Made, rows: Rows) -> Array:
    """Sum of squares of each frame of each row, (R, C)."""
    stacks = [scan["diff3d"].astype(np.float32) for scan in one.scans]
    return np.asarray((taken_from(stacks, rows).astype(np.float64) ** 2).sum(axis=(1, 2)))


@check("DAT-012", "DAT-021")
def test_scales_of_every_pair(subject: Subject, evidence: Evidence) -> None:
    for one, rows in sound(subject):
        energies, scope = _energies(one, rows), one.request.normalize
        # Of single points the contract knows the scope of the file alone.
        if scope == "Group" and one.request.group.gridsize == 1:
            continue
        means = energies.mean(axis=1)
        if scope == "Batch":
            for number in range(len(one.scans)):
                own = rows["experiment_id"] == number
                means[own] = means[own].mean()
        half = one.request.group.N / 2
        rms, physics = (np.ones_like(means),) * 2 if scope == "None" else (half / np.sqrt(means), 1 / means)
        for name, values in (("rms_scaling_constant", rms), ("physics_scaling_constant", physics)):
            expected = values.reshape(-1, 1, 1, 1)
            evidence.close(rows[name], expected, f"{name} of {one.what}", rtol=1e-5, atol=0, axes=GROUPED)


@check("DAT-001", "DAT-008")
def test_the_form_of_every_pair(subject: Subject, evidence: Evidence) -> None:
    for one, rows in sound(subject):
        count, N, C = one.count * len(one.scans), one.request.group.N, gridsize(one.request.group.gridsize) ** 2
        shapes: dict[str, tuple[Any, ...]] = {
            "images": (count, N, N, C),
            "nn_indices": (count, C),
            "experiment_id": (count,),
            **dict.fromkeys(("coords_relative", "coords_global"), (count, 1, 2, C)),
            "coords_center": (count, 1, 2, 1),
            **dict.fromkeys(("rms_scaling_constant", "physics_scaling_constant", "probe_scaling"), (count, 1, 1, 1)),
        }
        for name in FIELDS:
            shape = shapes.get(name, rows[name].shape)
            evidence.holds(
                rows[name].shape == shape, f"{name} of {one.what} has shape {rows[name].shape}, not {shape}."
            )
