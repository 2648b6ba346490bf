"""Folders that are one thing: single images of a scan, in the order of their numbers, or a store of arrays."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from conformance.files.formats import edf, named, npy, tiff
from conformance.files.formats.description import Description, Part, Quantity
from conformance.files.formats.values import Joined, Stored
from conformance.files.formats.zarr_store import held_in_store, is_store
from conformance.files.unfit import UnfitFile

_READ = {".tif": "TIFF", ".tiff": "TIFF", ".edf": "EDF", ".npy": "NumPy"}
_IMAGES = {".cbf": "CBF", ".img": "detector", ".mib": "Merlin", ".dm4": "DigitalMicrograph"}
_NUMBER = re.compile(r"(\d+)")


def images_in(folder: Path) -> list[Path]:
    """Return the images of a folder, of the kind it has most of, in the order of their numbers: 2 before 10.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    seen = [one for one in folder.iterdir() if one.suffix.lower() in _READ and not one.name.startswith(".")]
    # Arrays of other kinds are parts of a scan, and no frames.
    seen = [one for one in seen if _kind(one) != "NumPy" or npy.image_of(one) is not None]
    kinds = Counter(_kind(one) for one in seen).most_common(1)
    held = [one for one in seen if kinds and _kind(one) == kinds[0][0]]
    if len(held) == 1 and _kind(held[0]) == "NumPy":
        return []
    return sorted(held, key=lambda one: [int(word) if word.isdigit() else word for word in _NUMBER.split(one.name)])


def _kind(image: Path) -> str:
    return _READ[image.suffix.lower()]


def _frame_of(image: Path, stack: ExitStack) -> Stored:
    """The frames (m, rows, columns) of an image, open until the stack ends."""
    if _kind(image) == "NumPy" and (held := npy.image_of(image)) is not None:
        return held
    form = edf.FORMAT if _kind(image) == "EDF" else tiff.FORMAT
    return stack.enter_context(form.opened(image)).parts["diff3d"].values


def told(folder: Path) -> str:
    """Say what a folder without a scan file is, and what to do with it; empty where nothing is known of it.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    if is_store(folder):
        return f"a Zarr store: ptycho-conformance convert {folder} PARTNER OUT.npz reads its arrays by their names"
    images = images_in(folder)
    if images:
        kind = _kind(images[0])
        number = f"{len(images)} {kind} images" if len(images) > 1 else f"1 {kind} image"
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
    """Describe the images of a folder as one stack of frames, or the arrays of a store, open until the stack ends.

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
    if is_store(folder):
        return named.described(held_in_store(folder))
    images = images_in(folder)
    if not images:
        raise UnfitFile("FIL-001", "file", told(folder) or "a folder without a scan file, and without images")
    kind = _kind(images[0])
    held: list[Stored] = []
    for image in images:
        values = _frame_of(image, stack)
        if held and (values.shape[1:], values.dtype) != (held[0].shape[1:], held[0].dtype):
            problem = f"{image.name} holds {values.shape[1:]} {values.dtype}, {images[0].name} {held[0].shape[1:]}"
            raise UnfitFile("FIL-002", "file", f"{problem} {held[0].dtype}: frames are of one size and type")
        held.append(values)
    parts = {"diff3d": Part(Joined(tuple(held)), folder.name, Quantity.UNSAID, "image, row, column")}
    said = (f"frames in the order of the numbers in their names: {images[0].name} to {images[-1].name}",)
    advice = "it holds frames only: give positions and a probe from other files"
    return Description(f"a folder of {kind} images", parts, assumed=said, advice=advice, members=(folder.name,))
