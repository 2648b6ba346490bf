"""Files of people whose frames were read out, or written, in a way that lost something; with what is owed of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.files.scans import Arrays, N
from tests.files.variants_of_frames import COUNTS, Entry, scan


def counted(a: Arrays) -> NDArray[Any]:
    """Counts of a scan whose frames are amplitudes."""
    return np.rint(a["diff3d"].astype(float) ** 2)


def _frames(make: Callable[[NDArray[Any]], Any]) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        a["diff3d"] = make(a["diff3d"].copy())

    return change


def _one_wrapped(a: Arrays) -> None:
    """The brightest pixel alone is too bright for sixteen bits."""
    stack = counted(a).astype(np.int64)
    row, column = np.unravel_index(int(stack.mean(axis=0).argmax()), stack.shape[1:])
    bright = stack[:, row, column] * (65536 / np.median(stack[:, row, column]))
    stack = np.rint(stack * (60000 / stack.max())).astype(np.int64)
    stack[:, row, column] = np.rint(bright)
    a["diff3d"] = (stack % 65536).astype(np.uint16)


def _twice(a: Arrays) -> None:
    once = counted(a)
    again = np.random.default_rng(8).poisson(np.maximum(once, 0.01))
    a["diff3d"] = np.sqrt(np.stack([once, again], axis=1).reshape(-1, *once.shape[1:])).astype(np.float32)


def _held(a: Arrays) -> None:
    """Positions that were read with every second frame."""
    before = np.arange(len(a["xcoords"])) // 2 * 2
    a["xcoords"], a["ycoords"] = a["xcoords"][before], a["ycoords"][before]


def _no_numbers(a: Arrays) -> None:
    a["diff3d"][[3, 4, 50]] = np.nan


def _objects(a: Arrays) -> None:
    held = np.empty(len(a["diff3d"]), dtype=object)
    held[:] = list(a["diff3d"])
    a["diff3d"] = held


def _ever_wrapped(a: Arrays) -> None:
    """The beam's own pixel is too bright for twelve bits in every frame, and rises with the light around it."""
    stack = counted(a)
    row, column = (int(n) for n in np.unravel_index(int(stack.mean(axis=0).argmax()), stack.shape[1:]))
    stack[:, row, column] = 0
    stack *= 4000 / stack[:16].max()
    beside = stack[:, [row - 1, row + 1, row, row], [column, column, column - 1, column + 1]].mean(axis=1)
    stack[:, row, column] = 5400 * beside / beside.mean()
    a["diff3d"] = np.sqrt(np.rint(stack) % 4096).astype(np.float32)


def _counts_among(a: Arrays) -> None:
    a["diff3d"][:31] = a["diff3d"][:31] ** 2


def _eight_bits(a: Arrays) -> None:
    stack = counted(a)
    a["diff3d"] = (stack / stack.max(axis=(1, 2), keepdims=True) * 255).astype(np.uint8)


def _dark_columns(a: Arrays) -> None:
    rng = np.random.default_rng(7)
    dark = np.broadcast_to(rng.uniform(12, 30, a["diff3d"].shape[-1]), a["diff3d"].shape)
    a["diff3d"] = np.sqrt(counted(a) + rng.poisson(dark)).astype(np.float32)


def _padded(a: Arrays) -> None:
    for lines in (slice(None, 10), slice(-10, None)):
        a["diff3d"][:, lines] = a["diff3d"][:, :, lines] = 0


def _cosmics_masked(a: Arrays) -> None:
    bad = np.zeros(a["diff3d"].shape, bool)
    for k in range(0, len(bad), 4):
        bad[k, k % 30 : k % 30 + 2, 5 + k % 20] = True
    a["diff3d"][bad] = 300.0
    a["bad_pixels"] = bad


def _intensity_for_field(a: Arrays) -> None:
    a["probeGuess"] = (np.abs(a["probeGuess"]) ** 2).astype(np.complex64)


