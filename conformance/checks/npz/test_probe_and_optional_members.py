"""Checks of scan files (NPZ): the probe, and members that a file may leave out."""

from __future__ import annotations

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.npz.loading import FRAMES, frames_are, load, plain
from conformance.contract.arrays import COORDINATES
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.contents import faded
from conformance.scans.domain import Property, canvas, takes
from conformance.scans.pairs import REAL, WHOLE
from conformance.scans.specimens import Recipe, make_specimen


@check("NPZ-024")
def test_probes_keep_every_mode(subject: Subject, evidence: Evidence) -> None:
    for modes in (1, 2, 3, 8):
        probe = make_specimen(Recipe(M=6, N=8, modes=modes, seed=modes)).arrays["probeGuess"]
        if modes == 8:
            probe = faded(probe)
        for given in (probe, probe.astype(np.complex128))[: 2 if takes(Property.DOUBLE_COMPLEX) else 1]:
            held = load(subject, evidence, plain(6, 8, probeGuess=given), f"a probe {given.shape}")
            evidence.layout(held["probeGuess"], "probeGuess", shape=probe.shape, dtype="complex64")
            evidence.equal(held["probeGuess"], probe, "the probe", axes=("mode", "row", "column")[-probe.ndim :])
        if modes == 1:
            held = load(subject, evidence, plain(6, 8, probeGuess=probe[:, :, np.newaxis]), "a probe (N, N, 1)")
            evidence.equal(held["probeGuess"], probe, "the squeezed probe", axes=("row", "column"))
            held = load(subject, evidence, plain(6, 8, probeGuess=probe[np.newaxis]), "a probe (1, N, N)")
            seen = as_numpy(held["probeGuess"]).reshape(-1, *probe.shape)
            evidence.equal(seen, probe[np.newaxis], "a stack of one mode", axes=("mode", "row", "column"))


