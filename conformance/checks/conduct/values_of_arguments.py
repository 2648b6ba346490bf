"""What every argument of a call may be: number types, layouts in memory, sizes, contents, options, what is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from conformance.contract.arrays import KINDS, Place, arrays_of
from conformance.contract.types import Array
from conformance.scans.domain import TRANSFORMS, Property, takes
from conformance.scans.layouts import LAYOUTS
from conformance.scans.pairs import COMPLEX, REAL, WHOLE, Row, all_pairs, as_places, as_values

DOMAINS: Mapping[str, str] = {
    **{one.name: one.kinds for one in arrays_of(Place.FILE) if one.kinds},
    **dict.fromkeys(("object", "probe", "patches"), KINDS["numeric"]),
    **dict.fromkeys(("positions", "amplitude"), KINDS["real"]),
    "groups": KINDS["any"],
}
"""Kinds of dtypes that an argument of a sound call may have."""
PLACES = ("positions", "xcoords", "ycoords", "xcoords_start", "ycoords_start")
SEEDS = (21, 0, 1, 2**31, 2**32 - 1, 2**33 + 1, 2**40, 2**63 + 5, None)
SIZES = ((23, 8, 2), (1, 8, 1), (2, 10, 2), (8, 8, 8), (14, 8, 14), (16, 16, 3))
"""Points, patches or groups; side of a frame; modes. Some are equal."""
MANY = (37, 8, 2)
"""Points enough for a group of every gridsize."""
LARGE = ((1_600, 8, 1), (17, 8, 17), (40, 40, 5), (3, 262, 2), (4_097, 8, 1))
"""Sizes that are too dear to meet everything, each beyond many thresholds."""
NUMBERS: Mapping[str, Callable[[int], Any]] = {
    "int": int,
    "int64": lambda value: np.int64(value) if abs(value) < 2**63 else value,
    "int16": lambda value: np.int16(value) if abs(value) < 2**15 else value,
    "uint8": lambda value: np.uint8(value) if 0 <= value < 2**8 else value,
}
"""How a whole number may come in: as it is written, or as it comes out of an array."""
OPTIONS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "load": {
        "name": ("scan.npz", "SCAN.npz", "scan.v2.npz", "scan_1.npz", "Größe 1.npz", "deep/scan.npz", "scan.NPZ"),
        "beside": ("", "scan_old.npz", "scan.npz.bak", "xcoords.npz"),
    },
    "group": {
        "gridsize": (2, 1, 3),
        "K": (6, 11, 40),
        "nsamples": (7, 1, 14),
        "sequential_sampling": (False, True),
        "enable_oversampling": (False, True),
        "neighbor_pool_size": (None, 10),
        "amplitude_scale": (None, 0.25, 1.0, 3e4),
        "seed": (21, 0),
        "strategy": ("sample_then_group", "group_then_sample"),
    },
    "batches": {
        "gridsize": (2, 1, 3),
        "nsamples": (7, 1),
        "sequential_sampling": (False, True),
        "amplitude_scale": (None, 0.5),
        "seed": (21, 0),
        "batch_size": (4, 1, 50),
        "shuffle": (True, False),
        "shuffle_seed": (5, 0, None),
        "probe_scale": (2.5, 1.0, 0.125, 30.0),
        "probe_normalize": (True, False),
        "normalize": ("Batch", "Group", "None"),
        "files": (2, 1),
        "beside": ("", "scan_old.npz"),
    },
    "split": {"fraction": (0.6, 0.1, 0.5, 0.9), "method": ("random", "ordered", "blocks"), "seed": (21, 0, None)},
    "split_groups": {"fraction": (0.6, 0.0, 0.5, 0.93, 1.0)},
    "measure": {"nphotons": (None, 10.0, 1e6, 1e10), "seed": SEEDS},
    "noisy": {"seed": SEEDS[:-1]},
    "patches": {"N": (8, 10, 16, 24, 130, 262)},
    "reassemble": {"chunk": (None, 1, 3, 7, 100)},
    "transform": {
        "name": TRANSFORMS,
        "gridsize": (2, 1, 3),
    },
}
"""Options of each method, the plainest level first; every two of them meet."""
ALONE: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "group": {"seed": SEEDS[2:], "gridsize": (4, 5), "nsamples": (22, 1_500), "neighbor_pool_size": (5, 30)},
    "batches": {"seed": SEEDS[2:-1], "gridsize": (4, 5), "batch_size": (3, 8), "nsamples": (900,)},
    "split": {"seed": SEEDS[2:-1]},
}
"""Further levels of options, each of which is met once."""


def dtypes_of(name: str) -> list[str]:
    """Dtypes that an argument may have here; none where it is no array of numbers.

    Parameters
    ----------
    name : str
        Contract name of the argument.
    """
    every = [one for one in ("?", *WHOLE, "u8", "f2", *REAL, *COMPLEX) if np.dtype(one).kind in DOMAINS.get(name, "")]
    if name == "diff3d":
        return [one for one in every if one == "f4" or takes(Property.FRAMES, np.dtype(one).name)]
    return [one for one in every if one != "c16" or takes(Property.DOUBLE_COMPLEX)]


def in_dtype(name: str, values: Array, dtype: str) -> Array:
    """Values of an argument in a dtype, all of them legal.

    Parameters
    ----------
    name : str
        Contract name of the argument.
    values : ndarray
    dtype : str
        One of :func:`dtypes_of`.
    """
    if name in PLACES:
        whole = np.round(values)
        return as_places(np.clip(whole, -2048, 2048) if dtype == "f2" else whole, dtype)
    if name == "scan_index":
        return values.astype(dtype)
    # Half precision holds no great numbers.
    cast = as_values(values / max(1.0, float(np.abs(values).max(initial=0)) / 1e4) if dtype == "f2" else values, dtype)
    return np.abs(cast) if name in ("diff3d", "amplitude") and cast.dtype.kind != "u" else cast


def crossed(method: str, arrays: Sequence[str], seed: int) -> list[Row]:
    """Rows in which every two options of a method meet, and each level of all else stands, the rarest once.

    Parameters
    ----------
    method : str
    arrays : sequence of str
        Contract names of the arrays in its arguments.
    seed : int
        Draws what meets beyond that.
    """
    rows = all_pairs(OPTIONS.get(method, {}), seed, ALONE.get(method)) if method in OPTIONS else [{}]
    factors: dict[str, Sequence[Any]] = {"size": SIZES, "numbers": tuple(NUMBERS)}
    factors |= {"content": CONTENT, "where": WHERE, "held": HELD}
    for name in arrays:
        factors |= {f"{name} in": ("", *dtypes_of(name)), f"{name} lies": tuple(LAYOUTS)}
    rng = np.random.default_rng([seed, 71])
    count = max(len(rows), 6 + max(map(len, factors.values())))
    columns = {name: _column(len(levels), count, rng) for name, levels in factors.items()}
    found = [
        {**{name: factors[name][column[k]] for name, column in columns.items()}, **rows[k % len(rows)]}
        for k in range(count)
    ]
    found = [row | {"size": MANY} if row.get("gridsize", 1) ** 2 >= row["size"][0] else row for row in found]
    # Beyond the object there is no light that a dose could be of.
    found = [row | {"where": WHERE[0]} if row.get("nphotons") and row["where"] in UNLIT else row for row in found]
    # Great arrays are plain in all else: what is odd has its causes for a warning, and costs many times their size.
    plain = {"content": CONTENT[0], "where": WHERE[0]}
    plain |= {f"{name} {what}": level for name in arrays for what, level in (("lies", "plain"), ("in", ""))}
    plain |= {name: levels[0] for name, levels in OPTIONS.get(method, {}).items() if name == "N"}
    return found + [{**found[k], **plain, "size": size} for k, size in enumerate(LARGE)]


CONTENT = ("ordinary", "a dark one", "real", "faint", "bright")
WHERE = ("anywhere", "whole", "on a line", "in pairs", "below zero", "far away")
UNLIT = ("below zero", "far away")
"""Where patches and canvases are empty or large, which may be worth a word."""
HELD = ("all", "patches too", "a mask")
LEFT_OUT = ("no object", "no starts", "no labels")
"""What a scan may be without: nothing is seen there of what is done to it, so each is a row beside the others."""


def _column(levels: int, count: int, rng: np.random.Generator) -> list[int]:
    """Numbers of levels, each as often as every other."""
    turns = -(-count // levels)
    return [int(one) for _ in range(turns) for one in rng.permutation(levels)][:count]
