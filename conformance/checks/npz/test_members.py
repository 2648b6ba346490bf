"""Checks of scan files (NPZ): every array of a scan, in every way of writing the file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.test_rawdata import standing_in
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.variants import loaded


def members_are(subject: Subject, evidence: Evidence, *names: str) -> None:
    """Compare the named arrays of every variant that loads."""
    for variant, held in loaded(subject):
        if isinstance(held, ImportError):
            raise held
        if isinstance(held, Exception):
            continue
        for name in names:
            expected, what = variant.expected[name], f"{name} of {variant.what}"
            if expected is None:
                evidence.holds(held.get(name) is None, f"{what} is there, and the file has none.")
                continue
            evidence.present(held, name)
            evidence.holds(held[name] is not None, f"{what} is None.")
            seen = as_numpy(held[name])
            axes = axes_of(name, np.ndim(expected))
            suspects = standing_in(name, variant.expected)
            evidence.equal(seen, expected, what, axes=axes, suspects=suspects)


def refused(subject: Subject) -> Iterator[tuple[str, Exception]]:
    """Sound files that the adapter did not take."""
    for variant, held in loaded(subject):
        if isinstance(held, Exception) and not isinstance(held, ImportError):
            yield variant.what, held


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
