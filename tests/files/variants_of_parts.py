"""Variants of files whose positions, probe, object or names are not what they should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.files.scans import Arrays, N
from tests.files.variants_of_frames import Entry, scan

_STEP = 3.6e-8
XY = ("xcoords", "ycoords")
_PLACES = "FIL-012 FIL-013 FIL-014 FIL-015"


def _xy(change: Callable[[Any], Any]) -> Callable[[Arrays], None]:
    def both(a: Arrays) -> None:
        for name in XY:
            a[name] = change(a[name])

    return both


def _without(name: str, change: Callable[[Arrays], object]) -> Callable[[Arrays], None]:
    def both(a: Arrays) -> None:
        change(a)
        del a[name]

    return both


def _exchanged(a: Arrays) -> None:
    a["xcoords"], a["ycoords"] = a["ycoords"], a["xcoords"]


def _renamed(**names: str) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        for old, new in names.items():
            a[new] = a.pop(old)

    return change


def _stacked(name: str, axis: int, order: tuple[str, str] = ("ycoords", "xcoords")) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        a[name] = np.stack([a.pop(one) for one in order], axis=axis)

    return change


def _set(name: str, make: Callable[[Any], Any]) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        a[name] = make(a[name])

    return change


def _in_rows(rows: Any, value: float) -> Callable[[Any], Any]:
    def change(values: Any) -> Any:
        held = values.copy()
        held[rows] = value
        return held

    return change


def _reals(values: Any, axis: int) -> Any:
    return np.stack([values.real, values.imag], axis=axis)


def _split_probe(a: Arrays) -> None:
    probe = a.pop("probeGuess")
    a["probe_real"], a["probe_imag"] = probe.real, probe.imag


def _pairs_r(a: Arrays) -> None:
    for name in ("probeGuess", "objectGuess"):
        values = a.pop(name)
        a[f"{name}_r"], a[f"{name}_i"] = values.real, values.imag


def _with_mask(name: str, good: bool) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        mask = np.zeros((N, N), np.uint8)
        mask[:, 12] = 1
        a["diff3d"][:, :, 12] = 0
        a[name] = 1 - mask if good else mask

    return change


def _numbered(a: Arrays) -> None:
    a["ycoords"], a["xcoords"] = (one.ravel().astype(float) for one in np.indices((8, 10)))


def _sorted(a: Arrays) -> None:
    for name in ("xcoords", "ycoords"):
        a[name] = np.sort(a[name])


def _in_one(a: Arrays) -> None:
    a["xcoords"] = np.stack([a["xcoords"], a.pop("ycoords")], axis=1)


def _not_numbers(a: Arrays) -> None:
    a["xcoords"][[7, 8, 9, 50]] = np.nan


def _glitches(a: Arrays) -> None:
    a["xcoords"][[17, 19]] += 480
    a["ycoords"][40] -= 60


def _half_precision(a: Arrays) -> None:
    for name in XY:
        a[name] = (a[name] + 1900).astype(np.float16)
    del a["objectGuess"]


def _aborted(a: Arrays) -> None:
    for name in XY:
        a[name][70:] = 0


def _turned_mask(a: Arrays) -> None:
    bad = np.zeros((N, N), bool)
    bad[:, [6, 20]] = True
    a["diff3d"][:, bad] = 0
    a["bad_pixels"] = bad.T.copy()


VARIANTS: dict[str, Entry] = {
    # positions
    "an encoder that failed alike twice": (scan(_glitches), r"3 points lie .*\(17, 19, 40\)", "FIL-015"),
    "positions in half precision": (
        scan(_half_precision),
        r"float16, .* lie 1 apart: .* rounded by up to 0\.5",
        "FIL-014",
    ),
    "positions of an aborted scan": (scan(_aborted), r"10 points in a row stand at x = 0", "FIL-014 FIL-015"),
    "a mask that is transposed": (scan(_turned_mask), r"transposed, it would lie on pixels", "FIL-024 FIL-006"),
    "numbers of rows and columns": (scan(_numbered), r"columns and rows of a raster of 10 x 8", "FIL-014"),
    "x and y in one array": (scan(_in_one), r"x and y in one array", "NPZ-022 NPZ-001"),
    "all at one place": (scan(_xy(lambda v: 0 * v)), r"all 80 points are at one place", "FIL-014"),
    "positions that are no numbers": (scan(_not_numbers), r"4 positions are none: 7 to 9, 50", "NPZ-022"),
    "a probe without phase": (
        scan(_set("probeGuess", lambda p: np.abs(p).astype(np.complex64))),
        r"modulus",
        "FIL-026",
    ),
    "metres with an object": (scan(_xy(lambda v: v * _STEP)), r"metres or micrometres", _PLACES),
    "micrometres": (scan(_without("objectGuess", _xy(lambda v: v * _STEP * 1e6))), r"metres|micrometres|unit", _PLACES),
    "millimetres": (scan(_without("objectGuess", _xy(lambda v: v * _STEP * 1e3))), r"metres or micrometres", _PLACES),
    "nanometres": (scan(_without("objectGuess", _xy(lambda v: v * _STEP * 1e9))), r"share 0%.*unit", _PLACES),
    "nanometres with an object": (scan(_xy(lambda v: v * _STEP * 1e9)), r"unit", _PLACES),
    "detector pixels": (scan(_xy(lambda v: v * 0.13)), r"pixels of the detector", "FIL-014"),
    "one axis in metres": (scan(_set("ycoords", lambda v: v * _STEP)), r"(x|y|axis).*(unit|metres)|unit", _PLACES),
    "centred on zero": (scan(_xy(lambda v: v - v.mean())), r"objectGuess.*(origin|centre)", "FIL-012"),
    "corners for centres": (scan(_xy(lambda v: v - N // 2)), r"(corner|N/2|\+16)", "FIL-012"),
    "x and y exchanged": (scan(_exchanged), r"exchang|swap", "FIL-012"),
    "far origin of one axis": (scan(_set("ycoords", lambda v: v + 51234.5)), r"none of 80 patches", "FIL-012"),
    "x twice": (scan(lambda a: a.update(ycoords=a["xcoords"].copy())), r"same (values|numbers)|equal", _PLACES),
    "y all the same": (
        scan(_without("objectGuess", lambda a: a.update(ycoords=np.full(80, 30.0)))),
        r"line|ycoords.*(same|one value)",
        _PLACES,
    ),
    "zeros at the end": (
        scan(_without("objectGuess", _xy(_in_rows(slice(60, None), 0.0)))),
        r"20 points in a row stand at x = 0",
        _PLACES,
    ),
    "the last repeated": (
        scan(_xy(lambda v: np.where(np.arange(80) > 70, v[70], v))),
        r"10 points in a row",
        "FIL-014",
    ),
    "NaN positions": (scan(_xy(_in_rows([3, 9], np.nan))), r"(2|3, 9|frames? out|nan)", "NPZ-022"),
    "one lost to zero": (
        scan(_without("objectGuess", _xy(lambda v: np.where(np.arange(80) == 9, 0.0, v + 900)))),
        r"1 point lies.*\(9\)",
        "FIL-015",
    ),
    "jump of the stage": (
        scan(_without("objectGuess", _xy(lambda v: v + 400 * (np.arange(80) >= 40)))),
        r"two|parts|jump|apart|gap",
        _PLACES,
    ),
    "column vectors": (scan(_xy(lambda v: v[:, None])), r"axis of length 1|\(80, 1\)", "NPZ-022"),
    "row vectors": (scan(_xy(lambda v: v[None])), r"axis of length 1|\(1, 80\)", "NPZ-022"),
    "complex positions": (scan(lambda a: a.update(xcoords=a["xcoords"] + 1j * a["ycoords"])), r"complex", "NPZ-022"),
    "positions of text": (scan(_xy(lambda v: v.astype("U16"))), r"<U16|text", "NPZ-022"),
    "positions as objects": (scan(_xy(lambda v: v.astype(object))), r"Python objects", "NPZ-031"),
    "y shorter": (scan(_set("ycoords", lambda v: v[:-2])), r"78 values", "NPZ-021"),
    "one array of positions": (scan(_stacked("positions", 1)), r"positions \(80, 2\)", "NPZ-001"),
    "one array of coordinates": (scan(_stacked("coords", 0)), r"coords \(2, 80\)", "NPZ-001"),
    "matrix coordinates": (
        scan(lambda a: a.update(xcoords=np.stack([a["xcoords"], a["ycoords"]], 1))),
        r"\(80, 2\)",
        "NPZ-022 NPZ-012 NPZ-021",
    ),
    "start twice as many": (
        scan(lambda a: a.update(xcoords_start=np.tile(a["xcoords"], 2), ycoords_start=np.tile(a["ycoords"], 2))),
        r"160",
        "NPZ-021",
    ),
    "regular with noise of rounding": (scan(_xy(lambda v: np.round(v / 4) * 4.0)), r"raster|repeat", "FIL-014 FIL-012"),
    # names
    "names of another tool": (
        scan(
            _renamed(diff3d="diffraction_patterns", probeGuess="probe", objectGuess="object", xcoords="x", ycoords="y")
        ),
        r"x.*\(80,\)",
        "NPZ-001 FIL-002",
    ),
    "names in capitals": (
        scan(_renamed(diff3d="DIFF3D", probeGuess="PROBEGUESS", xcoords="XCOORDS", ycoords="YCOORDS")),
        r"DIFF3D",
        "NPZ-001",
    ),
    "nested names": (
        scan(_renamed(**{n: f"scan/{n}" for n in ("diff3d", "probeGuess", "objectGuess", *XY)})),
        r"scan/diff3d",
        "FIL-001",
    ),
    "numbered names": (
        scan(_renamed(diff3d="arr_0", xcoords="arr_1", ycoords="arr_2", probeGuess="arr_3")),
        r"arr_0.*\(80, 32, 32\)",
        "NPZ-001",
    ),
    "frames missing": (scan(lambda a: a.pop("diff3d")), r"diffraction stack is missing", "NPZ-001"),
    "probe missing": (scan(lambda a: a.pop("probeGuess")), r"probeGuess: the array is missing", "NPZ-001"),
    "training data of a network": (
        scan(
            lambda a: (
                [a.pop(n) for n in (*XY, "probeGuess", "objectGuess")]
                + [a.update(X=a.pop("diff3d")[..., None], Y_I=np.ones((80, N, N, 1)), Y_phi=np.ones((80, N, N, 1)))]
            )
        ),
        r"X \(80, 32, 32, 1\)",
        "FIL-002",
    ),
    # probe
    "probe as two reals first": (
        scan(_set("probeGuess", lambda p: _reals(p, 0))),
        r"real and imaginary",
        "NPZ-025 FIL-026",
    ),
    "probe as two reals last": (scan(_set("probeGuess", lambda p: _reals(p, -1))), r"real and imaginary", "NPZ-025"),
    "probe in two members": (scan(_split_probe), r"probe_real.*probe_imag|probe_imag.*probe_real", "NPZ-001"),
    "_r and _i": (scan(_pairs_r), r"probeGuess_[ri]", "NPZ-001"),
    "probe of a structure": (
        scan(_set("probeGuess", lambda p: np.rec.fromarrays([p.real, p.imag], names="real,imag"))),
        r"real.*imag",
        "NPZ-025",
    ),
    "real probe": (scan(_set("probeGuess", lambda p: np.abs(p))), r"real|phase", "FIL-026"),
    "probe of ones": (
        scan(_set("probeGuess", lambda p: np.ones_like(p))),
        r"ones|flat|placeholder|one value",
        "FIL-026 FIL-011",
    ),
    "probe of zeros": (scan(_set("probeGuess", lambda p: 0 * p)), r"zero|nothing|no light", "FIL-026 FIL-011"),
    "probe with NaN": (scan(_set("probeGuess", _in_rows((3, 4), np.nan))), r"nan", "NPZ-025"),
    "each axis sorted by itself": (scan(_sorted), r"was each of them sorted", "FIL-014 FIL-012 FIL-013 FIL-015"),
    "probe in the corner": (scan(_set("probeGuess", lambda p: np.fft.ifftshift(p))), r"corner|middle", "FIL-026"),
    "probe aside": (scan(_set("probeGuess", lambda p: np.roll(p, (9, -8), (0, 1)))), r"middle|aside", "FIL-026"),
    "probe of the far field": (
        scan(_set("probeGuess", lambda p: np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(p), norm="ortho")))),
        r"far field|FFT|Fourier",
        "FIL-026 FIL-010",
    ),
    "probe without the norm of the FFT": (scan(_set("probeGuess", lambda p: p / N)), r"N = 32", "FIL-011"),
    "probe with the norm twice": (scan(_set("probeGuess", lambda p: p * N)), r"apart", "FIL-011"),
    "probe of a larger side": (
        scan(_set("probeGuess", lambda p: np.pad(p, 16))),
        r"made for frames of 64 x 64",
        "NPZ-025",
    ),
    "probe of a smaller side": (
        scan(_set("probeGuess", lambda p: p[1:-1, 1:-1])),
        r"made for frames of 30 x 30",
        "NPZ-025",
    ),
    "flat probe vector": (scan(_set("probeGuess", lambda p: p.ravel())), r"\(1024,\)", "NPZ-025"),
    "varying probe": (scan(_set("probeGuess", lambda p: np.stack([p[None]] * 3))), r"varies", "NPZ-025"),
    "probe a frame": (
        scan(_set("probeGuess", lambda p: np.stack([p] * 80))),
        r"80.*(modes|frame)|one a frame",
        "NPZ-025 FIL-011 FIL-026",
    ),
    "modes in the middle": (
        scan(_set("probeGuess", lambda p: np.stack([p, p / 3, p / 9], 1))),
        r"3 modes along",
        "NPZ-025",
    ),
    "modes of MATLAB": (
        scan(_set("probeGuess", lambda p: np.stack([p, p / 3], -1)[..., None])),
        r"last ax|modes",
        "NPZ-025",
    ),
    "probe as an object": (
        scan(_set("probeGuess", lambda p: np.array(list(p), dtype=object))),
        r"Python objects",
        "NPZ-031",
    ),
    # object
    "two channels a frame": (scan(_set("diff3d", lambda f: np.stack([f, f], -1))), r"2 channels a frame", "NPZ-012"),
    "positions in nanometres": (
        scan(lambda a: a.update({one: np.rint(1e2 * a[one]).astype(int) for one in ("xcoords", "ycoords")})),
        r"are they in nanometres, or in steps",
        "FIL-014",
    ),
    "counts beside amplitudes": (
        scan(lambda a: a.update(diffraction=np.rint(a["diff3d"] ** 2).astype(np.float32))),
        r"diffraction holds the squares of diff3d",
        "NPZ-006",
    ),
    "each pixel about its mean": (
        scan(_set("diff3d", lambda f: f - f.mean(axis=0))),
        r"its mean over the frames was subtracted",
        "NPZ-018 FIL-011",
    ),
    "layers last": (scan(_set("objectGuess", lambda o: np.stack([o] * 3, -1))), r"3 layers", "NPZ-026"),
    "object as two reals": (scan(_set("objectGuess", lambda o: _reals(o, 0))), r"real and imaginary", "NPZ-026"),
    "object as two reals last": (scan(_set("objectGuess", lambda o: _reals(o, -1))), r"real and imaginary", "NPZ-026"),
    "object transposed": (scan(_set("objectGuess", lambda o: o.T.copy())), r"transpos|exchang", "FIL-012"),
    "phase of the object": (scan(_set("objectGuess", lambda o: np.angle(o))), r"real|phase", "FIL-027 FIL-012"),
    "object of ones": (
        scan(_set("objectGuess", lambda o: np.ones_like(o))),
        r"ones|one value|flat|start",
        "FIL-027 FIL-012",
    ),
    "object of zeros": (scan(_set("objectGuess", lambda o: 0 * o)), r"zero|nothing|one value", "FIL-027 FIL-012"),
    "object with NaN": (scan(_set("objectGuess", _in_rows((3, 4), np.nan))), r"nan", "NPZ-026"),
    "object of one patch": (
        scan(_set("objectGuess", lambda o: o[:N, :N].copy())),
        r"reach past objectGuess",
        "FIL-012",
    ),
    # masks
    "mask under another name": (scan(_with_mask("mask", good=False)), r"mask.*bad_pixels", "FIL-006 FIL-024"),
    "mask of good pixels under another name": (
        scan(_with_mask("good_pixels", good=True)),
        r"good_pixels.*bad_pixels",
        "FIL-006 FIL-024",
    ),
    "pixel_mask": (scan(_with_mask("pixel_mask", good=False)), r"pixel_mask.*bad_pixels", "FIL-006 FIL-024"),
}
"""Variants by name: what makes the file, what must be said, and which clauses may be named."""
