"""Names of the axes of the contract's arrays, so that a difference can be explained."""

from __future__ import annotations

import re

FRAMES = ("group", "row", "column", "channel")
PLACES = ("group", "unit", "xy", "channel")
LIGHT = ("group", "channel", "mode", "row", "column")
GRID = ("group", "grid row", "grid column", "row", "column", "unit")
STACK = ("frame", "row", "column")
IMAGE = ("row", "column")

_NAMED: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(("images", "diffraction", "X", "X_full", "Y_I", "Y_phi"), (FRAMES,)),
    "Y": (FRAMES, STACK),
    **dict.fromkeys(("coords", "local_offsets", "global_offsets"), (PLACES,)),
    **dict.fromkeys(("rms_scaling_constant", "physics_scaling_constant", "probe_scaling"), (FRAMES,)),
    "nn_indices": (("group", "channel"),),
    "experiment_id": (("row of the data set",),),
    **dict.fromkeys(("probe", "probeGuess"), (LIGHT, ("mode", *IMAGE), IMAGE)),
    **dict.fromkeys(("objectGuess", "object", "coverage"), (IMAGE,)),
    **dict.fromkeys(("diff3d", "patches", "amplitude"), (STACK,)),
    **dict.fromkeys(("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index"), (("frame",),)),
}
_QUOTED = re.compile(r"'(\w+)'")


def axes_of(name: str, ndim: int) -> tuple[str, ...]:
    """Return the names of the axes of an array; nothing for an array that is not known.

    Parameters
    ----------
    name : str
        Name under the contract, or where the array stands in a result: ``diffraction``, ``result[0]['images']``.
    ndim : int
        Number of its axes.
    """
    quoted = _QUOTED.findall(name)
    key = quoted[-1] if quoted else name
    known = (PLACES,) if key.startswith("coords_") else _NAMED.get(key, ())
    return next((axes for axes in known if len(axes) == ndim), ())
