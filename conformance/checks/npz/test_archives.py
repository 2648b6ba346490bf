"""Checks of scan files (NPZ): how members are stored, and files written anew."""

from __future__ import annotations

import os
import warnings
import zipfile
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import frames_are, load, plain
from conformance.contract.arrays import STACKS, axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import many, side
from conformance.scans.drawn import stored_scans
from conformance.scans.file_variants import whole_scan
from conformance.scans.specimens import Recipe, Specimen, make_specimen, write_scan
from conformance.scans.transformed import random_scan


@check("NPZ-003", given={"stored": stored_scans()})
def test_one_scan_in_any_file(subject: Subject, evidence: Evidence, stored: tuple[Specimen, Arrays]) -> None:
    meant, members = stored
    held = load(
        subject, evidence, members, f"a file with { ({n: (v.dtype.str, v.shape) for n, v in members.items()}) }"
    )
    frames_are(evidence, held, meant.arrays["diff3d"], "the frames of a scan in another layout or dtype")
    seen = np.stack([as_numpy(held["xcoords"]), as_numpy(held["ycoords"])], axis=1)
    evidence.equal(seen, meant.positions, "the positions beside them", axes=("position", "xy"))


@check("NPZ-032")
def test_byte_order_and_memory_order(subject: Subject, evidence: Evidence) -> None:
    arrays = plain(12, 10)
    swapped = {name: values.astype(values.dtype.newbyteorder(">")) for name, values in arrays.items()}
    fortran = {name: np.asfortranarray(values) for name, values in arrays.items()}
    for what, given in (("big-endian members", swapped), ("members in Fortran order", fortran)):
        held = load(subject, evidence, given, f"a file of {what}")
        frames_are(evidence, held, arrays["diff3d"], f"the frames of {what}")
        for name in (one for one in arrays if one != "diff3d"):
            evidence.equal(
                held[name],
                arrays[name],
                f"{name} of {what}",
                axes=axes_of(name, arrays[name].ndim),
                suspects=lambda: {} if arrays[name].ndim == 1 else misread(arrays[name]),
            )


@check("NPZ-032")
def test_every_version_of_the_member_format(subject: Subject, evidence: Evidence) -> None:
    arrays = plain(12, 10)
    for version in ((1, 0), (2, 0), (3, 0)):
        path = subject.fresh_folder() / "scan.npz"
        with zipfile.ZipFile(path, "w") as archive:
            for name, values in arrays.items():
                with archive.open(f"{name}.npy", "w") as stream, warnings.catch_warnings():
                    # NumPy warns that old readers do not know the later versions.
                    warnings.simplefilter("ignore")
                    np.lib.format.write_array(stream, values, version=version)
        what = f"a file of members in NPY format {version[0]}.{version[1]}"
        held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
        frames_are(evidence, held, arrays["diff3d"], f"the frames of {what}")


def misread(values: Any) -> Suspects:
    """Matrices as a reader that ignores the memory order gives them."""
    fact = "rows and columns are exchanged: " if values.shape[0] == values.shape[1] else ""
    return {f"{fact}memory in Fortran order is read as if in C order": values.ravel("F").reshape(values.shape)}


@check("NPZ-003")
def test_compressed_archives(subject: Subject, evidence: Evidence) -> None:
    stored = make_specimen(Recipe(M=18, N=10, truth="patches", seed=9)).arrays
    arrays = plain(18, 10, **{name: values for name, values in stored.items() if name == "Y"})
    path = subject.fresh_folder() / "scan.npz"
    np.savez_compressed(path, **arrays)
    held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), "a compressed archive")
    frames_are(evidence, held, arrays["diff3d"], "the frames of a compressed archive")
    for name in (one for one in ("xcoords", "ycoords", "probeGuess", "objectGuess", "Y") if one in arrays):
        evidence.equal(held[name], arrays[name], f"{name} of a compressed archive")


@check("NPZ-037")
def test_stored_and_deflated_archives_hold_the_same(subject: Subject, evidence: Evidence) -> None:
    """A beam stop and a dark ground: the frames deflate a thousandfold."""
    N = side(32)
    frames = np.zeros((300, N, N), dtype=np.float32)
    frames[7, 20, 11], frames[211, 3, 30] = 3.0, 0.5
    sparse = whole_scan(M=300, N=32, seed=331) | {"diff3d": frames, "Y": None}
    dense = whole_scan(M=19, N=8, seed=332)
    for what, given in (("frames that are nearly all zeros", sparse), ("ordinary frames", dense)):
        arrays = {name: values for name, values in given.items() if values is not None}
        for how, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
            path = subject.fresh_folder() / "scan.npz"
            save(path, **dict[str, Any](arrays))
            held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), f"{what}, {how}")
            frames_are(evidence, held, arrays["diff3d"], f"{what}, {how}")
            for name in ("xcoords", "ycoords", "probeGuess"):
                evidence.equal(held[name], arrays[name], f"{name} beside {what}, {how}")