def _binned_frames(a: Arrays) -> None:
    stack = counted(a).reshape(-1, N // 2, 2, N // 2, 2).sum(axis=(2, 4))
    a["diff3d"] = np.sqrt(stack).astype(np.float32)
    del a["objectGuess"]


def _binned_mask(a: Arrays) -> None:
    a["bad_pixels"] = np.zeros((16, 16), bool)


def _longer_exposure(a: Arrays) -> None:
    more = np.random.default_rng(9).poisson(2.0 * counted(a)[40:])
    a["diff3d"][40:] = np.sqrt(counted(a)[40:] + more)


def _detector_moved(a: Arrays) -> None:
    a["diff3d"][53:] = np.roll(a["diff3d"][53:], -4, axis=1)


def _every_seventh_dim(a: Arrays) -> None:
    a["diff3d"][3::7] = np.sqrt(np.random.default_rng(10).binomial(counted(a)[3::7].astype(int), 0.55))


def _read_in_part(a: Arrays) -> None:
    a["diff3d"][[12, 50], N // 2 :] = 0


def _roots_below_zero(a: Arrays) -> None:
    left = counted(a) + np.random.default_rng(3).normal(0, 1.5, a["diff3d"].shape)
    with np.errstate(invalid="ignore"):
        a["diff3d"] = np.sqrt(left).astype(np.float32)


def _leading_darks(a: Arrays) -> None:
    a["diff3d"][:10] = np.sqrt(np.random.default_rng(5).poisson(0.5, a["diff3d"][:10].shape))


def _wrapped_beam(a: Arrays) -> None:
    stack = counted(a)
    a["diff3d"] = np.sqrt(np.rint(stack * (200_000 / stack.max())) % 65536).astype(np.float32)


def _by_light(a: Arrays) -> None:
    a["diff3d"] = a["diff3d"][np.argsort((a["diff3d"].astype(float) ** 2).sum(axis=(1, 2)))]


def _by_their_mean(a: Arrays) -> None:
    mean = counted(a).mean(axis=0) + 0.01
    a["diff3d"] = np.sqrt(counted(a) / mean * mean.mean()).astype(np.float32)


def _while_lit(a: Arrays) -> None:
    smear = np.broadcast_to(0.2 * counted(a).mean(axis=1, keepdims=True), a["diff3d"].shape)
    a["diff3d"] = np.sqrt(counted(a) + np.random.default_rng(6).poisson(smear)).astype(np.float32)


def _cut_by_shifts(a: Arrays) -> None:
    for k, by in enumerate(np.random.default_rng(7).integers(0, 3, (len(a["diff3d"]), 2))):
        a["diff3d"][k, : by[0]] = np.nan
        a["diff3d"][k, :, N - by[1] :] = np.nan


def _in_whole_steps(a: Arrays) -> None:
    for name in ("xcoords", "ycoords"):
        a[name] = 7.5 * np.rint(a[name] / 7.5)


VARIANTS: dict[str, Entry] = {
    "roots of a subtracted background": (
        scan(_roots_below_zero),
        r"least light: roots of what a subtracted",
        "NPZ-017",
    ),
    "dark frames in front": (scan(_leading_darks), r"10 of 80 frames are .* darker .*: 0 to 9", "FIL-004"),
    "a beam that was wrapped": (scan(_wrapped_beam), r"wrapped round the end", "FIL-007"),
    "a longer exposure later": (
        scan(_longer_exposure),
        r"from frame 40 on all frames are [23].* times brighter",
        "FIL-004",
    ),
    "the detector moved": (scan(_detector_moved), r"from frame 53 on .*stand -4.* rows aside", "FIL-009"),
    "every seventh frame dim": (scan(_every_seventh_dim), r"0\.5\d* times the light .*3, 10, 17", "FIL-004"),
    "frames read in part": (scan(_read_in_part), r"2 frames lack light on one side.*12, 50", "FIL-009"),
    "roots in hundredths": (scan(_frames(lambda s: np.rint(100 * s).astype(np.uint16))), r"scales 100", "FIL-011"),
    "the beam wrapped in every frame": (scan(_ever_wrapped), r"1 pixel is dark .*wrapped round", f"FIL-007 {COUNTS}"),
    "counts among amplitudes": (scan(_counts_among), r"31 of 80 frames are counts.*0 to 30", "FIL-004"),
    "stretched to eight bits": (scan(_eight_bits), r"was scaled", f"FIL-004 FIL-007 {COUNTS}"),
    "a dark current by columns": (scan(_dark_columns), r"change by their noise alone", "FIL-017"),
    "padded with zeros": (scan(_padded), r"a rim of 10 pixels .*padded with zeros", "FIL-006"),
    "cosmic rays in a mask a frame": (scan(_cosmics_masked), r"bad in any", "NPZ-047"),
    "the intensity of the beam for its field": (scan(_intensity_for_field), r"the intensity of the beam", "FIL-011"),
    "binned frames and a probe of whole ones": (scan(_binned_frames), r"its middle 16 x 16", "NPZ-025"),
    "a mask of binned frames": (scan(_binned_mask), r"binned 2 x 2", "NPZ-047"),
    "one pixel wrapped": (scan(_one_wrapped), r"1 pixel is dark .*wrapped round", f"FIL-007 {COUNTS}"),
    "frames without a number": (scan(_no_numbers), r"3 frames hold no number at all \(3, 4, 50\)", "NPZ-017"),
    "no light at all": (scan(_frames(lambda s: 0 * s)), r"none of the 80 frames holds any light", "FIL-003"),
    "one frame again and again": (scan(_frames(lambda s: s * 0 + s[:1])), r"80 frames are one and the same", "FIL-025"),
    "a constant subtracted": (scan(_frames(lambda s: s - 0.5)), r"-0\.5 wherever no light falls", "NPZ-018"),
    "two exposures a point": (scan(_twice), r"160 frames, but only 80 positions: 2 exposures", "NPZ-019"),
    "positions held for two frames": (scan(_held), r"held while the scan went on", "FIL-014"),
    "frames as objects": (scan(_objects), r"numpy\.array\(held\['diff3d'\]\.tolist\(\)\)", "NPZ-031"),
    "sorted by light": (scan(_by_light), r"were sorted by their light", "FIL-014"),
    "divided by their own mean": (scan(_by_their_mean), r"were divided by their own mean", "FIL-017"),
    "read out while lit": (scan(_while_lit), r"evenly along it, up to the borders", "FIL-017"),
    "cut by shifts": (scan(_cut_by_shifts), r"whole lines along the borders", "NPZ-017"),
    "positions in whole steps": (
        scan(_in_whole_steps),
        r"multiples of 7\.5 .*rounded by up to 3\.75",
        "FIL-012 FIL-014",
    ),
}
