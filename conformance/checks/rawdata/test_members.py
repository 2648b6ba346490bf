"""Checks of scans in memory (RAW): every array of a scan, given in every way, saved, saved over, simulated."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.test_rawdata import SAVED, plain, same
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.specimens import structured_object, structured_probe
from conformance.scans.variants import meant_by, variants, whole_scan


@check("RAW-001")
def test_every_array_in_every_way(subject: Subject, evidence: Evidence) -> None:
    for variant in variants():
        if variant.compressed:
            continue
        held = evidence.accepted(
            lambda: subject.adapter.arrays(subject.adapter.assemble(dict(variant.members))),
            f"{variant.what}, in memory",
        )
        same(evidence, held, variant.expected, f"{variant.what}, in memory")


def saved_over(subject: Subject, scans: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Save scans one over the other, and load what lies there at last."""
    path = subject.fresh_folder() / "scan.npz"
    for arrays in scans:
        subject.adapter.save(subject.adapter.assemble(dict(arrays)), path)
    held: Mapping[str, Any] = subject.adapter.arrays(subject.adapter.load(path))
    return held


@check("RAW-003", needs=SAVED)
def test_every_array_of_a_saved_scan(subject: Subject, evidence: Evidence) -> None:
    for variant in variants():
        if not variant.compressed and set(variant.members) <= set(variant.expected):
            held = evidence.accepted(
                lambda: saved_over(subject, [variant.members]), f"{variant.what}, saved by the backend"
            )
            same(evidence, held, variant.expected, f"{variant.what}, saved")


