"""Hypothesis strategies for scans, requests, objects and probes, made so that nothing hides a defect.

Sizes and shapes are drawn, so that a failure shrinks to a small scan; content comes from a generator with a drawn seed,
so that it is never symmetric, constant, real or zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.contract.arrays import PAIRS, STACKS
from conformance.contract.types import Arrays
from conformance.scans.domain import Property, places, side, takes
from conformance.scans.domain import gridsize as gridsize_here
from conformance.scans.seed import moved
from conformance.scans.specimens import Recipe, Specimen, make_specimen, structured_object, structured_probe

Drawn = TypeVar("Drawn")

seeds = st.integers(min_value=0, max_value=2**32 - 1).map(moved)
frame_sides = st.sampled_from([8, 10, 12, 16]).map(side)


def among(*options: Drawn) -> st.SearchStrategy[Drawn]:
    """Draw one of the options; unlike ``sampled_from``, the simplest example is another one in another run."""
    return seeds.map(lambda seed: options[seed % len(options)])


@dataclass(frozen=True)
class GroupingCase:
    """A scan and a request that is valid for it."""

    specimen: Specimen
    request: GroupRequest


@st.composite
def recipes(
    draw: st.DrawFn,
    *,
    min_M: int = 1,
    max_M: int = 40,
    whole_pixels: bool | None = None,
    truth: str | None = None,
    modes: int | None = None,
) -> Recipe:
    """Recipes of synthetic scans: fewer frames than pixels and more, every pattern, one to three probe modes.

    Parameters
    ----------
    min_M, max_M : int
        Fewest and most scan points.
    whole_pixels : bool, optional
        Whether positions are whole pixels; None: drawn.
    truth : {"object", "patches", "none"}, optional
        Ground truth that the scan carries; None: drawn.
    modes : int, optional
        Probe modes; None: drawn from 1 to 3.
    """
    return Recipe(
        M=draw(st.integers(min_M, max_M)),
        N=draw(frame_sides),
        modes=draw(st.integers(1, 3)) if modes is None else modes,
        pattern=draw(st.sampled_from(["raster", "spiral", "clustered"])),
        whole_pixels=draw(st.booleans()) if whole_pixels is None else whole_pixels,
        distinct_start=draw(st.booleans()),
        truth=draw(st.sampled_from(["object", "patches", "none"])) if truth is None else truth,  # type: ignore[arg-type]
        margin=draw(st.sampled_from([2.0, 6.0, 9.5])),
        pitch=draw(st.sampled_from([0.8, 2.3, 5.1])),
        seed=draw(seeds),
    )


def specimens(
    *,
    min_M: int = 1,
    max_M: int = 40,
    whole_pixels: bool | None = None,
    truth: str | None = None,
    modes: int | None = None,
) -> st.SearchStrategy[Specimen]:
    """Synthetic scans that obey the contract; the arguments pin one property of the recipe.

    Parameters
    ----------
    min_M, max_M : int
        Fewest and most scan points.
    whole_pixels : bool, optional
        Whether positions are whole pixels; None: drawn.
    truth : {"object", "patches", "none"}, optional
        Ground truth that the scan carries; None: drawn.
    modes : int, optional
        Probe modes; None: drawn from 1 to 3.
    """
    drawn = recipes(min_M=min_M, max_M=max_M, whole_pixels=whole_pixels, truth=truth, modes=modes)
    return drawn.map(make_specimen)


@st.composite
def group_requests(draw: st.DrawFn, specimen: Specimen, *, min_gridsize: int = 1) -> GroupRequest:
    """Valid requests for a scan, without oversampling; ``specimen.M`` must allow ``min_gridsize``.

    Parameters
    ----------
    specimen : Specimen
        The scan to be grouped.
    min_gridsize : int
        Least gridsize.
    """
    most = min(3, int(np.sqrt(specimen.M)))
    gridsize = gridsize_here(draw(st.integers(min_gridsize, max(min_gridsize, most))))
    return GroupRequest(
        N=specimen.N,
        gridsize=gridsize,
        K=draw(st.integers(gridsize**2, gridsize**2 + 6)),
        nsamples=draw(st.integers(1, specimen.M)),
        seed=draw(seeds),
        sequential_sampling=draw(st.booleans()) and takes(Property.SEQUENCE),
    )


@st.composite
def grouping_cases(
    draw: st.DrawFn,
    *,
    min_gridsize: int = 1,
    max_M: int = 40,
    sequential: bool | None = None,
    truth: str | None = None,
    modes: int | None = None,
    whole_pixels: bool | None = None,
) -> GroupingCase:
    """A scan with a request valid for it; with ``min_gridsize`` 2 every group has several members.

    Parameters
    ----------
    min_gridsize : int
        Least gridsize.
    max_M : int
        Most scan points.
    sequential : bool, optional
        Whether seeds are taken in order; None: drawn.
    truth : {"object", "patches", "none"}, optional
        Ground truth that the scan carries; None: drawn.
    modes : int, optional
        Probe modes; None: drawn from 1 to 3.
    whole_pixels : bool, optional
        Whether positions are whole pixels; None: drawn.
    """
    minimum = max(1, min_gridsize**2)
    specimen = draw(specimens(min_M=minimum, max_M=max_M, truth=truth, modes=modes, whole_pixels=whole_pixels))
    request = draw(group_requests(specimen, min_gridsize=min_gridsize))
    if sequential is not None:
        request = replace(request, sequential_sampling=sequential)
    return GroupingCase(specimen, request)


@st.composite
def oversampling_cases(draw: st.DrawFn, *, max_M: int = 20) -> GroupingCase:
    """A scan with a request for more groups than scan points at gridsize 2; for as many where no more are taken."""
    specimen, more = draw(specimens(min_M=5, max_M=max_M)), takes(Property.OVERSAMPLING)
    pool = draw(st.integers(4, 8))
    request = GroupRequest(
        N=specimen.N,
        gridsize=2,
        K=draw(st.integers(4, 6)),
        nsamples=specimen.M + (draw(st.integers(1, 2 * specimen.M)) if more else 0),
        seed=draw(seeds),
        enable_oversampling=more,
        neighbor_pool_size=pool if more else None,
    )
    return GroupingCase(specimen, request)


@st.composite
def objects(draw: st.DrawFn, *, min_side: int = 12, max_side: int = 40) -> NDArray[np.complex64]:
    """Objects (H, W) complex64, as a rule not square.

    Parameters
    ----------
    min_side, max_side : int
        Least and greatest H and W in pixels.
    """
    larger = max(side(N) - N for N in (8, 10, 12, 14))
    shape = (draw(st.integers(min_side, max_side)) + larger, draw(st.integers(min_side, max_side)) + larger)
    return structured_object(np.random.default_rng(draw(seeds)), shape)


@st.composite
def probes(draw: st.DrawFn, *, N: int, max_modes: int = 3) -> NDArray[np.complex64]:
    """Probes (N, N), or (P, N, N) with more than one mode, complex64.

    Parameters
    ----------
    N : int
        Side of a frame in pixels.
    max_modes : int
        Most modes.
    """
    return structured_probe(np.random.default_rng(draw(seeds)), N, draw(st.integers(1, max_modes)))


@st.composite
def positions(
    draw: st.DrawFn, *, min_count: int = 1, max_count: int = 12, reach: float = 30.0, whole_pixels: bool | None = None
) -> NDArray[np.float64]:
    """Positions (n, 2), columns [x, y], within ``[-reach/4, reach]``: some leave the object.

    Parameters
    ----------
    min_count, max_count : int
        Fewest and most positions n.
    reach : float
        Greatest coordinate in pixels.
    whole_pixels : bool, optional
        Whether positions are whole pixels; None: drawn.
    """
    count = draw(st.integers(min_count, max_count))
    drawn = np.random.default_rng(draw(seeds)).uniform(-reach / 4, reach, (count, 2))
    whole = draw(st.booleans()) if whole_pixels is None else whole_pixels
    return np.round(drawn) if whole else places(drawn)


@st.composite
def stored_scans(draw: st.DrawFn) -> tuple[Specimen, Arrays]:
    """Scans, and the members of one of the files that mean them: names, layouts and dtypes that carry no meaning.

    Frames are whole numbers, so that integer dtypes hold them exactly.
    """
    specimen = draw(specimens(max_M=24))
    frames = np.round(specimen.arrays["diff3d"])
    meant = replace(specimen, arrays={**specimen.arrays, "diff3d": frames.astype(np.float32)})
    dtype = draw(st.sampled_from(["<f4", ">f4", "<f8", "<u2", ">i4", "<f2" if frames.max() < 2048 else "<f4"]))
    plain = np.dtype(dtype).name == "float32" or takes(Property.FRAMES, np.dtype(dtype).name)
    stored = frames.astype(dtype if plain else "<f4")
    if specimen.M != specimen.N and draw(st.booleans()) and takes(Property.LEGACY):
        stored = np.moveaxis(stored, 0, -1)
    members = {name: values for name, values in meant.arrays.items() if name != "diff3d"}
    for name in PAIRS[0]:
        members[name] = members[name].astype(draw(st.sampled_from(["<f8", ">f8"])))
    name, lay = draw(st.sampled_from(STACKS)), draw(st.sampled_from([np.ascontiguousarray, np.asfortranarray]))
    members[name if takes(Property.ALIAS) else "diff3d"] = lay(stored)
    return meant, members
