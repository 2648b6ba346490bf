"""Folders that are one thing: single images of a scan, in the order of their numbers, or a store of arrays."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

from conformance.files.formats import tiff
from conformance.files.formats.description import Description, Part, Quantity
from conformance.files.formats.values import Joined, Stored
from conformance.files.unfit import UnfitFile

_TIFF = frozenset({".tif", ".tiff"})
_IMAGES = {".edf": "EDF", ".cbf": "CBF", ".img": "detector", ".mib": "Merlin", ".dm4": "DigitalMicrograph"}
_ZARR = (".zgroup", ".zarray", "zarr.json", ".zattrs")
_NUMBER = re.compile(r"(\d+)")


def images_in(folder: Path) -> list[Path]:
    """Return the TIFF images of a folder in the order of the numbers in their names: 2 before 10.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    held = [one for one in folder.iterdir() if one.suffix.lower() in _TIFF and not one.name.startswith(".")]
    return sorted(held, key=lambda one: [int(word) if word.isdigit() else word for word in _NUMBER.split(one.name)])


def told(folder: Path) -> str:
    """Say what a folder without a scan file is, and what to do with it; empty where nothing is known of it.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    if any((folder / name).is_file() for name in _ZARR):
        return (
            "a Zarr store, which is not read here; write its arrays into an NPZ: held = zarr.open(FOLDER, mode='r'); "
            "numpy.savez('NEW.npz', **{name: held[name][:] for name in held.array_keys()})"
        )
    images = images_in(folder)
    if images:
        number = f"{len(images)} TIFF images" if len(images) > 1 else "1 TIFF image"
        return (
            f"a folder of {number} ({images[0].name} to {images[-1].name}): frames without positions and probe; "
            f"ptycho-conformance convert {folder} PARTNER OUT.npz takes them in the order of their numbers"
        )
    ends = [one.suffix.lower() for one in folder.iterdir()]
    kind = next((one for one in _IMAGES if one in ends), "")
    if kind:
        number = f"{ends.count(kind)} {_IMAGES[kind]} files ({kind})"
        return f"a folder of {number}, perhaps a frame each: give one, or stack them"
    return ""


def described_images(folder: Path, stack: ExitStack) -> Description:
    """Describe the TIFF images of a folder as one stack of frames, open until the stack of contexts ends.

    Parameters
    ----------
    folder : Path
    stack : ExitStack

    Raises
    ------
    UnfitFile
        There are none, or they differ in size or type.
    OSError
        They cannot be read.
    """
    images = images_in(folder)
    if not images:
        raise UnfitFile("FIL-001", "file", told(folder) or "a folder without a scan file, and without TIFF images")
    held: list[Stored] = []
    for image in images:
        values = stack.enter_context(tiff.FORMAT.opened(image)).parts["diff3d"].values
        if held and (values.shape[1:], values.dtype) != (held[0].shape[1:], held[0].dtype):
            problem = f"{image.name} holds {values.shape[1:]} {values.dtype}, {images[0].name} {held[0].shape[1:]}"
            raise UnfitFile("FIL-002", "file", f"{problem} {held[0].dtype}: frames are of one size and type")
        held.append(values)
    parts = {"diff3d": Part(Joined(tuple(held)), folder.name, Quantity.UNSAID, "image, row, column")}
    said = (f"frames in the order of the numbers in their names: {images[0].name} to {images[-1].name}",)
    advice = "it holds frames only: give positions and a probe from other files"
    return Description("a folder of TIFF images", parts, assumed=said, advice=advice, members=(folder.name,))
