"""Checks of scan files (NPZ): values that do not survive their conversion, and text that is stored as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import load, plain
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, takes
from conformance.scans.specimens import free

_WIDE = np.finfo(np.longdouble).max > np.finfo(np.float64).max


def _with(values: Array, dtype: Any, value: Any) -> Array:
    changed = values.astype(dtype)
    changed[(*(n // 2 for n in changed.shape),)] = value
    return changed


def _refuse_all(subject: Subject, evidence: Evidence, cases: dict[str, dict[str, Any]]) -> None:
    sound = subject.write(plain())
    for what, arrays in cases.items():
        path = subject.write(arrays)
        evidence.refused(lambda: subject.adapter.load(path), what, beside=lambda: subject.adapter.load(sound))


@check("NPZ-038")
def test_values_beyond_their_precision_are_refused(subject: Subject, evidence: Evidence) -> None:
    given = plain()
    patches = given["diff3d"].astype(np.complex128)
    cases = {
        "an amplitude of 1e300": plain(diff3d=_with(given["diff3d"], np.float64, 1e300)),
        "an amplitude just beyond float32": plain(diff3d=_with(given["diff3d"], np.float64, 3.5e38)),
        "a probe that holds 1e300": plain(probeGuess=_with(given["probeGuess"], np.complex128, 1e300)),
        "a probe that holds -1e39j": plain(probeGuess=_with(given["probeGuess"], np.complex128, -1e39j)),
        "a real probe that holds 1e200": plain(probeGuess=_with(given["probeGuess"].real, np.float64, 1e200)),
        "an object that holds 1e300": plain(objectGuess=_with(given["objectGuess"], np.complex128, 1e300j)),
        "patches that hold 1e300": plain(Y=_with(patches, np.complex128, 1e300)),
    }
    if _WIDE:
        wide = _with(given["xcoords"], np.longdouble, np.longdouble(2) ** 2000)
        cases["a position beyond float64"] = plain(xcoords=wide)
    _refuse_all(subject, evidence, cases)
    if not takes(Property.FRAMES, "float64"):
        return
    largest = _with(given["diff3d"], np.float64, float(np.finfo(np.float32).max))
    held = load(subject, evidence, plain(diff3d=largest), "a stack that holds the largest value of float32")
    evidence.equal(held["diff3d"], largest.astype(np.float32), "the frames of a stack with the largest float32")


@check("NPZ-038")
def test_arrays_that_are_large_everywhere(subject: Subject, evidence: Evidence) -> None:
    """Each value fits its precision, and no sum, square or difference of them does."""
    given, top = plain(), 0.9 * float(np.finfo(np.float32).max)
    turned = np.exp(1j * given["diff3d"])
    cases: dict[str, Any] = {
        "diff3d": np.full_like(given["diff3d"], top),
        "probeGuess": np.full_like(given["probeGuess"], top * 1j),
        "objectGuess": np.full_like(given["objectGuess"], -top),
        "Y": (top * turned).astype(np.complex64),
        "xcoords": np.where(np.arange(len(given["xcoords"])) % 2, 1.0, -1.0) * 0.9 * float(np.finfo(np.float64).max),
    }
    for name, values in cases.items():
        if name == "objectGuess" and not takes(Property.ABSORBING):
            continue
        what = f"a scan with {name} near the top of its precision everywhere"
        scan = plain(**{name: values})
        held = load(subject, evidence, free(scan) if name == "xcoords" else scan, what)
        evidence.equal(held[name], values, f"{name} of {what}")


@check("NPZ-039")
def test_labels_that_are_no_whole_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    labels = np.arange(len(plain()["xcoords"])) % 3
    cases = {
        f"a label {value}": plain(scan_index=_with(labels, dtype, value))
        for value, dtype in (
            (np.nan, np.float64),
            (np.inf, np.float64),
            (-np.inf, np.float32),
            (1.5, np.float64),
            (1e30, np.float64),
            (2.0**63, np.float64),
            (2**63, np.uint64),
        )
    }
    _refuse_all(subject, evidence, cases)
    for dtype in (np.float64, np.uint64, np.int8):
        held = load(subject, evidence, plain(scan_index=labels.astype(dtype)), f"whole labels of {np.dtype(dtype)}")
        evidence.equal(held["scan_index"], labels, f"labels of {np.dtype(dtype)}", axes=("position",))


@check("NPZ-044")
def test_text_may_be_bytes(subject: Subject, evidence: Evidence) -> None:
    def declared(version: Any, domain: Any) -> dict[str, Any]:
        return plain(scale_contract_version=version, measurement_domain=domain)

    for what, units in (
        ("bytes", declared(np.array(b"legacy_v1"), np.array(b"normalized_amplitude"))),
        ("text beside bytes", declared(np.array("legacy_v1"), np.array(b"normalized_amplitude"))),
        ("big-endian text", declared(np.array("legacy_v1", dtype=">U20"), np.array(b"normalized_amplitude"))),
    ):
        held = load(subject, evidence, units, f"a file whose units are {what}")
        evidence.equal(held["diff3d"], units["diff3d"], f"the frames of a file whose units are {what}")
    beyond = np.full(9, 0x110000, dtype=np.uint32).view("U9")[0:1].reshape(())
    damaged = {"units beyond Unicode": declared(beyond, np.array("normalized_amplitude"))}
    damaged["units of bytes that are no UTF-8"] = declared(np.array(b"\xff\xfe"), np.array(b"normalized_amplitude"))
    _refuse_all(subject, evidence, damaged)
    for what, text in (
        ("no UTF-8", np.array(b"\xff\xfe{}")),
        ("beyond Unicode", beyond),
        ("nested without end", np.array("[" * 100_000)),
    ):
        held = load(subject, evidence, plain(_metadata=text), f"a file with metadata {what}")
        evidence.equal(held["diff3d"], plain()["diff3d"], f"the frames beside metadata {what}")
