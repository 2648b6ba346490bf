"""Writes one scan in the layouts of other tools, as their documents say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.files.scans import Arrays, N

ENERGY, DISTANCE, PIXEL = 8800.0, 1.92, 75e-6
STEP = 1.239841984e-6 / ENERGY * DISTANCE / (N * PIXEL)
JOULE = 1.602176634e-19


def counts_of(arrays: Arrays) -> Any:
    return np.rint(arrays["diff3d"].astype(np.float64) ** 2).astype(np.uint16)


def tike(path: Path, arrays: Arrays) -> None:
    corner = np.stack([arrays["ycoords"], arrays["xcoords"]], axis=1) - N // 2 - 7.25
    np.savez(
        path,
        data=np.fft.ifftshift(counts_of(arrays), axes=(1, 2))[None].astype(np.float32),
        scan=corner[None].astype(np.float32),
        probe=arrays["probeGuess"][None, None, None, None],
    )


def cxi(path: Path, arrays: Arrays, *, transposed_basis: bool = False, basis: Any = None, mask: Any = None) -> None:
    import h5py

    slow, fast = np.array([0.0, -PIXEL, 0.0]), np.array([-PIXEL, 0.0, 0.0])
    if basis is not None:
        slow, fast = (np.asarray(one, float) * PIXEL for one in basis)
    metres = np.stack([arrays["ycoords"], arrays["xcoords"]], axis=1) * STEP
    moved = -(metres[:, :1] * slow + metres[:, 1:] * fast) / PIXEL
    with h5py.File(path, "w") as file:
        file["cxi_version"] = 160
        detector = file.create_group("entry_1/instrument_1/detector_1")
        detector["data"] = counts_of(arrays)
        detector["distance"], detector["x_pixel_size"], detector["y_pixel_size"] = DISTANCE, PIXEL, PIXEL
        vectors = np.stack([slow, fast])
        detector["basis_vectors"] = vectors.T if transposed_basis else vectors
        if mask is not None:
            detector["mask"] = mask
        file["entry_1/instrument_1/source_1/energy"] = ENERGY * JOULE
        file["entry_1/sample_1/geometry_1/translation"] = moved


def ptyd(path: Path, arrays: Arrays, chunks: int = 3) -> None:
    import h5py

    rows = np.array_split(np.arange(len(arrays["xcoords"])), chunks)
    with h5py.File(path, "w") as file:
        for number, part in enumerate(rows):
            group = file.create_group(f"chunks/{number}")
            group["data"] = counts_of(arrays)[part]
            group["positions"] = np.stack([arrays["ycoords"], arrays["xcoords"]], axis=1)[part] * STEP
            group["weights"] = np.ones((len(part), N, N), np.float32)
            group["indices"] = part
        file["meta/energy"], file["meta/distance"], file["meta/psize"] = ENERGY / 1e3, DISTANCE, [PIXEL, PIXEL]


def product(path: Path, arrays: Arrays, *, old: bool = False, varying: int = 1) -> None:
    import h5py

    height, width = arrays["objectGuess"].shape
    with h5py.File(path, "w") as file:
        file.attrs["probe_energy_eV" if old else "photon_energy_eV"] = ENERGY
        file.attrs["detector_object_distance_m"] = DISTANCE
        file["probe"] = np.repeat(arrays["probeGuess"][None, None], varying, axis=0)
        file["object"] = arrays["objectGuess"][None]
        for name, size in (("probe", 0.0 if old else STEP), ("object", STEP)):
            file[name].attrs["pixel_width_m"] = file[name].attrs["pixel_height_m"] = size
        file["object"].attrs["center_x_m"] = file["object"].attrs["center_y_m"] = 0.0
        # Its own pixel positions refer to (W - 1)/2: half a pixel below the contract's.
        file["probe_position_x_m"] = (arrays["xcoords"] - width / 2) * STEP
        file["probe_position_y_m"] = (arrays["ycoords"] - height / 2) * STEP
        file["probe_position_indexes"] = np.arange(len(arrays["xcoords"]))


def diffraction(path: Path, arrays: Arrays, bad: Any = None) -> None:
    held = {"patterns": counts_of(arrays), "indexes": np.arange(len(arrays["xcoords"]))}
    np.savez(path, **(held if bad is None else held | {"bad_pixels": bad}))


def hxn(path: Path, arrays: Arrays) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["diffamp"] = np.fft.ifftshift(arrays["diff3d"], axes=(1, 2))
        file["points"] = np.stack([arrays["xcoords"], arrays["ycoords"]]) * STEP * 1e6
        file["lambda_nm"], file["z_m"], file["ccd_pixel_um"] = 1239.841984 / ENERGY, DISTANCE, PIXEL * 1e6


def master(path: Path, arrays: Arrays, *, absent: bool = False, link: str = "") -> None:
    import h5py

    stack = counts_of(arrays)
    half = len(stack) // 2
    with h5py.File(path, "w") as file:
        for number, part in enumerate((stack[:half], stack[half:]), start=1):
            name = f"{path.stem}_data_{number:06d}.h5"
            if not absent:
                with h5py.File(path.parent / name, "w") as data:
                    data["entry/data/data"] = part
            file[f"entry/data/data_{number:06d}"] = h5py.ExternalLink(link or name, "/entry/data/data")
        file["entry/instrument/detector/y_pixel_size"] = file["entry/instrument/detector/x_pixel_size"] = PIXEL


def positions(path: Path, arrays: Arrays, order: str = "yx") -> None:
    table = np.stack([arrays[f"{axis}coords"] for axis in order], axis=1) * STEP
    np.savetxt(path, table, delimiter="," if path.suffix == ".csv" else " ")


def shelves(path: Path, arrays: Arrays) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["dp"] = counts_of(arrays).swapaxes(1, 2)
        file["ppX"], file["ppY"] = -arrays["xcoords"][None] * STEP, -arrays["ycoords"][None] * STEP


def emd(path: Path, arrays: Arrays, rows: int, pitch: float, *, listed: bool = False) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        cube = file.create_group("datacube_root/datacube")
        cube["data"] = counts_of(arrays) if listed else counts_of(arrays).reshape(rows, -1, N, N)
        calibration = file.create_group("datacube_root/metadatabundle/calibration")
        calibration["R_pixel_size"], calibration["R_pixel_units"] = pitch * STEP * 1e10, "A"
        calibration["Q_pixel_size"], calibration["Q_pixel_units"] = 1e-10 / (N * STEP), "A^-1"
        calibration["QR_rotation"] = 0.31


def hspy(path: Path, arrays: Arrays, rows: int, pitch: float, *, signal_first: bool = False) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        held = file.create_group("Experiments/night")
        stack = counts_of(arrays).reshape(rows, -1, N, N)
        held["data"] = stack.transpose(2, 3, 0, 1) if signal_first else stack
        for number in range(4):
            scan = (number < 2) != signal_first
            axis = held.create_group(f"axis-{number}")
            axis.attrs["navigate"], axis.attrs["units"] = scan, "nm" if scan else "1/nm"
            axis.attrs["scale"] = pitch * STEP * 1e9 if scan else 1e-9 / (N * STEP)
