"""Variants of the layouts of other tools: another axis order, another name, another unit, another key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.files import written
from tests.files.scans import Arrays, N, sound
from tests.files.variants_of_frames import Entry
from tests.files.written import DISTANCE, ENERGY, JOULE, PIXEL, STEP, counts_of

Tree = dict[str, Any]


def tree(
    make: Callable[[Arrays], Tree], name: str = "scan.h5", block: int = 0, **options: Any
) -> Callable[[Path], Path]:
    """Return what writes datasets by path into an HDF5 file; a pair (value, attributes) gives attributes too."""

    def written_tree(folder: Path) -> Path:
        import h5py

        held = make(sound(22))
        with h5py.File(folder / name, "w", userblock_size=block) as file:
            for path, value in held.items():
                values, attributes = value if isinstance(value, tuple) else (value, {})
                big = getattr(values, "ndim", 0) == 3 and options
                one = file.create_dataset(path, data=values, **(options if big else {}))
                for key, said in attributes.items():
                    one.attrs[key] = said
        return folder / name

    return written_tree


def layout(
    write: Callable[..., None], name: str, change: Callable[[Arrays], object] = lambda a: a, **options: Any
) -> Callable[[Path], Path]:
    """Return what writes a sound scan, changed, in one of the written layouts."""

    def make(folder: Path) -> Path:
        arrays = sound(22)
        change(arrays)
        write(folder / name, arrays, **options)
        return folder / name

    return make


def npz(make: Callable[[Arrays], Tree]) -> Callable[[Path], Path]:
    def written_npz(folder: Path) -> Path:
        np.savez(folder / "scan.npz", **make(sound(22)))
        return folder / "scan.npz"

    return written_npz


def _points(a: Arrays, axis: int = 1, unit: float = STEP) -> Any:
    return np.stack([a["xcoords"], a["ycoords"]], axis=axis) * unit


def _hxn(a: Arrays, **change: Any) -> Tree:
    return {
        "diffamp": np.fft.ifftshift(a["diff3d"], axes=(1, 2)),
        "points": _points(a, 0, STEP * 1e6),
        "lambda_nm": 1239.841984 / ENERGY,
        "z_m": DISTANCE,
        "ccd_pixel_um": PIXEL * 1e6,
    } | change


def _plain_nexus(a: Arrays) -> Tree:
    metre = {"units": "m"}
    return {
        "entry/instrument/detector/data": counts_of(a),
        "entry/instrument/detector/distance": (DISTANCE * 1e3, {"units": "mm"}),
        "entry/instrument/detector/x_pixel_size": (PIXEL * 1e6, {"units": "um"}),
        "entry/instrument/detector/y_pixel_size": (PIXEL * 1e6, {"units": "um"}),
        "entry/instrument/monochromator/energy": (ENERGY / 1e3, {"units": "keV"}),
        "entry/sample/x": (a["xcoords"] * STEP, metre),
        "entry/sample/y": (a["ycoords"] * STEP, metre),
    }


def _cxi_tree(a: Arrays, **change: Any) -> Tree:
    moved = np.stack([a["xcoords"] * STEP, a["ycoords"] * STEP, 0 * a["xcoords"]], 1)
    d = "entry_1/instrument_1/detector_1"
    held = {
        "cxi_version": 160,
        f"{d}/data": counts_of(a),
        f"{d}/distance": DISTANCE,
        f"{d}/x_pixel_size": PIXEL,
        f"{d}/y_pixel_size": PIXEL,
        "entry_1/instrument_1/source_1/energy": ENERGY * JOULE,
        "entry_1/sample_1/geometry_1/translation": moved,
    }
    return held | {key.replace("D/", f"{d}/"): value for key, value in change.items()}


def _cxi_masked(a: Arrays, mask: Any, value: float) -> Tree:
    stack = counts_of(a)
    stack[:, 12] = value
    return _cxi_tree(a, **{"D/mask": mask, "D/data": stack})


def _gap(good: bool, dtype: Any = np.uint32, bit: int = 1) -> Any:
    mask = np.zeros((N, N), dtype)
    mask[12] = bit
    return bit - mask if good else mask


def _shelves_mat(a: Arrays) -> Tree:
    compound = np.dtype([("real", "<f4"), ("imag", "<f4")])

    def pair(values: Any) -> Any:
        held = np.empty(values.shape, compound)
        held["real"], held["imag"] = values.real, values.imag
        return held

    return {
        "object": pair(a["objectGuess"].T),
        "probe": pair(a["probeGuess"].T[None]),
        "outputs/probe_positions": np.stack([a["xcoords"], a["ycoords"]]),
        "p/dx_spec": np.array([[STEP], [STEP]]),
        "p/lambda": np.array([[1.4e-10]]),
    }


def _frames_mat(a: Arrays) -> Tree:
    return {"dp": counts_of(a).swapaxes(1, 2).astype(float)}


def _emd_old(a: Arrays) -> Tree:
    return {
        "4DSTEM_experiment/data/datacubes/datacube_0/data": counts_of(a).reshape(8, 10, N, N),
        "4DSTEM_experiment/metadata/note": "x",
    }


def _keras_h5(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "weights.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        file["model_weights/conv/kernel:0"] = np.ones((3, 3, 1, 8), np.float32)
    return folder / "weights.h5"


def _para(a: Arrays) -> Tree:
    return {
        "probe": a["probeGuess"][None, None],
        "object": a["objectGuess"][None],
        "probe_position_x_m": a["xcoords"] * STEP,
        "probe_position_y_m": a["ycoords"] * STEP,
    }


def _chunks(a: Arrays, **change: Any) -> Tree:
    held = {
        "chunks/0/data": counts_of(a),
        "chunks/0/positions": np.stack([a["ycoords"], a["xcoords"]], 1) * STEP,
        "chunks/0/weights": np.ones((80, N, N), np.float32),
        "meta/energy": ENERGY / 1e3,
        "meta/distance": DISTANCE,
        "meta/psize": PIXEL,
    }
    return held | {key.replace("__", "/"): value for key, value in change.items()}


def _with_gap(stack: Any, value: float) -> Any:
    stack[:, 12] = value
    return stack


def _missing_second(folder: Path) -> Path:
    written.master(folder / "night_master.h5", sound(22))
    (folder / "night_master_data_000002.h5").unlink()
    return folder / "night_master.h5"


def _bitshuffled(make: Callable[[Arrays], Tree]) -> Callable[[Path], Path]:
    def written_packed(folder: Path) -> Path:
        import hdf5plugin

        return tree(make, **dict(hdf5plugin.Bitshuffle()))(folder)

    return written_packed


def _virtual(folder: Path) -> Path:
    import h5py

    a = sound(22)
    with h5py.File(folder / "part.h5", "w") as file:
        file["data"] = counts_of(a)
    with h5py.File(folder / "scan.h5", "w") as file:
        held = h5py.VirtualLayout((80, N, N), np.uint16)
        held[:] = h5py.VirtualSource("part.h5", "data", (80, N, N))
        file.create_virtual_dataset("entry_1/instrument_1/detector_1/data", held)
    return folder / "scan.h5"


def _tike(a: Arrays, **change: Any) -> Tree:
    corner = np.stack([a["ycoords"], a["xcoords"]], axis=1) - N // 2 - 7.25
    held = {
        "data": np.fft.ifftshift(counts_of(a), axes=(1, 2))[None],
        "scan": corner[None],
        "probe": a["probeGuess"][None, None, None, None],
    }
    return held | change


KNOWN = "FIL-002"
VARIANTS: dict[str, Entry] = {
    # layouts that are known, otherwise than usual
    "HXN points by rows": (
        tree(lambda a: _hxn(a, points=_points(a, 1, STEP * 1e6))),
        r"HXN.*frames and positions",
        KNOWN,
    ),
    "HXN points of another number": (
        tree(lambda a: _hxn(a, points=_points(a, 0, STEP * 1e6)[:, :77])),
        r"77.*80|80.*77",
        KNOWN,
    ),
    "HXN in metres": (tree(lambda a: _hxn(a, points=_points(a, 0, STEP))), r"micrometres", f"{KNOWN} FIL-014 FIL-023"),
    "HXN saturated": (
        tree(lambda a: _hxn(a, diffamp=_with_gap(np.fft.ifftshift(counts_of(a), axes=(1, 2)), 65535))),
        r"32 pixels hold 65535",
        f"{KNOWN} FIL-005",
    ),
    "HXN in counts": (
        tree(lambda a: _hxn(a, diffamp=np.fft.ifftshift(counts_of(a), axes=(1, 2)))),
        r"whole numbers|counts",
        f"{KNOWN} NPZ-034",
    ),
    "HXN with the centre in the middle": (
        tree(lambda a: _hxn(a, diffamp=a["diff3d"])),
        r"corner|middle",
        f"{KNOWN} FIL-010",
    ),
    "plain NeXus": (tree(_plain_nexus, "scan.nxs"), r"NeXus.*frames and positions", KNOWN),
    "CXI mask of bits": (tree(lambda a: _cxi_masked(a, _gap(False, bit=8), 0), "s.cxi"), r"bit field", KNOWN),
    "CXI mask of good ones": (
        tree(lambda a: _cxi_masked(a, _gap(True), 65535), "s.cxi"),
        r"1 was taken for good",
        KNOWN,
    ),
    "CXI mask of good ones, 255": (
        tree(lambda a: _cxi_masked(a, _gap(True, np.uint8, 255), 65535), "s.cxi"),
        r"255 was taken for good|taken for good",
        KNOWN,
    ),
    "CXI mask of another side": (
        tree(lambda a: _cxi_tree(a, **{"D/mask": np.zeros((N, N - 2), np.uint8)}), "s.cxi"),
        r"mask.*\(32, 30\)",
        f"{KNOWN} FIL-024",
    ),
    "CXI of another number": (
        tree(lambda a: _cxi_tree(a, **{"entry_1/sample_1/geometry_1/translation": np.zeros((77, 3))}), "s.cxi"),
        r"77 positions.*80 frames|80 frames.*77",
        f"{KNOWN} FIL-014 FIL-023",
    ),
    "CXI in millimetres": (
        tree(
            lambda a: _cxi_tree(
                a,
                **{
                    "entry_1/sample_1/geometry_1/translation": (
                        np.stack([a["xcoords"], a["ycoords"], 0 * a["xcoords"]], 1) * STEP * 1e3,
                        {"units": "mm"},
                    )
                },
            ),
            "s.cxi",
        ),
        r"frames and positions",
        KNOWN,
    ),
    "CXI with a unit of nobody": (
        tree(
            lambda a: _cxi_tree(
                a, **{"entry_1/sample_1/geometry_1/translation": (np.zeros((80, 3)), {"units": "furlong"})}
            ),
            "s.cxi",
        ),
        r"furlong",
        KNOWN,
    ),
    "CXI without the unit in millimetres": (
        tree(
            lambda a: _cxi_tree(
                a,
                **{
                    "entry_1/sample_1/geometry_1/translation": np.stack(
                        [a["xcoords"], a["ycoords"], 0 * a["xcoords"]], 1
                    )
                    * STEP
                    * 1e3
                },
            ),
            "s.cxi",
        ),
        r"unit|millimetres|apart",
        f"{KNOWN} FIL-013 FIL-014 FIL-023",
    ),
    "CXI of a bitshuffle": (_bitshuffled(_cxi_tree), r"CXI.*frames and positions", KNOWN),
    "CXI of frames transposed by MATLAB": (
        tree(lambda a: _cxi_tree(a, **{"D/data": np.moveaxis(counts_of(a), 0, -1)}), "s.cxi"),
        r"last axis|\(32, 32, 80\)",
        f"{KNOWN} FIL-023",
    ),
    "CXI with a dark frame and a burst": (
        tree(
            lambda a: _cxi_tree(
                a,
                **{
                    "D/data": np.concatenate(
                        [0 * counts_of(a)[:1], counts_of(a)[1:20] * 1, counts_of(a)[20:21] * 40, counts_of(a)[21:]]
                    )
                },
            ),
            "s.cxi",
        ),
        r"1 of 80 frames hold nothing: 0.*brighter",
        f"{KNOWN} FIL-003 FIL-004",
    ),
    "CXI of a virtual data set": (_virtual, r"other files", "FIL-020"),
    "ptyd saturated": (
        tree(lambda a: _chunks(a, chunks__0__data=_with_gap(counts_of(a), 65535)), "s.ptyd"),
        r"32 pixels hold 65535",
        f"{KNOWN} FIL-005",
    ),
    "ptyd without positions": (
        tree(lambda a: {k: v for k, v in _chunks(a).items() if "positions" not in k}, "s.ptyd"),
        r"no.*positions|positions",
        KNOWN,
    ),
    "ptyd in electronvolts": (tree(lambda a: _chunks(a, meta__energy=ENERGY), "s.ptyd"), r"keV", KNOWN),
    "ptyd of weights zero": (
        tree(lambda a: _chunks(a, chunks__0__weights=np.zeros((80, N, N))), "s.ptyd"),
        r"(mask|weight).*(all|1024|100%)",
        f"{KNOWN} FIL-024",
    ),
    "ptyd with the weights of bad pixels": (
        tree(
            lambda a: _chunks(
                a, chunks__0__data=_with_gap(counts_of(a), 0), chunks__0__weights=_with_gap(np.zeros((80, N, N)), 1)
            ),
            "s.ptyd",
        ),
        r"no pixel ever counts where it is not 0: say --mask-ones",
        f"{KNOWN} FIL-006 FIL-024",
    ),
    "NeXus whose keV are called eV": (
        tree(
            lambda a: _plain_nexus(a) | {"entry/instrument/monochromator/energy": (ENERGY / 1e3, {"units": "eV"})},
            "s.nxs",
        ),
        r"eV is no photon energy \(is its unit another one\?\) and was passed over",
        KNOWN,
    ),
    "tike without ones": (
        npz(lambda a: _tike(a, data=_tike(a)["data"][0], scan=_tike(a)["scan"][0])),
        r"tike.*frames, positions and a probe",
        KNOWN,
    ),
    "tike of two scans": (npz(lambda a: _tike(a, data=np.repeat(_tike(a)["data"], 2, 0))), r"several scans", KNOWN),
    "tike of another number": (
        npz(lambda a: _tike(a, scan=_tike(a)["scan"][:, :-3])),
        r"77.*80|80.*77",
        f"{KNOWN} FIL-023",
    ),
    "tike x first": (npz(lambda a: _tike(a, scan=_tike(a)["scan"].swapaxes(1, 2))), r"\(1, 2, 80\)", KNOWN),
    "tike with the centre in the middle": (
        npz(lambda a: _tike(a, data=counts_of(a)[None])),
        r"corner|middle",
        f"{KNOWN} FIL-010",
    ),
    "product without the frames": (layout(written.product, "p.h5"), r"no frames.*diffraction file", KNOWN),
    "product of a varying probe": (layout(written.product, "p.h5", varying=4), r"varies along the scan", KNOWN),
    "para alone": (tree(_para, "night_para.hdf5"), r"positions.*no frames|_dp", KNOWN),
    "dp of four axes": (
        tree(lambda a: {"dp": counts_of(a)[None]}, "night_dp.hdf5"),
        r"leading|\(1, 80, 32, 32\)",
        KNOWN,
    ),
    "dp with a gap of minus one": (
        tree(lambda a: {"dp": _with_gap(counts_of(a).astype(np.int32), -1)}, "night_dp.hdf5"),
        r"32 pixels hold -1",
        f"{KNOWN} FIL-005",
    ),
    "dp in amplitudes": (tree(lambda a: {"dp": a["diff3d"]}, "night_dp.hdf5"), r"amplitudes?|roots", KNOWN),
    "diffraction with a mask a frame": (
        layout(written.diffraction, "d.npz", bad=np.zeros((80, N, N), bool)),
        r"mask",
        f"{KNOWN} FIL-024",
    ),
    "master without the second": (_missing_second, r"night_master_data_000002.h5", "FIL-020"),
    "hspy with the signal first": (
        layout(written.hspy, "s.hspy", rows=8, pitch=3.2, signal_first=True),
        r"navigate",
        KNOWN,
    ),
    "EMD of an old version": (tree(_emd_old, "s.h5"), r"EMD|py4DSTEM", KNOWN),
    # layouts that nobody knows
    "reconstruction of PtychoShelves": (
        tree(_shelves_mat, "recon.mat", block=512),
        r"(PtychoShelves|MATLAB).*(probe|positions)",
        "FIL-001 FIL-002",
    ),
    "frames one by one": (
        tree(
            lambda a: (
                {f"frames/f{k}": one for k, one in enumerate(counts_of(a))}
                | {"x": a["xcoords"], "y": a["ycoords"], "probe": a["probeGuess"]}
            )
        ),
        r"/frames/f\* \(80, 32, 32\)",
        KNOWN,
    ),
    "a line of x and one of y": (
        tree(
            lambda a: (
                {"frames": counts_of(a).reshape(8, 10, N, N), "probe": a["probeGuess"]}
                | {"x": 18 + 3.2 * np.arange(10.0), "y": 18 + 3.2 * np.arange(8.0)}
            )
        ),
        r"/x and /y was taken for the positions",
        KNOWN,
    ),
    "edges of columns and of rows": (
        tree(
            lambda a: (
                {"frames": counts_of(a).reshape(8, 10, N, N), "probe": a["probeGuess"]}
                | {"x": 16.4 + 3.2 * np.arange(11.0), "y": 16.4 + 3.2 * np.arange(9.0)}
            )
        ),
        r"/x and /y was taken for the positions",
        KNOWN,
    ),
    "two detectors": (
        tree(
            lambda a: (
                {"a/camera/data": np.ones((80, 48, 64), np.uint8), "a/merlin/data": counts_of(a)}
                | {"x": a["xcoords"], "y": a["ycoords"], "probe": a["probeGuess"]}
            )
        ),
        r"/a/merlin/data was taken for the frames.*camera.* was left out|/a/merlin/data \(80",
        KNOWN,
    ),
    "frames of MATLAB 7.3": (tree(_frames_mat, "dp.mat", block=512), r"frames", KNOWN),
    "exchange": (
        tree(lambda a: {"exchange/data": counts_of(a), "exchange/theta": np.arange(80.0)}),
        r"exchange/data.*80 x 32 x 32|/exchange/data \(80, 32, 32\)",
        "FIL-001 FIL-002",
    ),
    "measurement": (
        tree(
            lambda a: {
                "scan_1/measurement/eiger": counts_of(a),
                "scan_1/measurement/px": a["xcoords"],
                "scan_1/measurement/py": a["ycoords"],
            }
        ),
        r"eiger \(80, 32, 32\).*px \(80,\)",
        "FIL-001 FIL-002",
    ),
    "canonical in HDF5": (tree(dict), r"/diff3d.*(80, 32, 32).*", "FIL-001 FIL-002"),
    "only settings in HDF5": (
        tree(lambda _a: {"energy": 8.8, "note": "night"}),
        r"(no|nothing).*frames",
        "FIL-001 FIL-002",
    ),
    "weights of Keras": (_keras_h5, r"Keras|model|weights", "FIL-001"),
    "tomogram": (tree(lambda _a: {"volume": np.zeros((40, 40, 40), np.float32)}), r"volume \(40, 40, 40\)", "FIL-001"),
    "images without names": (
        tree(lambda a: {f"frame_{k:04d}": one for k, one in enumerate(counts_of(a))}),
        r"80 .*\(32, 32\)|80 data",
        "FIL-001",
    ),
}
"""Variants by name: what makes the file, what must be said, and which clauses may be named."""