@check("NPZ-003")
def test_any_change_of_a_large_file_is_seen(subject: Subject, evidence: Evidence) -> None:
    """Its first million bytes are as before, and so are its size and its time of change."""
    first = {"diff3d": np.empty(0)} | random_scan(82, many(280, side(32)), side(32))
    second = first | {"xcoords": first["xcoords"][::-1].copy()}
    path = subject.write(first)
    subject.adapter.load(path)
    times = path.stat()
    write_scan(path, second)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    held = subject.adapter.arrays(subject.adapter.load(path))
    suspects = {"the positions are those of the file as it was before": first["xcoords"]}
    what = "xcoords of a large file of which the end was changed"
    evidence.equal(held["xcoords"], second["xcoords"], what, axes=("position",), suspects=suspects)


@check("NPZ-003")
def test_a_file_is_read_as_it_is_now(subject: Subject, evidence: Evidence) -> None:
    """A file written anew under its old name, at once, with the old size and even with the old time of change."""
    first, second = plain(), plain()
    second["diff3d"] = second["diff3d"][::-1] + np.float32(0.5)
    second["xcoords"] = second["xcoords"] + 3.0
    path = subject.write(first)
    load_of = lambda: subject.adapter.arrays(subject.adapter.load(path))  # noqa: E731
    frames_are(evidence, evidence.accepted(load_of, "a sound scan"), first["diff3d"], "the frames of a file")
    times = path.stat()
    earlier: list[Arrays] = []
    for what in ("written anew", "written anew with its old time of change"):
        write_scan(path, second)
        if what != "written anew":
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        held = evidence.accepted(load_of, f"a file {what}")
        earlier.append(first)
        suspects = {
            f"the frames are those of the file as it was before, {n} versions ago": one["diff3d"]
            for n, one in enumerate(earlier[::-1], 1)
        }
        frames_are(evidence, held, second["diff3d"], f"the frames of a file {what}", suspects=lambda: suspects)
        suspects = {"the positions are those of the file as it was before": first["xcoords"]}
        evidence.equal(
            held["xcoords"],
            second["xcoords"],
            f"xcoords of a file {what}",
            axes=("position",),
            suspects=lambda: suspects,
        )
        first, second = second, plain(diff3d=second["diff3d"] * np.float32(2))


def _whole() -> dict[str, Any]:
    """A scan with every array that a file may hold."""
    arrays = plain()
    return arrays | {"Y": arrays["diff3d"].astype(np.complex64) * (1 - 2j)}


def _changed(name: str, values: Array) -> Array:
    """An array of another file: points in another order, and other numbers where any are allowed."""
    turned = values[::-1].copy()
    return turned if name == "scan_index" or values.dtype.kind not in "fc" else turned * values.dtype.type(3)


@check("NPZ-048")
def test_a_loaded_scan_needs_its_file_no_more(subject: Subject, evidence: Evidence) -> None:
    """The file is written anew in place, replaced by another, and removed, before anything is asked of the scan."""
    # What is large, some readers leave where it is.
    large = random_scan(81, many(260, side(64)), side(64))
    ways = ("was written anew in place", "was replaced", "was removed")
    bare = {name: values for name, values in _whole().items() if name != "Y"}
    for arrays, packed, after in ((_whole(), False, ways), (bare, True, ways), (large, False, ways[:1])):
        other: dict[str, Any] = {name: _changed(name, np.asarray(values)) for name, values in arrays.items()}
        for what in after:
            path = subject.fresh_folder() / "scan.npz"
            (np.savez_compressed if packed else np.savez)(path, **arrays)
            scan = subject.adapter.load(path)
            anew = path.with_name("other.npz")
            np.savez(anew, **other)
            if what == "was removed":
                path.unlink()
            elif what == "was replaced":
                anew.replace(path)
            else:
                path.write_bytes(anew.read_bytes())
            held = evidence.accepted(lambda: subject.adapter.arrays(scan), f"a scan whose file {what}")
            for name in ("diff3d", *(one for one in arrays if one not in STACKS and held.get(one) is not None)):
                values = np.asarray(arrays[name], dtype=as_numpy(held[name]).dtype)
                evidence.equal(
                    held[name],
                    values,
                    f"{name} of a scan whose file {what}",
                    axes=axes_of(name, values.ndim),
                    suspects={"the file is read again, as it is now": np.asarray(other[name], dtype=values.dtype)},
                )
