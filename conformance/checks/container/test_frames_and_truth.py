"""Checks of the container (CON): normalised diffraction, and the truth as amplitude and phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.container.contents import GROUPED, NEEDED, contained, members_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.domain import Property, takes
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for


@check("CON-001", needs=NEEDED)
def test_x_is_the_normalised_diffraction(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        frames = np.moveaxis(specimen.arrays["diff3d"][members_of(grouped)], 1, -1).astype(np.float64)
        evidence.present(container, "X")
        evidence.layout(container["X"], "X", shape=frames.shape, dtype="float32")
        evidence.equal(
            container["X"],
            as_numpy(grouped["X_full"]),
            f"X at gridsize {request.gridsize}",
            axes=GROUPED,
            suspects=lambda: contents_for(as_numpy(grouped["X_full"]), frames),
        )
        expected = frames * amplitude_scale_of(frames)
        evidence.close(
            container["X"],
            expected,
            "X against the normalised frames of the scan",
            rtol=1e-5,
            atol=1e-6,
            axes=GROUPED,
            suspects=lambda: contents_for(expected, frames),
        )


def contents_for(normalised: Array, frames: Array) -> Arrays:
    """Images that a container with a known mistake would hold."""
    again = np.float64(amplitude_scale_of(normalised))
    return {
        "X is the un-normalised diffraction": frames,
        "X is normalised a second time": (normalised * again).astype(np.float32),
        "X is divided by its largest value": normalised / normalised.max(),
        "the values are squared: X is intensity": normalised.astype(np.float64) ** 2,
    }


@check("CON-001", needs=NEEDED)
def test_a_carried_scale_reaches_x(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, seed=90))
    request = GroupRequest(N=8, gridsize=2, K=5, nsamples=7, seed=1, amplitude_scale=0.125)
    grouped, container = contained(subject, specimen, request)
    frames = np.moveaxis(specimen.arrays["diff3d"][members_of(grouped)], 1, -1)
    evidence.close(container["X"], frames * 0.125, "X with a carried scale", rtol=1e-6, atol=1e-7, axes=GROUPED)


def truth_of(grouped: Mapping[str, Any]) -> NDArray[np.complex128]:
    """Grouped truth in complex128, NaN-free."""
    return as_numpy(grouped["Y"]).astype(np.complex128)


def without_truth(specimen: Specimen) -> str:
    """Why a check of the truth does not apply."""
    return "" if {"Y", "objectGuess"} & set(specimen.arrays) else "the scan has no ground truth"


@check("CON-002", needs=NEEDED, where=without_truth)
def test_amplitude_and_phase_of_the_truth(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        truth = truth_of(grouped)
        modulus, phase = np.abs(truth), np.angle(truth)
        for name in ("Y_I", "Y_phi"):
            evidence.present(container, name)
            evidence.layout(container[name], name, shape=truth.shape, dtype="float32")
        evidence.close(
            container["Y_I"],
            modulus,
            "Y_I",
            rtol=1e-5,
            atol=1e-5,
            axes=GROUPED,
            suspects=lambda: {
                "the values are squared: Y_I is the intensity, not the modulus": modulus**2,
                "Y_I is the real part": truth.real,
                "Y_I is the phase": phase,
                "Y_I is all ones, as without ground truth": np.ones_like(modulus),
            },
        )
        # The argument of a dark pixel is noise, and -pi and pi are one phase.
        bright = modulus > 1e-3 * modulus.max()
        seen = np.where(bright, as_numpy(container["Y_phi"]), 0.0)
        turned = np.abs(np.abs(phase) - np.pi) < 1e-4
        evidence.close(
            np.where(turned, np.abs(seen), seen),
            np.where(bright, np.where(turned, np.abs(phase), phase), 0.0),
            "Y_phi",
            rtol=0,
            atol=1e-4,
            axes=GROUPED,
            suspects=lambda: {
                "Y_phi has the wrong sign: the truth is conjugated": np.where(bright, -phase, 0.0),
                "Y_phi is the arc tangent of the ratio, which knows two quadrants only": np.where(
                    bright, np.arctan(truth.imag / np.where(truth.real == 0, 1e-30, truth.real)), 0.0
                ),
                "Y_phi is in degrees": np.where(bright, np.degrees(phase), 0.0),
                "Y_phi is in cycles": np.where(bright, phase / (2 * np.pi), 0.0),
                "Y_phi is the modulus": np.where(bright, modulus, 0.0),
                "Y_phi is all zeros, as without ground truth": np.zeros_like(phase),
            },
        )
        evidence.holds(float(np.abs(as_numpy(container["Y_phi"])).max()) <= np.pi + 1e-5, "Y_phi leaves [-pi, pi].")


@check("CON-003", needs=NEEDED, where=without_truth)
def test_the_truth_is_put_together_from_both(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        truth = truth_of(grouped)
        evidence.present(container, "Y")
        evidence.layout(container["Y"], "Y", shape=truth.shape, dtype="complex64")
        scale = 1e-5 * float(np.abs(truth).max())
        evidence.close(
            container["Y"],
            truth,
            "Y of the container",
            rtol=0,
            atol=2 * scale,
            axes=GROUPED,
            suspects=lambda: {
                "Y is put together from the intensity, not the modulus": np.abs(truth) * truth,
                "Y is put together from the phase in degrees": np.abs(truth) * np.exp(1j * np.degrees(np.angle(truth))),
            },
        )
        together = as_numpy(container["Y_I"]) * np.exp(1j * as_numpy(container["Y_phi"]).astype(np.float64))
        evidence.close(container["Y"], together, "Y, against Y_I exp(i Y_phi)", rtol=0, atol=2 * scale, axes=GROUPED)


@check("CON-010", needs=NEEDED)
def test_a_placeholder_says_that_it_is_one(subject: Subject, evidence: Evidence) -> None:
    for truth in ("none", "object", "patches"):
        specimen = make_specimen(Recipe(M=18, N=8, truth=truth, seed=96))
        bare = not {"Y", "objectGuess"} & specimen.arrays.keys()
        for request in requests_for(specimen):
            _, container = contained(subject, specimen, request)
            evidence.present(container, "ground_truth", "Y_I", "Y_phi")
            flag = bool(as_numpy(container["ground_truth"]))
            evidence.holds(flag is not bare, f"ground_truth is {flag} for a scan whose truth is: {truth}.")
            if bare:
                shape = as_numpy(container["X"]).shape
                evidence.equal(container["Y_I"], np.ones(shape), "Y_I without ground truth", axes=GROUPED)
                evidence.equal(container["Y_phi"], np.zeros(shape), "Y_phi without ground truth", axes=GROUPED)
                for name, dtype in (("Y_I", "float32"), ("Y_phi", "float32"), ("Y", "complex64")):
                    if name in container:
                        evidence.layout(container[name], f"{name} without ground truth", shape=shape, dtype=dtype)


@check("CON-010", needs=["group"])
def test_a_truth_of_ones_is_a_truth(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=96))
    flat = {"objectGuess": np.ones((60, 60), np.complex64)}
    stored = {
        "Y": np.ones(make_specimen(Recipe(M=18, N=8, seed=95)).arrays["diff3d"].shape, np.complex64),
        "objectGuess": None,
    }
    for what, changes in (("an object of ones", flat), ("stored patches of ones", stored)):
        arrays = {name: values for name, values in {**specimen.arrays, **changes}.items() if values is not None}
        if "Y" in arrays and not takes(Property.STORED_PATCHES):
            continue
        held = Specimen(f"{what}-18x8", arrays, consistent=False)
        for request in requests_for(held):
            container = subject.adapter.container(subject.grouped(held, request), arrays["probeGuess"])
            evidence.present(container, "ground_truth")
            flag = bool(as_numpy(container["ground_truth"]))
            evidence.holds(flag, f"ground_truth is False for {what} at gridsize {request.gridsize}.")