def other_file_system() -> Path | None:
    """A folder in memory, where it is on another file system than the one for temporary files."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return None
    return memory if memory.stat().st_dev != Path(tempfile.gettempdir()).stat().st_dev else None


@check("RAW-006")
def test_saving_on_any_file_system(subject: Subject, evidence: Evidence) -> None:
    """A file cannot be renamed from one file system to another."""
    arrays = plain()
    scan = subject.adapter.assemble(arrays)
    for place in (subject.fresh_folder(), other_file_system()):
        if place is None:
            continue
        with tempfile.TemporaryDirectory(dir=place) as folder:
            path = Path(folder) / "scan.npz"
            for _ in range(2):
                evidence.accepted(lambda: subject.adapter.save(scan, path), f"Saving in a folder below {place}")
            left = sorted(one.name for one in Path(folder).iterdir())
            evidence.holds(left == ["scan.npz"], f"Saving below {place} left {', '.join(left)} in the folder.")
            with np.load(path, allow_pickle=False) as archive:
                evidence.equal(archive["diff3d"], arrays["diff3d"], f"diff3d of a file saved below {place}")


NEIGHBOURS = ("scan.tmp", "scan.npz.tmp", "scan.npz~", "scan.bak", "tmp.npz", ".scan.npz", "scan.json", "scan (1).npz")


@check("RAW-006")
def test_neighbours_of_a_saved_file_are_left_alone(subject: Subject, evidence: Evidence) -> None:
    """Also those under names that temporary files like to bear."""
    folder, scan = subject.fresh_folder(), subject.adapter.assemble(plain())
    for name in NEIGHBOURS:
        (folder / name).write_text(f"kept by its owner as {name}", encoding="utf-8")
    for _ in range(2):
        subject.adapter.save(scan, folder / "scan.npz")
    left = sorted(one.name for one in folder.iterdir())
    expected = sorted((*NEIGHBOURS, "scan.npz"))
    evidence.holds(left == expected, f"Saving scan.npz left {', '.join(left)} of {', '.join(expected)}.")
    for name in NEIGHBOURS:
        same_text = (folder / name).read_bytes() == f"kept by its owner as {name}".encode()
        evidence.holds(same_text, f"Saving scan.npz changed the file {name} beside it.")


@check("RAW-003", needs=SAVED)
def test_a_long_scan_is_saved_whole(subject: Subject, evidence: Evidence) -> None:
    arrays = whole_scan(M=1_109, N=8, seed=313)
    held = evidence.accepted(lambda: saved_over(subject, [arrays]), "a scan of 1,109 points, saved by the backend")
    same(evidence, held, meant_by(arrays), "a scan of 1,109 points, saved")


@check("RAW-006", needs=SAVED)
def test_every_array_of_a_scan_saved_over_another(subject: Subject, evidence: Evidence) -> None:
    first, second = whole_scan(seed=311), whole_scan(M=9, N=8, seed=312)
    bare = {name: values for name, values in second.items() if name not in ("Y", "objectGuess", "scan_index")}
    for what, scans in (
        ("a smaller scan", [first, second]),
        ("a larger scan", [second, first]),
        ("a bare scan", [first, bare]),
    ):
        held = evidence.accepted(lambda: saved_over(subject, list(scans)), f"Loading {what} saved over another")
        same(evidence, held, meant_by(scans[-1]), f"{what} saved over another")


@check("RAW-007", needs=["measure"])
def test_every_array_of_a_simulated_scan(subject: Subject, evidence: Evidence) -> None:
    """Tall and wide objects, one point, single and several modes, with a seed and without."""
    rng = np.random.default_rng(72)
    for shape, count, N, modes, seed in (((44, 23), 7, 8, 1, 3), ((25, 39), 6, 16, 3, None), ((30, 30), 1, 10, 2, 0)):
        centres = rng.uniform(2, np.array(shape[::-1]) - 3.0, (count, 2))
        obj, probe = structured_object(rng, shape), structured_probe(rng, N, modes)
        held = subject.adapter.arrays(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, seed))
        what = f"a scan of {count} point(s) simulated from an object {shape[0]} x {shape[1]} with {modes} mode(s)"
        patches = patches_at(obj, centres, N)
        frames = amplitudes_of(patches, probe)
        scale = float(frames.max())
        axes = ("frame", "row", "column")
        evidence.close(held["diff3d"], frames, f"the frames of {what}", rtol=0, atol=1e-4 * scale, axes=axes)
        positions_kept(evidence, held, centres, what)
        truth_kept(evidence, held, centres, patches, what)
        evidence.close(
            held["probeGuess"],
            probe,
            f"probeGuess of {what}",
            rtol=1e-5,
            atol=1e-5 * float(np.abs(probe).max()),
            axes=("mode", "row", "column")[-probe.ndim :],
        )


def truth_kept(evidence: Evidence, held: Mapping[str, Any], centres: Any, patches: Any, what: str) -> None:
    """Require the patches, stored or as the object gives them."""
    stored = held.get("Y")
    if stored is None:
        evidence.holds(held.get("objectGuess") is not None, f"{what} holds neither its patches nor its object.")
        stored = patches_at(as_numpy(held["objectGuess"]), centres, patches.shape[-1])
    evidence.close(stored, patches, f"the patches of {what}", rtol=0, atol=1e-4, axes=("frame", "row", "column"))


def positions_kept(evidence: Evidence, held: Mapping[str, Any], centres: Any, what: str) -> None:
    """Require the positions that were asked for, as start positions too: a simulated stage goes where it is told."""
    for axis, name in enumerate(("xcoords", "ycoords")):
        for key in (name, f"{name}_start"):
            evidence.equal(held[key], centres[:, axis], f"{key} of {what}", axes=("frame",))


@check("RAW-007", needs=["measure"])
def test_a_long_simulated_scan(subject: Subject, evidence: Evidence) -> None:
    """So many points that any backend might take them in parts, and a number that no part size divides."""
    rng, n = np.random.default_rng(74), 1_031
    centres = rng.uniform(2, 40, (n, 2))
    obj, probe = structured_object(rng, (47, 44)), structured_probe(rng, 8, 2)
    held = subject.adapter.arrays(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, 3))
    patches = patches_at(obj, centres, 8)
    frames, what = amplitudes_of(patches, probe), f"a simulated scan of {n:,} points"
    atol = 1e-4 * float(frames.max())
    evidence.close(held["diff3d"], frames, f"the frames of {what}", rtol=0, atol=atol, axes=("frame", "row", "column"))
    positions_kept(evidence, held, centres, what)
    truth_kept(evidence, held, centres, patches, what)


@check("RAW-007", needs=["measure"])
def test_noise_leaves_the_rest_of_a_simulated_scan(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(73)
    centres = rng.uniform(4, 20, (6, 2))
    obj, probe = structured_object(rng, (27, 33)), structured_probe(rng, 8, 2)
    held = subject.adapter.arrays(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, 1e6, 5))
    positions_kept(evidence, held, centres, "a scan simulated with noise")
    evidence.holds(as_numpy(held["diff3d"]).shape == (6, 8, 8), "A scan simulated with noise has other frames.")
    truth_kept(evidence, held, centres, patches_at(obj, centres, 8), "a scan simulated with noise")


@check("RAW-011", needs=SAVED)
def test_provenance_is_carried(subject: Subject, evidence: Evidence) -> None:
    said = {"nphotons": 3e7, "profile": {"scale": "legacy_v1", "names": ["a", "b"]}, "operator": "Zoë"}
    text = json.dumps(said)
    forms: Mapping[str, Any] = {
        "text": np.array(text),
        "text beyond ASCII": np.array(json.dumps(said, ensure_ascii=False)),
        "an array of one text": np.array([text]),
        "bytes": np.array(text.encode()),
        "an array of one text in bytes": np.array([text.encode()]),
        "an array of its bytes": np.frombuffer(text.encode(), dtype=np.uint8),
        "nothing": None,
    }
    for what, given in forms.items():
        target = subject.fresh_folder() / "saved.npz"
        subject.adapter.save(subject.adapter.load(subject.write(plain(_metadata=given))), target)
        with np.load(target, allow_pickle=False) as file:
            kept = file["_metadata"] if "_metadata" in file.files else None
        if given is None:
            evidence.holds(kept is None, f"A scan without _metadata was saved with {kept}.")
        else:
            evidence.holds(kept is not None, f"_metadata that was {what} is not in the saved file.")
            evidence.holds(
                read_as(kept) == said, f"_metadata that was {what} is {kept!r} in the saved file, not {said}."
            )


def read_as(member: Any) -> Any:
    """What a member of JSON text says; None when it is no plain text."""
    if member is None or member.dtype.kind != "U" or member.size != 1:
        return None
    try:
        return json.loads(member.item())
    except ValueError:
        return None
