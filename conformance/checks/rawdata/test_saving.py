"""Checks of scans in memory (RAW): saving, saving over, and what a saved file holds."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.file_systems import other_file_system
from conformance.checks.rawdata.held_arrays import DTYPES, SAVED, plain, resaved, same
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, takes
from conformance.scans.drawn import specimens
from conformance.scans.file_variants import meant_by, variants, whole_scan
from conformance.scans.specimens import Specimen

_ENDINGS = (
    ".tmp",
    ".bak",
    ".old",
    ".orig",
    ".part",
    ".new",
    ".lock",
    ".1",
    "~",
    ".tmp.npz",
    ".bak.npz",
    ".new.npz",
    "_old.npz",
)
NEIGHBOURS = (
    *(f"{begins}{named}{ends}" for begins in ("", ".") for named in ("scan", "scan.npz") for ends in _ENDINGS),
    *("tmp.npz", ".scan.npz", "scan.json", "scan (1).npz", "backup.npz"),
)
"""Names that a file may have while another is written, or that the one before it may be moved to."""


@check("RAW-003", needs=SAVED)
def test_a_saved_scan_loads_unchanged(subject: Subject, evidence: Evidence) -> None:
    given = plain()
    same(evidence, resaved(subject, evidence, given)[1], given, "a saved scan")


@check("RAW-003", needs=SAVED, given={"drawn": specimens()})
def test_any_saved_scan_loads_unchanged(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    same(evidence, resaved(subject, evidence, drawn.arrays)[1], drawn.arrays, "a saved scan")


@check("RAW-003", needs=SAVED)
def test_values_of_any_size_are_saved(subject: Subject, evidence: Evidence) -> None:
    """Some fifty decades, frame by frame, and row by row of what is complex: nothing is too faint to be written."""
    given = plain()
    with_object = ["objectGuess"] if takes(Property.ABSORBING) else []
    for name in ("diff3d", "probeGuess", *with_object, *(["Y"] if "Y" in given else [])):
        values, axis = given[name], 0 if name == "diff3d" else -2
        decades = np.logspace(-30, 20, values.shape[axis])
        shape = (-1,) + (1,) * ((values.ndim if axis == 0 else 2) - 1)
        given[name] = (values * decades.reshape(shape)).astype(values.dtype)
    if takes(Property.LABELS):
        given["scan_index"] = np.array([2**k - 1 for k in range(63, 63 - len(given["xcoords"]), -1)], dtype=np.int64)
    same(evidence, resaved(subject, evidence, given)[1], given, "a saved scan of faint and bright values")


@check("RAW-003", needs=SAVED)
def test_a_scan_is_saved_again_whatever_became_of_its_file(subject: Subject, evidence: Evidence) -> None:
    """What was saved before is known from the file alone, which others may remove, cut or replace."""
    given = plain()
    scan, path = subject.adapter.assemble(dict(given)), subject.fresh_folder() / "saved.npz"
    subject.adapter.save(scan, path)
    whole = path.read_bytes()
    other = {name: values * values.dtype.type(2) for name, values in given.items() if name == "diff3d"}
    fates: dict[str, Callable[[], Any]] = {
        "was removed": path.unlink,
        "was cut": lambda: path.write_bytes(whole[: len(whole) // 2]),
        "was replaced by another scan": lambda: np.savez(path, **(given | other)),
        "changed in one byte": lambda: path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1])),
    }
    for what, change in fates.items():
        change()
        subject.adapter.save(scan, path)
        saved = f"a scan that was saved again after its file {what}"
        same(
            evidence, evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), saved), given, saved
        )


@check("RAW-004", needs=SAVED)
def test_absent_arrays_stay_absent(subject: Subject, evidence: Evidence) -> None:
    for absent in (("objectGuess", "Y"), ("Y",), ("objectGuess",)):
        given = {name: values for name, values in plain().items() if name not in absent}
        path, held = resaved(subject, evidence, given)
        with np.load(path, allow_pickle=False) as archive:
            for name in absent:
                evidence.holds(name not in archive.files, f"A scan without {name} was saved with a member {name}.")
                evidence.holds(held.get(name) is None, f"A scan without {name} has one after saving and loading.")


@check("RAW-005", needs=SAVED)
def test_saved_files_are_canonical(subject: Subject, evidence: Evidence) -> None:
    given = plain()
    given |= {"diff3d": given["diff3d"].astype(np.float64)} if takes(Property.FRAMES, "float64") else {}
    given |= {"probeGuess": given["probeGuess"].astype(np.complex128)} if takes(Property.DOUBLE_COMPLEX) else {}
    source = subject.write(given)
    subject.adapter.save(subject.adapter.load(source), source)
    for what, path in (("saved file", resaved(subject, evidence, given)[0]), ("file saved over its source", source)):
        with np.load(path, allow_pickle=False) as archive:
            evidence.present(dict.fromkeys(archive.files), *(name for name in DTYPES if name in given))
            members = evidence.accepted(
                lambda archive=archive: {k: archive[k] for k in archive.files},  # type: ignore[misc]
                f"Reading a {what} without unpickling",
            )
        for name, dtype in ((one, DTYPES[one]) for one in DTYPES if one in given):
            evidence.layout(members[name], f"{name} of a {what}", shape=np.shape(given[name]), dtype=dtype)


@check("RAW-006", needs=["save"])
def test_saving_replaces_whole_files(subject: Subject, evidence: Evidence) -> None:
    folder = subject.fresh_folder()
    path = folder / "scan.npz"
    subject.adapter.save(subject.adapter.assemble(plain()), path)
    few = 6 if takes(Property.FEW) else len(plain()["xcoords"]) - 1
    fewer = {
        k: v[:few] if k not in ("probeGuess", "objectGuess") else v
        for k, v in plain().items()
        if k not in ("Y", "objectGuess")
    }
    subject.adapter.save(subject.adapter.assemble(fewer), path)
    left = sorted(p.name for p in folder.iterdir())
    evidence.holds(
        left == ["scan.npz"], f"Saving twice left {', '.join(left)} in the folder; only scan.npz was asked for."
    )
    with np.load(path, allow_pickle=False) as archive:
        evidence.holds("Y" not in archive.files, "The saved file still holds the Y of the scan it replaced.")
        evidence.equal(archive["diff3d"], fewer["diff3d"], "diff3d of a file saved over another")


@check("RAW-006", needs=["save"])
def test_who_reads_the_old_file_reads_it_to_its_end(subject: Subject, evidence: Evidence) -> None:
    path = subject.fresh_folder() / "scan.npz"
    scans = [subject.adapter.assemble(arrays) for arrays in (plain(), plain(diff3d=plain()["diff3d"] * 3))]
    subject.adapter.save(scans[0], path)
    before = path.read_bytes()
    with path.open("rb", buffering=0) as stream:
        begun = stream.read(len(before) // 2)
        try:
            subject.adapter.save(scans[1], path)
        except PermissionError:
            evidence.holds(os.name == "nt", "A file that somebody reads cannot be replaced.")
            return
        read = begun + stream.read()
    evidence.holds(
        read in (before, path.read_bytes()),
        "Who had read half of a file when it was saved anew reads half of the old one and half of the new one.",
    )


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


@check("RAW-006", needs=["save"])
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


@check("RAW-006", needs=["save"])
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
def test_a_probe_of_one_mode_keeps_its_axis(subject: Subject, evidence: Evidence) -> None:
    """As the scan that was saved has it."""
    arrays = plain()
    light = np.reshape(arrays["probeGuess"], (-1, *arrays["probeGuess"].shape[-2:]))[:1]
    for what, probe in (("(1, N, N)", light), ("(N, N)", light[0])):
        scan = subject.adapter.assemble({**arrays, "probeGuess": probe})
        path = subject.fresh_folder() / "scan.npz"
        subject.adapter.save(scan, path)
        held = as_numpy(subject.adapter.arrays(scan)["probeGuess"])
        again = subject.adapter.arrays(subject.adapter.load(path))["probeGuess"]
        evidence.equal(again, held, f"a probe {what} that was saved and loaded")


@check("RAW-006", needs=SAVED)
def test_a_scan_is_saved_under_the_name_it_is_given(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    scan = subject.adapter.assemble(arrays)
    long = "n" * (230 if os.name == "posix" else 60)
    for name in ("scan.dat", "scan", "night.4", "night 4 [é].npz", "SCAN.NPZ", f"{long}.npz"):
        folder = subject.fresh_folder()
        evidence.accepted(lambda: subject.adapter.save(scan, folder / name), f"Saving as {name!r}")
        left = sorted(one.name for one in folder.iterdir())
        evidence.holds(left == [name], f"Saving as {name!r} left {left}.")
        held = evidence.accepted(lambda: subject.adapter.load(folder / name), f"a scan saved as {name!r}")
        evidence.equal(subject.adapter.arrays(held)["diff3d"], arrays["diff3d"], f"diff3d of a scan saved as {name!r}")


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


@check("RAW-011", needs=SAVED)
def test_provenance_is_carried(subject: Subject, evidence: Evidence) -> None:
    said = {"nphotons": 3e7, "profile": {"scale": "legacy_v1", "names": ["a", "b"]}, "operator": "Zoë, 試料"}
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
        kept = kept_metadata(target)
        if given is None:
            evidence.holds(kept is None, f"A scan without _metadata was saved with {kept}.")
        else:
            evidence.holds(kept is not None, f"_metadata that was {what} is not in the saved file.")
            evidence.holds(
                read_as(kept) == said, f"_metadata that was {what} is {kept!r} in the saved file, not {said}."
            )


@check("RAW-011", needs=SAVED)
def test_provenance_of_any_kind_is_carried(subject: Subject, evidence: Evidence) -> None:
    """JSON is more than dictionaries, its whole numbers may be no floats, and letters that look alike are others."""
    kinds: tuple[Any, ...] = (
        [{"step": "cut"}, 2],
        {"run": 202611300815001235},
        "night 4",
        {"Å µm ﬁ ① ½": "Zoe\u0308, Zoë", "длина": {"試料": ["𝛌 🙂", "\u200b\ufeff\u00a0"]}, " a ": "\u0000\t\u2028 "},
        4.25,
        True,
        False,
        0,
        [],
        {},
        None,
    )
    for said in kinds:
        for text in {json.dumps(said), json.dumps(said, ensure_ascii=False)}:
            target = subject.fresh_folder() / "saved.npz"
            subject.adapter.save(subject.adapter.load(subject.write(plain(_metadata=np.array(text)))), target)
            kept = kept_metadata(target)
            evidence.holds(kept is not None, f"_metadata that says {said!r} is not in the saved file.")
            same = kept.dtype.kind == "U" and kept.size == 1 and read_as(kept) == said
            evidence.holds(same, f"_metadata that says {said!r} is {kept!r} in the saved file.")


@check("RAW-011", needs=SAVED)
def test_provenance_of_any_length_is_carried(subject: Subject, evidence: Evidence) -> None:
    for length in (300, 5_000, 70_000):
        said = {"log": "night 4, " * (length // 9), "last": 4}
        target = subject.fresh_folder() / "saved.npz"
        subject.adapter.save(subject.adapter.load(subject.write(plain(_metadata=np.array(json.dumps(said))))), target)
        evidence.holds(
            read_as(kept_metadata(target)) == said,
            f"_metadata of {length} characters does not say the same in the saved file.",
        )


def kept_metadata(path: Path) -> Any:
    """Member that a saved file holds; None when it has none."""
    with np.load(path, allow_pickle=False) as file:
        return file["_metadata"] if "_metadata" in file.files else None


def read_as(member: Any) -> Any:
    """What a member of JSON text says; None when it is no plain text."""
    if member is None or member.dtype.kind != "U" or member.size != 1:
        return None
    try:
        return json.loads(member.item())
    except ValueError:
        return None