@check("NPZ-026")
def test_the_object_is_optional_and_complex(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    held = load(subject, evidence, arrays, "a scan with an object")
    evidence.layout(held["objectGuess"], "objectGuess", shape=arrays["objectGuess"].shape, dtype="complex64")
    evidence.equal(held["objectGuess"], arrays["objectGuess"], "the object", axes=("row", "column"))
    wider = np.complex128 if takes(Property.DOUBLE_COMPLEX) else np.complex64
    wide = load(subject, evidence, arrays | {"objectGuess": arrays["objectGuess"].astype(wider)}, "complex128")
    evidence.equal(wide["objectGuess"], arrays["objectGuess"], "a complex128 object", axes=("row", "column"))
    tall = np.random.default_rng(31).integers(1, 100, canvas((39, 31)))
    numbers = [one for one in (*WHOLE, *REAL, "c8", "c16") if one != "c16" or takes(Property.DOUBLE_COMPLEX)]
    for number, dtype in enumerate(numbers * 2):
        # Tall and wide in turn, and the other way round the second time.
        given = (tall if (number + number // len(numbers)) % 2 else tall.T).astype(dtype)
        what = f"an object {given.shape[0]} x {given.shape[1]} of {given.dtype}"
        held = load(subject, evidence, arrays | {"objectGuess": given}, f"a scan with {what}")
        evidence.equal(held["objectGuess"], given.astype(np.complex64), what, axes=("row", "column"))
    for value in (1, 0, 0.5j):
        flat, what = np.full(canvas((30, 37)), value, np.complex64), f"an object that is {value} everywhere"
        held = load(subject, evidence, arrays | {"objectGuess": flat}, f"a scan with {what}")
        evidence.holds(held.get("objectGuess") is not None, f"{what.capitalize()} was taken for none.")
        evidence.equal(held["objectGuess"], flat, what, axes=("row", "column"))
    bare = load(subject, evidence, plain(objectGuess=None), "a scan without an object")
    evidence.holds(bare.get("objectGuess") is None, "A scan without an object has been given one.")


@check("NPZ-026", needs=["batches"])
def test_a_data_set_of_a_scan_without_an_object(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(plain(objectGuess=None))
    request = BatchRequest(GroupRequest(N=8, gridsize=1, K=4, nsamples=3, seed=1), batch_size=2)
    made = evidence.accepted(lambda: list(subject.adapter.batches([path], request)), "a data set without an object")
    evidence.holds(len(made) > 0, "A data set of a scan without an object gave no batch.")


@check("NPZ-027")
def test_stored_patches_are_loaded(subject: Subject, evidence: Evidence) -> None:
    patches = make_specimen(Recipe(M=20, N=8, truth="patches", seed=9)).arrays["Y"]
    for given in (np.zeros_like(patches), np.ones_like(patches)):
        held = load(subject, evidence, plain(Y=given), f"stored patches of {given.flat[0].real:g}")
        evidence.holds(held.get("Y") is not None, f"Stored patches of {given.flat[0].real:g} were taken for none.")
        evidence.equal(held["Y"], given, "stored patches that are all alike", axes=FRAMES)
    for given in (patches, patches[..., np.newaxis], patches.astype(np.complex128)):
        held = load(subject, evidence, plain(Y=given), f"stored patches {given.shape}")
        evidence.layout(held["Y"], "Y", shape=patches.shape, dtype="complex64")
        evidence.equal(held["Y"], patches, "the stored patches", axes=FRAMES)


@check("NPZ-028")
def test_labels_are_kept_and_default_to_zero(subject: Subject, evidence: Evidence) -> None:
    # Labels with gaps, in no order, and wider than a byte.
    labels = np.array([7, 300, 40, 70000])[np.arange(20)[::-1] * 7 % 4]
    arrays = plain(scan_index=labels)
    held = load(subject, evidence, arrays, "a scan with labels")
    evidence.holds(as_numpy(held["scan_index"]).dtype.kind in "iu", "scan_index is not an integer array after loading.")
    evidence.equal(
        held["scan_index"],
        labels,
        "scan_index",
        axes=("frame",),
        suspects=lambda: {
            "the values are sorted: the scan is sorted by its labels": np.sort(labels, kind="stable"),
            "running numbers stand in place of the values": np.arange(20),
        },
    )
    frames_are(evidence, held, arrays["diff3d"], "the frames of a scan with unsorted labels")
    bare = load(subject, evidence, plain(scan_index=None), "a scan without labels")
    evidence.equal(bare["scan_index"], np.zeros(20, dtype=int), "scan_index of a scan without labels", axes=("frame",))
    evidence.holds(
        as_numpy(bare["scan_index"]).dtype.kind in "iu", "scan_index of a scan without labels is no integer array."
    )


@check("NPZ-024")
def test_a_single_mode_may_keep_its_axis(subject: Subject, evidence: Evidence) -> None:
    probe = plain()["probeGuess"]
    held = load(subject, evidence, plain(probeGuess=probe[np.newaxis]), "a probe (1, N, N)")
    evidence.equal(np.reshape(held["probeGuess"], probe.shape), probe, "a probe (1, N, N)", axes=("row", "column"))


@check("NPZ-028")
def test_labels_neither_reorder_nor_select(subject: Subject, evidence: Evidence) -> None:
    """Labels that a program might take for ranks, rows, flags or what is to be left out."""
    ranks = np.random.default_rng(4).permutation(20)
    for what, labels in {
        "that number the points from 0": ranks,
        "that number the points from 1": 1 + ranks,
        "that count backward": np.arange(20)[::-1],
        "of 0 and 1": ranks % 2,
        "of which some are -1": np.where(ranks % 5 == 0, -1, ranks),
        "that are all -1": np.full(20, -1),
    }.items():
        arrays = plain(scan_index=labels)
        held = load(subject, evidence, arrays, f"a scan with labels {what}")
        order = np.argsort(labels, kind="stable")
        frames_are(
            evidence,
            held,
            arrays["diff3d"],
            f"the frames of a scan with labels {what}",
            lambda: {"the scan is sorted by its labels": arrays["diff3d"][order]},
        )
        for name in ("scan_index", *COORDINATES):
            evidence.equal(held[name], arrays[name], f"{name} of a scan with labels {what}", axes=("position",))


@check("NPZ-028")
def test_labels_keep_their_value(subject: Subject, evidence: Evidence) -> None:
    for dtype, labels in (
        ("i8", [0, 255, 256, 70_000, 2**31 + 5, 2**40]),
        ("i8", [1_764_000_000_123_456_789, 2**53 + 1, -(2**60) - 1, 2**63 - 1, 4, 9]),
        ("u2", [0, 65_535, 300, 7, 8, 9]),
        ("i4", [-1, 3, 2**31 - 1, -(2**31), 5, 4]),
    ):
        given = np.resize(np.array(labels, dtype=dtype), 20)
        held = load(subject, evidence, plain(scan_index=given), f"labels {labels} in {dtype}")
        evidence.equal(
            as_numpy(held["scan_index"]).astype(np.int64),
            given.astype(np.int64),
            f"scan_index stored as {dtype}",
            axes=("frame",),
            suspects=lambda: {
                f"the values went through {kind}": given.astype(kind).astype(np.int64)
                for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "f8", "f4")
            },
        )
