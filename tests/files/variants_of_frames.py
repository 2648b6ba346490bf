"""Variants of files whose frames are not what they should be; each function changes a sound scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.scans.specimens import write_scan
from tests.files.scans import Arrays, N, sound

Entry = tuple[Callable[[Path], Path], str, str]


def scan(change: Callable[[Arrays], object], seed: int = 21, photons: float = 3e4) -> Callable[[Path], Path]:
    """Return what writes a sound scan with one change."""

    def make(folder: Path) -> Path:
        arrays = sound(seed, photons=photons)
        change(arrays)
        write_scan(folder / "scan.npz", arrays)
        return folder / "scan.npz"

    return make


def _counts(a: Arrays, dtype: Any = np.int64) -> NDArray[Any]:
    return np.rint(a["diff3d"].astype(np.float64) ** 2).astype(dtype)


def _put(place: Any, value: float, dtype: Any = None, *, counts: bool = False) -> Callable[[Arrays], None]:
    """Put a value into some pixels of all frames."""

    def change(a: Arrays) -> None:
        stack = _counts(a, dtype) if counts else a["diff3d"].astype(dtype or np.float32)
        stack[(slice(None), *place)] = value
        a["diff3d"] = stack

    return change


def _of_counts(make: Callable[[NDArray[Any]], Any]) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        a["diff3d"] = make(_counts(a))

    return change


def _frames(make: Callable[[NDArray[Any]], Any]) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        a["diff3d"] = make(a["diff3d"].copy())

    return change


def _set(rows: Any, value: Any) -> Callable[[NDArray[Any]], Any]:
    def change(stack: NDArray[Any]) -> NDArray[Any]:
        stack[rows] = value(stack) if callable(value) else value
        return stack

    return change


def _flickering(stack: NDArray[Any]) -> NDArray[Any]:
    stack[:, 4, 27] = np.random.default_rng(2).uniform(60, 90, len(stack))
    return stack


def _log_shown(counts: NDArray[Any]) -> NDArray[Any]:
    shown = np.log10(counts + 1.0)
    return (255 * shown / shown.max()).astype(np.uint8)


def _fixed_frame_order(stack: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(stack[::2], 2, axis=0)


def _decaying(stack: NDArray[Any]) -> NDArray[Any]:
    return (stack * np.linspace(1, 0.25, len(stack))[:, None, None]).astype(np.float32)


def _metadata_rows(width: int, rows: int) -> Callable[[Arrays], None]:
    """Frames with rows behind the image, read as if there were none."""

    def change(a: Arrays) -> None:
        M = len(a["diff3d"])
        raw = np.zeros((M, N + rows, N), np.float32)
        raw[:, :N] = a["diff3d"]
        raw[:, N:] = np.random.default_rng(1).integers(0, 3, (M, rows, N))
        flat = raw.ravel()[: M * width * N]
        flat = np.pad(flat, (0, M * width * N - flat.size))
        a["diff3d"] = flat.reshape(M, width, N)[:, :N].copy()

    return change


def _background(counts: NDArray[Any]) -> NDArray[Any]:
    return np.sqrt(counts + 25.0 * np.ones_like(counts)).astype(np.float32)


def _module(stack: NDArray[Any]) -> NDArray[Any]:
    stack[:, 16:, 16:] = 0
    return stack


def _wrapped(bits: int) -> Callable[[Arrays], None]:
    """Counts twenty times too bright for their type, which begin anew at its end."""

    def change(a: Arrays) -> None:
        stack = _counts(a)
        a["diff3d"] = (stack * (20 * 2**bits / stack.max())).astype(np.int64) % 2**bits

    return change


def _signed(a: Arrays) -> None:
    stack = _counts(a)
    a["diff3d"] = (stack * (60000 / stack.max())).astype(np.uint16).view(np.int16)


def _scaled_pictures(counts: NDArray[Any]) -> NDArray[Any]:
    return np.rint(255 * np.sqrt(counts / counts.max(axis=(1, 2), keepdims=True))).astype(np.uint8)


def _noisy_background(counts: NDArray[Any]) -> NDArray[Any]:
    return np.sqrt(counts + np.random.default_rng(4).poisson(40, counts.shape)).astype(np.float32)


def _subtracted(counts: NDArray[Any]) -> NDArray[Any]:
    return (counts + np.random.default_rng(5).normal(0, 1.5, counts.shape)).astype(np.float32)


def _appended(a: Arrays) -> None:
    for name in ("xcoords", "ycoords", "diff3d"):
        a[name] = np.concatenate([a[name], a[name]])


COUNTS = "NPZ-034"
VARIANTS: dict[str, Entry] = {
    # the end of a type, scales, backgrounds
    "wrapped at sixteen bits": (scan(_wrapped(16)), r"wrapped round the end", f"FIL-007 {COUNTS}"),
    "wrapped at twelve bits": (scan(_wrapped(12)), r"wrapped round the end", f"FIL-007 {COUNTS}"),
    "wrapped below zero": (scan(_signed), r"add 65536", f"NPZ-018 {COUNTS}"),
    "pictures scaled each by itself": (scan(_of_counts(_scaled_pictures)), r"every frame is 255", f"FIL-004 {COUNTS}"),
    "a background of counts": (scan(_of_counts(_noisy_background)), r"background .*left in", "FIL-017"),
    "a background subtracted": (scan(_of_counts(_subtracted)), r"subtracted background leaves", f"NPZ-018 {COUNTS}"),
    "a scan appended to itself": (scan(_appended), r"80 of 160 frames are copies", "FIL-025"),
    # markers
    "gap of minus one": (
        scan(_put((slice(None), slice(13, 16)), -1)),
        r"same 96 pixels in all 80 frames",
        "NPZ-018 FIL-005",
    ),
    "gap of -9999": (
        scan(_put((slice(7, 9),), -9999.0, np.float64)),
        r"same 64 pixels in all 80 frames",
        "NPZ-018 FIL-005",
    ),
    "gap of NaN": (
        scan(_put((slice(7, 9),), np.nan)),
        r"same 64 pixels in all 80 frames: pixels that are not",
        "NPZ-017",
    ),
    "gap of infinity": (
        scan(_put((slice(7, 9),), np.inf)),
        r"same 64 pixels in all 80 frames: pixels that are not",
        "NPZ-017",
    ),
    "marker of uint8": (
        scan(_of_counts(lambda c: _set((slice(None), 3), 255)(np.minimum(c, 200).astype(np.uint8)))),
        r"32 pixels hold 255 in every frame",
        f"FIL-005 FIL-011 {COUNTS}",
    ),
    "marker of int16": (
        scan(_put((slice(3, 5),), 32767, np.int16, counts=True)),
        r"64 pixels hold 32767",
        f"FIL-005 {COUNTS}",
    ),
    "marker 1e6": (
        scan(_put((slice(3, 5),), 1e6)),
        r"64 pixels hold 1e\+?06|64 pixels hold 1000000",
        "FIL-005 FIL-006",
    ),
    "marker below the largest": (
        scan(_put((slice(3, 5),), 4294967293, np.float64, counts=True)),
        r"64 pixels hold 429496729[36]",
        f"FIL-005 {COUNTS}",
    ),
    "marker in a legacy stack": (
        scan(
            lambda a: a.update(diff3d=np.moveaxis(_set((slice(None), 6), 65535)(_counts(a, np.uint16)), 0, -1).copy())
        ),
        r"32 pixels hold 65535",
        f"FIL-005 {COUNTS}",
    ),
    "marker big-endian": (
        scan(_put((slice(3, 5),), 65535, ">u2", counts=True)),
        r"64 pixels hold 65535",
        f"FIL-005 {COUNTS}",
    ),
    "marker in some frames": (
        scan(_of_counts(lambda c: _set((slice(0, 30), slice(None), 6), 2**32 - 1)(c.astype(np.uint32)))),
        r"4294967295",
        f"FIL-005 FIL-007 {COUNTS}",
    ),
    # stuck, dead, hot
    "hot block": (scan(_put((slice(2, 4), slice(2, 4)), 55.5)), r"4 pixels hold 55.5", "FIL-006"),
    "hot and flickering": (scan(_frames(_flickering)), r"\(4, 27\)", "FIL-006"),
    "dead wide gap": (scan(_put((slice(12, 19),), 0)), r"never count.*rows 12 to 18", "FIL-006"),
    "dead module": (scan(_frames(_module)), r"never count", "FIL-006"),
    "dead column big-endian": (scan(_put((slice(None), 14), 0, ">f8")), r"never count.*column 14", "FIL-006"),
    "a line of half the gain": (
        scan(_frames(_set((slice(None), 14), lambda s: s[:, 14] * 0.6))),
        r"row 14 carries",
        "FIL-008",
    ),
    "three wide rows": (
        scan(_frames(_set((slice(None), slice(14, 17)), lambda s: s[:, 14:17] * 1.4))),
        r"rows 14 to 16",
        "FIL-008",
    ),
    # saturation
    "saturated roots": (
        scan(_of_counts(lambda c: np.sqrt(np.minimum(c, 400)).astype(np.float32))),
        r"FIL-007|reach 20",
        "FIL-007 FIL-011",
    ),
    "saturated at a cutoff": (
        scan(_of_counts(lambda c: np.minimum(c, 300).astype(np.uint32))),
        r"reach 300",
        f"FIL-007 FIL-011 {COUNTS}",
    ),
    "saturated int16": (
        scan(_of_counts(lambda c: np.minimum(c * 40, 32767).astype(np.int16))),
        r"reach 32767",
        f"FIL-007 FIL-011 {COUNTS}",
    ),
    # frames as wholes
    "dark frames of float noise": (
        scan(_frames(_set(slice(70, 74), 1e-6))),
        r"4 of 80 frames.*70 to 73",
        "FIL-003 FIL-004",
    ),
    "frames of NaN": (scan(_frames(_set([5, 6], np.nan))), r"2 of 80 frames", "NPZ-017"),
    "half the scan dark": (scan(_frames(_set(slice(34, None), 0))), r"46 of 80 frames hold nothing", "FIL-003"),
    "beam lost by and by": (scan(_frames(_decaying)), r"power.*(falls|drifts|decays)|flux", "FIL-004"),
    "frames copied": (
        scan(_frames(_set(slice(40, 46), lambda s: s[39]))),
        r"(same|equal|copies|repeat).*4[0-5]",
        "FIL-025 FIL-003",
    ),
    "every frame twice": (scan(_frames(_fixed_frame_order)), r"(same|equal|copies|repeat)", "FIL-025 FIL-003"),
    "all frames the same": (
        scan(_frames(lambda s: np.repeat(s[:1], len(s), axis=0))),
        r"(all|same|equal|copies).*80 frames|80 frames",
        "FIL-025 FIL-006",
    ),
    "a burst of 20": (scan(_frames(_set([11, 50], lambda s: s[[11, 50]] * 5))), r"11, 50", "FIL-004"),
    "frames of power one": (
        scan(_frames(lambda s: s / np.linalg.norm(s, axis=(1, 2), keepdims=True))),
        r"(one|same) power|normalis",
        "FIL-011 FIL-007",
    ),
    "frames of largest one": (
        scan(_frames(lambda s: s / s.max(axis=(1, 2), keepdims=True))),
        r"every frame is 1: each was scaled by itself",
        "FIL-004",
    ),
    "frames of mean zero": (
        scan(_frames(lambda s: (s - s.mean()) / s.std())),
        r"mean 0|mean zero|standardi|normalis",
        "NPZ-018 FIL-011 FIL-005 FIL-006",
    ),
    # slides
    "one row of metadata": (scan(_metadata_rows(N, 1)), r"slide by 1 row a frame", "FIL-009 FIL-004 FIL-011"),
    "three rows of metadata": (scan(_metadata_rows(N, 3)), r"slide by 3 rows a frame", "FIL-009 FIL-004 FIL-011"),
    "read with rows too many": (scan(_metadata_rows(N + 1, 0)), r"slide by 1 row a frame", "FIL-009 FIL-003"),
    # quantities
    "counts times a gain": (
        scan(_of_counts(lambda c: (c * 0.37).astype(np.float32))),
        r"(counts|intensity).*0.37|intensity",
        f"{COUNTS} FIL-011",
    ),
    "roots times a gain": (
        scan(_of_counts(lambda c: (np.sqrt(c) * 3.1).astype(np.float32))),
        r"3\.1\d? apart",
        "FIL-011",
    ),
    "counts by seconds": (
        scan(_of_counts(lambda c: (c / 7.0).astype(np.float32))),
        r"intensity|counts",
        f"{COUNTS} FIL-011",
    ),
    "ADU of electrons": (scan(_of_counts(lambda c: (c * 16).astype(np.uint32))), r"intensity", f"{COUNTS} FIL-011"),
    "natural logarithm": (scan(_of_counts(lambda c: np.log(c + 1.0))), r"logarithm", "FIL-017"),
    "decibels": (scan(_of_counts(lambda c: 10 * np.log10(c + 1.0))), r"logarithm", "FIL-017"),
    "logarithm of a floor": (scan(_of_counts(lambda c: np.log10(c + 1e-3) + 3)), r"logarithm", "FIL-017"),
    "logarithm as shown": (scan(_of_counts(_log_shown)), r"logarithm", f"FIL-017 {COUNTS} FIL-011 FIL-007"),
    "fourth root": (scan(_of_counts(lambda c: np.sqrt(np.sqrt(c)).astype(np.float32))), r"fourth root", "FIL-017"),
    "Anscombe": (
        scan(_of_counts(lambda c: (2 * np.sqrt(c + 0.375)).astype(np.float32))),
        r"Anscombe|offset",
        "FIL-011 FIL-017",
    ),
    "background of 25 counts": (
        scan(_of_counts(_background)),
        r"background",
        "FIL-011 FIL-017",
    ),
    "counts as uint16 of few": (
        scan(lambda a: a.update(diff3d=_counts(a, np.uint16)), photons=400.0),
        r"intensity",
        f"{COUNTS} FIL-011",
    ),
    "complex frames": (scan(_frames(lambda s: s * np.exp(1j * s))), r"complex", "NPZ-016"),
    "boolean frames": (scan(_frames(lambda s: s > 3)), r"bool", "NPZ-016"),
    "frames of text": (scan(_frames(lambda s: s.astype("U8"))), r"<U8|text", "NPZ-016"),
    # centre
    "corner of odd shift": (scan(_frames(lambda s: np.fft.ifftshift(s, axes=(1, 2)))), r"in the corner", "FIL-010"),
    "corner along one axis": (
        scan(_frames(lambda s: np.fft.ifftshift(s, axes=1))),
        r"rolled by half their rows",
        "FIL-009",
    ),
    "beam aside both": (
        scan(_frames(lambda s: np.roll(s, (7, -6), (1, 2)))),
        r"\+7 rows and -6 columns",
        "FIL-010 FIL-008",
    ),
    # shapes
    "frames 130 x 128": (
        scan(
            lambda a: a.update(
                diff3d=np.pad(a["diff3d"], ((0, 0), (48, 50), (48, 48))), probeGuess=np.ones((128, 128), np.complex64)
            )
        ),
        r"130 x 128.*(two|last|2).*rows|EMPAD",
        "NPZ-013",
    ),
    "frames with one row too many": (
        scan(_frames(lambda s: np.pad(s, ((0, 0), (0, 1), (0, 0))))),
        r"33 x 32",
        "NPZ-013",
    ),
    "odd side": (scan(_frames(lambda s: s[:, :31, :31])), r"31", "NPZ-014 NPZ-025"),
    "frames larger than the probe": (
        scan(_frames(lambda s: np.pad(s, ((0, 0), (16, 16), (16, 16))))),
        r"frames of 32 x 32|64",
        "NPZ-025 FIL-006",
    ),
    "a leading one": (scan(_frames(lambda s: s[None])), r"leading ax[ei]s", "NPZ-012 NPZ-009"),
    "raster of four axes": (scan(_frames(lambda s: s.reshape(8, 10, N, N))), r"8 x 10|raster", "NPZ-012 NPZ-009"),
    "trailing channel": (scan(_frames(lambda s: s[..., None])), r"axis of length 1|trailing", "NPZ-012 NPZ-009"),
    "frame axis in the middle": (
        scan(_frames(lambda s: s.swapaxes(0, 1).copy())),
        r"(second|middle) axis|axis 1",
        "NPZ-012",
    ),
    "flattened frames": (scan(_frames(lambda s: s.reshape(len(s), -1))), r"1024.*32 x 32|flattened", "NPZ-012 NPZ-009"),
    "one frame": (scan(_frames(lambda s: s[0])), r"one frame|three axes|\(32, 32\)", "NPZ-012 NPZ-009"),
    "list of frames": (
        scan(_frames(lambda s: np.array([*s, None], dtype=object)[:-1])),
        r"Python objects",
        "NPZ-031",
    ),
    "fewer frames": (scan(_frames(lambda s: s[:-5])), r"80 positions for 75 frames", "NPZ-020"),
    "more frames": (
        scan(_frames(lambda s: np.concatenate([s, s[:3]]))),
        r"83 frames, but only 80 positions",
        "NPZ-019 FIL-025",
    ),
}
"""Variants by name: what makes the file, what must be said, and which clauses may be named."""
