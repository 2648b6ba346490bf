"""Scan files that mean one scan each, whatever hand wrote them: layouts, names, dtypes, optional members, sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from conformance.contract.arrays import COORDINATES, PAIRS, PER_POSITION
from conformance.contract.types import Array, Arrays
from conformance.oracles.patches import patches_at
from conformance.scans.contents import CONTENTS, IMAGES, REPEATED, WAVES, upright
from conformance.scans.domain import Property, canvas, inside, kept_inside, places, taken, takes
from conformance.scans.layouts import Void, laid, of_array, void_of_bytes
from conformance.scans.pairs import REAL, WHOLE, Row, all_pairs, as_places, as_values, told
from conformance.scans.specimens import Recipe, make_specimen, structured_object
from conformance.scans.transformed import random_scan


@dataclass(frozen=True)
class Variant:
    """Members of a file, and the arrays that a scan holds after it was read.

    Attributes
    ----------
    what : str
        In words.
    members : Mapping[str, Any]
        As they are stored.
    expected : Mapping[str, ndarray or None]
        Under canonical names; None where the scan has no such array.
    compressed : bool
    """

    what: str
    members: Mapping[str, Any]
    expected: Mapping[str, Array | None]
    compressed: bool = False


def whole_scan(M: int = 22, N: int = 10, seed: int = 301, **recipe: Any) -> Arrays:
    """Arrays of a scan that carries everything, with whole amplitudes and positions that float32 holds exactly.

    Parameters
    ----------
    M, N : int
        Scan points and frame side.
    seed : int
        Seed of all content.
    **recipe
        Further fields of :class:`~conformance.scans.specimens.Recipe`.
    """
    arrays = dict(make_specimen(Recipe(**{"M": M, "N": N, "modes": 2, "seed": seed, **recipe})).arrays)
    for name in COORDINATES:
        if name in arrays:
            arrays[name] = places(np.round(arrays[name] * 64) / 64)
    N = arrays["diff3d"].shape[-1]
    centres = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
    if takes(Property.STORED_PATCHES):
        arrays["Y"] = (patches_at(arrays["objectGuess"], centres, N) * np.exp(0.3j)).astype(np.complex64)
    arrays["diff3d"] = np.round(arrays["diff3d"]).astype(np.float32)
    most = 400 if takes(Property.LABELS) else 1
    return arrays | {"scan_index": np.random.default_rng(seed).integers(0, most, len(arrays["xcoords"]))}


def meant_by(arrays: Mapping[str, Any]) -> Arrays:
    """Arrays of the scan that canonical members mean, absent ones filled in as the contract says."""
    defaults = {start: arrays[name] for name, start in zip(*PAIRS, strict=True)}
    absent = {"objectGuess": None, "Y": None, "scan_index": np.zeros(len(arrays["xcoords"]), dtype=np.int64)}
    return {**defaults, **absent, **{name: values for name, values in arrays.items() if values is not None}}


@kept_inside()
def variants() -> tuple[Variant, ...]:
    """Every variant that is taken; none but the ways to store it is out of the ordinary."""
    return tuple(one for one in (*_stored(), *_optional(), *_sized()) if taken(one.members))


def _stored() -> Iterator[Variant]:
    """One scan in many ways of storing it."""
    scan = whole_scan()
    meant, frames = meant_by(scan), scan["diff3d"]
    rest = {name: values for name, values in scan.items() if name != "diff3d"}
    legacy = np.ascontiguousarray(np.moveaxis(frames, 0, 2))
    swapped = {name: values.astype(values.dtype.newbyteorder(">")) for name, values in scan.items()}
    wide = {name: scan[name].astype(np.complex128) for name in ("probeGuess", "objectGuess", "Y") if name in scan}
    trailing = {"Y": scan["Y"][..., np.newaxis]} if "Y" in scan else {}
    ways: dict[str, Arrays] = {
        "in the plainest way": scan,
        "as a legacy stack": rest | {"diff3d": legacy},
        "under the alias": rest | {"diffraction": frames},
        "as a legacy stack under the alias": rest | {"diffraction": legacy},
        "under both names": scan | {"diffraction": frames},
        "in big-endian order": swapped,
        "in Fortran order": {name: np.asfortranarray(values) for name, values in scan.items()},
        "in big-endian Fortran order": {name: np.asfortranarray(values) for name, values in swapped.items()},
        "with complex128 arrays": scan | wide,
        "with big-endian complex128 arrays": scan | {name: values.astype(">c16") for name, values in wide.items()},
        "with positions in single precision": scan | {n: scan[n].astype(np.float32) for n in COORDINATES},
        "with labels in 32 bits": scan | {"scan_index": scan["scan_index"].astype(np.int32)},
        "with patches of a trailing axis": scan | trailing,
        "with its members in reverse order": dict(reversed(scan.items())),
        "with metadata": scan | {"_metadata": np.array('{"N": 64, "nphotons": 1e9}')},
        "with unknown members": scan
        | {"mask": np.zeros((10, 10)), "coords": np.ones((len(frames), 2)), "X": frames * 3},
        "with declared units": scan
        | {"scale_contract_version": np.array("legacy_v1"), "measurement_domain": np.array("normalized_amplitude")},
        "with three positions to spare": scan | {name: np.append(scan[name], [7, 8, 9]) for name in PER_POSITION},
        "with three times as many positions": scan
        | {name: np.concatenate([scan[name], scan[name] + 1, scan[name] - 5]) for name in PER_POSITION},
    }
    ways |= {
        f"with frames of {np.dtype(d)}": scan | {"diff3d": frames.astype(d)}
        for d in ("u1", "u2", "u4", "i2", "i4", "i8", "u8", "f2", "f8")
    }
    for what, members in ways.items():
        yield Variant(f"a scan {what}", members, meant)
        if what in ("in the plainest way", "in big-endian Fortran order"):
            yield Variant(f"a compressed scan {what}", members, meant, compressed=True)


def _optional() -> Iterator[Variant]:
    """Scans that lack what is optional, in every combination of two, and one-mode probes."""
    scan = whole_scan(seed=302)
    starts = PAIRS[1]
    parts: dict[str, tuple[str, ...]] = {
        "start positions": starts,
        "labels": ("scan_index",),
        "an object": ("objectGuess",),
        "patches": ("Y",),
        "an object and patches": ("objectGuess", "Y"),
        "start positions and patches": (*starts, "Y"),
        "anything optional": (*starts, "scan_index", "objectGuess", "Y"),
    }
    for what, names in parts.items():
        members = {name: values for name, values in scan.items() if name not in names}
        yield Variant(f"a scan without {what}", members, meant_by(members))
        legacy = members | {"diff3d": np.ascontiguousarray(np.moveaxis(members["diff3d"], 0, 2))}
        yield Variant(f"a legacy scan without {what}", legacy, meant_by(members))
    many = whole_scan(seed=306, modes=13)
    yield Variant("a scan with thirteen modes", many, meant_by(many))
    real = scan | {"probeGuess": scan["probeGuess"].real.copy(), "objectGuess": scan["objectGuess"].real.astype("f8")}
    complexes = {name: real[name].astype(np.complex64) for name in ("probeGuess", "objectGuess")}
    yield Variant("a scan whose probe and object are stored as real numbers", real, meant_by(real | complexes))
    away = scan | {start: scan[name] * 2 + 900 for name, start in zip(*PAIRS, strict=True)}
    if takes(Property.STARTS):
        yield Variant("a scan whose start positions lie far from its positions", away, meant_by(away))
    single = whole_scan(seed=303, modes=1)
    yield Variant("a scan with one mode", single, meant_by(single))
    last = single | {"probeGuess": single["probeGuess"][..., np.newaxis]}
    yield Variant("a scan with a probe (N, N, 1)", last, meant_by(single))
    same = scan | {start: scan[name] for name, start in zip(*PAIRS, strict=True)}
    yield Variant("a scan whose start positions are its positions", same, meant_by(same))
    flat = scan | {"objectGuess": np.ones(canvas((40, 47)), np.complex64)}
    yield Variant("a scan with an object of ones", flat, meant_by(flat))


SIZES = ((11, 8, 2), (1, 8, 1), (2, 10, 1), (8, 8, 8), (14, 10, 14), (4, 40, 17))
DEAR = ((1_400, 8, 1),)
LARGE = ((3, 262, 2), (4_097, 8, 1), (130, 8, 1), (260, 18, 2), (67, 34, 17), (20, 134, 1))
FRAMES = ("f4", "f8", "f2", *WHOLE)
LABELS = ("i8", None, "i4", "f8", "u1", "i2")
PLACES = ("f8", "f4", "i4", "u2", "i8", "u1", "i2")
PROBES = ("c8", "c16", *REAL, "i2")
OBJECTS = ("c8", None, "c16", *REAL, "u1")
FEATURES: Mapping[str, Sequence[Any]] = {
    "sizes": SIZES,
    **of_array("frames", FRAMES),
    "stack": ("diff3d", "diffraction", "legacy diff3d", "legacy diffraction", "both"),
    **of_array("positions", PLACES, axes=1),
    "where": (
        "a raster",
        "below zero",
        "far away",
        "on a line",
        "in pairs",
        "descending",
        "nearly whole",
        "evenly",
        "on an axis",
    ),
    "starts": ("other ones", "none", "the same", "nearly the same", "one axis", "nearly whole", "at the origin"),
    "waves": tuple(WAVES),
    **of_array("probe", PROBES),
    **of_array("object", OBJECTS),
    "shape": ("wide", "tall"),
    **of_array("patches", (None, "c8", "c16", "f8", "i1", "trailing")),
    **of_array("labels", LABELS, axes=1),
    "stored": ("as it is", "compressed"),
    "light": ("ordinary", "dark frames", "faint", "bright", "tiny", "huge", "all alike", "dark at a border"),
    "surplus": (0, 3),
    "beside": ((), ("_metadata",), ("mask", "diff3d_raw", "xcoords_old", "probe")),
}
"""What a file may be like; every pair of these features is owed a file."""
VOID: tuple[Void, ...] = (
    ("positions", WHOLE, "where", ("nearly whole", "on an axis")),
    ("positions", WHOLE, "starts", ("nearly the same", "nearly whole")),
    ("sizes", ((1, 8, 1),), "where", ("on a line", "in pairs", "descending", "evenly")),
    ("sizes", ((1, 8, 1),), "light", ("dark frames",)),
    ("sizes", ((8, 8, 8),), "stack", ("legacy diff3d", "legacy diffraction")),
    ("object", (None,), "shape", ("tall",)),
    ("frames", WHOLE, "light", ("faint", "bright", "tiny", "huge")),
    ("frames", ("f2",), "light", ("tiny", "huge")),
    *void_of_bytes("frames", FRAMES),
    *void_of_bytes("positions", PLACES),
    *void_of_bytes("probe", PROBES),
    *void_of_bytes("object", OBJECTS),
    *void_of_bytes("patches", (None, "i1")),
    *void_of_bytes("labels", LABELS),
)
"""What means nothing beside what: a stack of as many frames as a side has pixels has one layout."""
_FACTORS = {
    **dict.fromkeys(COORDINATES, "positions"),
    **dict.fromkeys(("diff3d", "diffraction"), "frames"),
    **{"probeGuess": "probe", "objectGuess": "object", "Y": "patches", "scan_index": "labels"},
}
"""Factors by whose levels each array of a file lies."""


@lru_cache(maxsize=2)
def paired(seed: int) -> tuple[Variant, ...]:
    """Files in which every pair of :data:`FEATURES` occurs."""
    rng = np.random.default_rng([seed, 31])
    # Every reader is asked for those that it takes, so all are made.
    with inside(None):
        alone, dear = {"sizes": LARGE, "waves": REPEATED}, {"sizes": DEAR, "frames": WHOLE, "light": ("all alike",)}
        return tuple(_of_row(row, rng) for row in all_pairs(FEATURES, seed, alone, VOID, dear=dear))


def _of_row(row: Row, rng: np.random.Generator) -> Variant:
    M, N, P = row["sizes"]
    kept, scan = M + row["surplus"], random_scan(int(rng.integers(2**31)), M + row["surplus"], N, modes=P)
    members: Arrays = {name: as_places(_placed(scan[name], row["where"], name), row["positions"]) for name in PAIRS[0]}
    members |= _starts(members, row, rng)
    frames = as_values(_lit(scan["diff3d"][:M].astype(np.float64), row, rng), row["frames"])
    frames = np.abs(frames) if frames.dtype.kind == "i" else frames
    waves = CONTENTS[row["waves"]]
    probe = as_values(waves(scan["probeGuess"] + 0.5, rng), row["probe"])
    members["probeGuess"] = probe[0] if probe.ndim == 3 and len(probe) == 1 else probe
    if row["object"]:
        whole = scan["objectGuess"] if row["shape"] == "wide" else upright(scan["objectGuess"])
        members["objectGuess"] = as_values(waves(whole, rng), row["object"])
    if row["patches"]:
        stored = waves(rng.normal(size=(M, N, N)) + 1j * rng.normal(size=(M, N, N)), rng)
        stored = as_values(stored, "c8" if row["patches"] == "trailing" else row["patches"])
        members["Y"] = stored[..., np.newaxis] if row["patches"] == "trailing" else stored
    if row["labels"]:
        members["scan_index"] = rng.integers(0, 120, kept).astype(row["labels"])
    meant = _loaded(members, frames, M)
    stored_as = _stacked(frames, row["stack"], kept) | members
    found = {name: laid(_FACTORS[name], values, row) for name, values in stored_as.items()}
    extra = {"_metadata": np.array('{"N": 64}'), "mask": np.zeros((N, N)), "probe": np.ones((N, N))}
    extra |= {"diff3d_raw": frames * 2, "xcoords_old": members["xcoords"] * 2}
    beside = {name: extra[name] for name in row["beside"]}
    # A name before the one that it resembles comes first, as a decoy does.
    return Variant(f"a file with {told(row)}", beside | found, meant, compressed=row["stored"] == "compressed")


def _lit(frames: Array, row: Row, rng: np.random.Generator) -> Array:
    # Half precision ends at 65,504.
    gains = {"faint": 1e-3, "bright": 1e3} | ({} if row["frames"] == "f2" else {"tiny": 1e-15, "huge": 1e12})
    if row["light"] == "dark frames" and len(frames) > 1:
        frames[len(frames) // 2] = 0
    frames = IMAGES["dark at a border"](frames, rng) if row["light"] == "dark at a border" else frames
    frames = np.full_like(frames, 3.0) if row["light"] == "all alike" else frames
    return frames * gains.get(row["light"], 1.0)


def _placed(values: Array, where: str, name: str) -> Array:
    number = np.arange(len(values))
    if where == "evenly":
        # Row by row, from zero on, whole pixels apart; a raster is full where the number of points allows it.
        return 3.0 * (number % 4 if name[0] == "x" else number // 4)
    if where == "on an axis":
        return 0.75 * number if name[0] == "x" else np.zeros_like(values)
    if where == "on a line":
        return np.full_like(values, values[0])
    if where == "descending":
        return np.sort(values)[::-1].copy()
    if where == "nearly whole":
        return np.round(values) + 1e-4 * np.sin(np.arange(len(values)))
    if where == "in pairs":
        values = values.copy()
        values[1::2] = values[: len(values) // 2]
    return values + {"below zero": -120.0, "far away": 2.0**14}.get(where, 0.0)


def _starts(members: Arrays, row: Row, rng: np.random.Generator) -> Arrays:
    if row["starts"] == "none":
        return {}
    step = {"other ones": 3, "one axis": 2, "nearly the same": 1e-4}.get(row["starts"], 0)
    found = {start: (members[name] + step).astype(members[name].dtype) for name, start in zip(*PAIRS, strict=True)}
    if row["starts"] == "at the origin":
        # What is there is there, though nothing but zeros.
        return {start: np.zeros_like(values) for start, values in found.items()}
    if row["starts"] == "one axis":
        found["ycoords_start"] = members["ycoords"].copy()
    if row["starts"] == "nearly whole":
        whole = {start: np.round(values) + 1 for start, values in found.items()}
        found = {start: (values + 1e-4).astype(found[start].dtype) for start, values in whole.items()}
    return found


def _stacked(frames: Array, how: str, positions: int) -> Arrays:
    names = ("diff3d", "diffraction") if how == "both" else (how.rpartition(" ")[2],)
    M, N = frames.shape[:2]
    # A legacy stack whose number of frames, or of positions, is its side is another scan, or none.
    legacy = how.startswith("legacy") and N not in (M, positions)
    stack = np.ascontiguousarray(np.moveaxis(frames, 0, 2)) if legacy else frames
    return dict.fromkeys(names, stack)


def _loaded(members: Mapping[str, Array], frames: Array, M: int) -> dict[str, Array | None]:
    """Arrays that a scan holds after loading: positions float64, labels whole, frames float32, the rest complex64."""
    found: dict[str, Array | None] = {"objectGuess": None, "Y": None}
    for name, values in members.items():
        if name in COORDINATES:
            found[name] = values[:M].astype(np.float64)
        elif name == "scan_index":
            found[name] = values[:M].astype(np.int64)
        elif name == "Y":
            found[name] = values.reshape(frames.shape).astype(np.complex64)
        else:
            found[name] = values.astype(np.complex64)
    for name, start in zip(*PAIRS, strict=True):
        found.setdefault(start, found[name])
    found.setdefault("scan_index", np.zeros(M, np.int64))
    return found | {"diff3d": frames.astype(np.float32)}


_BEYOND_1024 = 1_030


def _sized() -> Iterator[Variant]:
    """Scans of other sizes, places and brightness."""
    for count, edge in ((5, 16), (12, 12), (1, 8), (2, 8), (300, 8), (6, 64)):
        scan = whole_scan(count, edge, seed=304 + count)
        M, N = scan["diff3d"].shape[:2]
        yield Variant(f"a scan of {M} frames {N} x {N}", scan, meant_by(scan))
        trailing = scan | ({"Y": scan["Y"][..., np.newaxis]} if "Y" in scan else {})
        yield Variant(f"a scan of {M} frames {N} x {N} with patches of a trailing axis", trailing, meant_by(scan))
        if M != N:
            legacy = scan | {"diff3d": np.ascontiguousarray(np.moveaxis(scan["diff3d"], 0, 2))}
            yield Variant(f"a legacy scan of {M} frames {N} x {N}", legacy, meant_by(scan))
    scan = whole_scan(seed=305)
    whole = scan | {name: np.round(scan[name]) for name in COORDINATES}
    stored = whole | {name: whole[name].astype(np.int32) for name in COORDINATES}
    yield Variant("a scan at whole positions, stored as integers", stored, meant_by(whole))
    for what, step in (("far from the origin", 2.0**20), ("below the origin", -(2.0**10))):
        moved = scan | {name: scan[name] + step for name in COORDINATES}
        yield Variant(f"a scan {what}", moved, meant_by(moved))
    for what, names in (("along x", COORDINATES[1::2]), ("along y", COORDINATES[::2]), ("at one place", COORDINATES)):
        line = scan | {name: np.full(len(scan[name]), places(np.array(31.25))) for name in names}
        yield Variant(f"a scan {what}", line, meant_by(line))
    for what, gain in (("bright", 2.0**10), ("faint", 2.0**-10)):
        lit = scan | {"diff3d": scan["diff3d"] * np.float32(gain)}
        yield Variant(f"a {what} scan", lit, meant_by(lit))
    if takes(Property.SIDE, _BEYOND_1024):
        wide = random_scan(307, 1, _BEYOND_1024, truth=False)
        yield Variant("a scan of one frame 1,030 x 1,030", wide, meant_by(wide))
    for shape in ((40, 4_130), (1_070, 40), (1_033, 1_041)) if takes(Property.RECTANGULAR) else ((1_041, 1_041),):
        large = scan | {"objectGuess": (structured_object(np.random.default_rng(5), shape))}
        yield Variant(f"a scan with an object {shape[0]:,} x {shape[1]:,}", large, meant_by(large))
    dark = scan | {
        "diff3d": np.where(np.arange(len(scan["diff3d"]))[:, None, None] % 5 == 2, np.float32(0), scan["diff3d"])
    }
    yield Variant("a scan with dark frames", dark, meant_by(dark))
