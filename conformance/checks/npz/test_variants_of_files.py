"""Checks of scan files (NPZ): every array of a scan, in every way of writing the file."""

from __future__ import annotations

from conformance.backends.subject import Subject
from conformance.checks.npz.loaded_variants import members_are, refused
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence


@check("NPZ-002")
def test_positions_in_every_file(subject: Subject, evidence: Evidence) -> None:
    members_are(subject, evidence, "xcoords", "ycoords")


@check("NPZ-003")
def test_frames_in_every_file(subject: Subject, evidence: Evidence) -> None:
    for what, error in refused(subject):
        evidence.holds(False, f"{what} is sound, but was refused with {type(error).__name__}: {error}")
    members_are(subject, evidence, "diff3d")


@check("NPZ-024")
def test_probes_in_every_file(subject: Subject, evidence: Evidence) -> None:
    members_are(subject, evidence, "probeGuess")


@check("NPZ-026")
def test_objects_in_every_file(subject: Subject, evidence: Evidence) -> None:
    members_are(subject, evidence, "objectGuess")


@check("NPZ-027")
def test_patches_in_every_file(subject: Subject, evidence: Evidence) -> None:
    members_are(subject, evidence, "Y")


@check("NPZ-028")
def test_labels_in_every_file(subject: Subject, evidence: Evidence) -> None:
    members_are(subject, evidence, "scan_index")


@check("NPZ-029")
def test_start_positions_in_every_file(subject: Subject, evidence: Evidence) -> None:
    members_are(subject, evidence, "xcoords_start", "ycoords_start")
