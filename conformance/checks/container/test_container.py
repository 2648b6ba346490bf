"""Checks of the container (CON)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.fresh_process import finish, start
from conformance.backends.subject import Subject
from conformance.contract.arrays import Place, axes_of, per_group
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy, framework
from conformance.oracles.coordinates import coordinates_of
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for

GROUPED = axes_of("diffraction", 4)
PLACES = axes_of("coords_nn", 4)
NEEDED = ["group"]
PER_GROUP = per_group(Place.CONTAINER)


def contained(
    subject: Subject, specimen: Specimen, request: GroupRequest
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Grouped result and its container."""
    grouped = subject.grouped(specimen, request)
    return grouped, subject.adapter.container(grouped, specimen.arrays["probeGuess"])


def members_of(grouped: Mapping[str, Any]) -> NDArray[np.int64]:
    """Indices of the groups, (B, C)."""
    return as_numpy(grouped["nn_indices"]).astype(np.int64)


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


def contents_for(normalised: NDArray[Any], frames: NDArray[Any]) -> dict[str, NDArray[Any]]:
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


def relative(
    evidence: Evidence,
    container: Mapping[str, Any],
    name: str,
    expected: Any,
    other: Any,
    mistake: str,
    absolute: Any,
) -> None:
    """Require relative coordinates in float32."""
    more = {"absolute coordinates stand in for relative ones": absolute}
    evidence.present(container, name)
    evidence.layout(container[name], name, shape=expected.shape, dtype="float32")
    evidence.close(
        container[name], expected, name, rtol=0, atol=1e-4, axes=PLACES, suspects=lambda: {mistake: other, **more}
    )


@check("CON-004", needs=NEEDED)
def test_nominal_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        start_pair = coordinates_of(specimen.start_positions, members_of(grouped)).relative
        true = coordinates_of(specimen.positions, members_of(grouped)).relative
        relative(
            evidence,
            container,
            "coords_nominal",
            start_pair,
            true,
            "the true coordinates stand in for the nominal ones",
            coordinates_of(specimen.start_positions, members_of(grouped)).absolute,
        )


@check("CON-005", needs=NEEDED)
def test_true_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        start_pair = coordinates_of(specimen.start_positions, members_of(grouped)).relative
        true = coordinates_of(specimen.positions, members_of(grouped)).relative
        relative(
            evidence,
            container,
            "coords_true",
            true,
            start_pair,
            "the nominal coordinates stand in for the true ones",
            coordinates_of(specimen.positions, members_of(grouped)).absolute,
        )


@check("CON-006", needs=NEEDED)
def test_coords_is_an_alias(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        evidence.present(container, "coords")
        expected = coordinates_of(specimen.start_positions, members_of(grouped)).relative
        true = coordinates_of(specimen.positions, members_of(grouped)).relative
        evidence.close(
            container["coords"],
            expected,
            "coords",
            rtol=0,
            atol=1e-4,
            axes=PLACES,
            suspects=lambda: {"coords stands for the true coordinates, not for the nominal ones": true},
        )
        evidence.equal(container["coords"], as_numpy(container["coords_nominal"]), "coords", axes=PLACES)


@check("CON-007", needs=NEEDED)
def test_local_and_global_offsets(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        members = members_of(grouped)
        triple = coordinates_of(specimen.positions, members)
        reach = float(np.abs(specimen.positions).max())
        for name, expected in (("local_offsets", triple.relative), ("global_offsets", triple.offsets)):
            evidence.present(container, name)
            evidence.layout(container[name], name, shape=expected.shape, dtype="float64")
            evidence.close(
                container[name],
                expected,
                name,
                rtol=0,
                atol=1e-9 * reach,
                axes=PLACES,
                suspects=lambda: {
                    f"{name} holds the start coordinates": getattr(
                        coordinates_of(specimen.start_positions, members),
                        "relative" if name == "local_offsets" else "offsets",
                    ),
                    "absolute coordinates stand in for relative ones": triple.absolute,
                    "local and global offsets are exchanged": np.broadcast_to(
                        triple.offsets if name == "local_offsets" else triple.relative[..., :1], expected.shape
                    ),
                },
            )


@check("CON-008", needs=NEEDED)
def test_the_probe_keeps_its_modes(subject: Subject, evidence: Evidence) -> None:
    # As many modes as pixels let an exchange of both axes through.
    for modes in (1, 2, 4, 8):
        specimen = make_specimen(Recipe(M=12, N=8, modes=modes, seed=91 + modes))
        _, container = contained(subject, specimen, requests_for(specimen)[0])
        probe = specimen.arrays["probeGuess"]
        evidence.present(container, "probe")
        evidence.layout(container["probe"], "probe", shape=probe.shape, dtype="complex64")
        evidence.equal(container["probe"], probe, "probe", axes=("mode", "row", "column")[-probe.ndim :])
        wide = subject.adapter.container(subject.grouped(specimen, requests_for(specimen)[0]), probe.astype(complex))
        evidence.layout(wide["probe"], "probe, given in complex128", shape=probe.shape, dtype="complex64")
        evidence.equal(wide["probe"], probe, "probe, given in complex128")


@check("CON-009", needs=NEEDED)
def test_indices_come_along(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        evidence.present(container, "nn_indices")
        members = members_of(grouped)
        evidence.layout(container["nn_indices"], "nn_indices", shape=members.shape, dtype="int32")
        evidence.equal(
            container["nn_indices"],
            members,
            "nn_indices of the container",
            axes=("group", "channel"),
            suspects=lambda: {
                "the places in the list of groups stand in for scan points": np.arange(members.size).reshape(
                    members.shape
                ),
                "every index is counted from one": members + 1,
            },
        )


@check("CON-010", needs=NEEDED)
def test_a_placeholder_says_that_it_is_one(subject: Subject, evidence: Evidence) -> None:
    for truth in ("none", "object", "patches"):
        specimen = make_specimen(Recipe(M=18, N=8, truth=truth, seed=96))
        for request in requests_for(specimen):
            _, container = contained(subject, specimen, request)
            evidence.present(container, "ground_truth", "Y_I", "Y_phi")
            flag = bool(as_numpy(container["ground_truth"]))
            evidence.holds(flag is (truth != "none"), f"ground_truth is {flag} for a scan whose truth is: {truth}.")
            if truth == "none":
                shape = as_numpy(container["X"]).shape
                evidence.equal(container["Y_I"], np.ones(shape), "Y_I without ground truth", axes=GROUPED)
                evidence.equal(container["Y_phi"], np.zeros(shape), "Y_phi without ground truth", axes=GROUPED)
                for name, dtype in (("Y_I", "float32"), ("Y_phi", "float32"), ("Y", "complex64")):
                    if name in container:
                        evidence.layout(container[name], f"{name} without ground truth", shape=shape, dtype=dtype)


@check("CON-011", needs=NEEDED)
def test_all_rows_share_their_order(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        members = members_of(grouped)
        evidence.equal(container["nn_indices"], members, "rows of nn_indices", axes=("group", "channel"))
        triple = coordinates_of(specimen.positions, members)
        first = coordinates_of(specimen.start_positions, members)
        rows = {
            "X": (as_numpy(grouped["X_full"]), GROUPED),
            "coords_true": (triple.relative, PLACES),
            "coords_nominal": (first.relative, PLACES),
            "local_offsets": (triple.relative, PLACES),
            "global_offsets": (triple.offsets, PLACES),
        }
        if grouped["Y"] is not None:
            rows["Y"] = (as_numpy(grouped["Y"]), GROUPED)
            rows["Y_I"] = (np.abs(as_numpy(grouped["Y"])), GROUPED)
        for name, (expected, axes) in rows.items():
            evidence.close(container[name], expected, f"rows of {name}", rtol=1e-5, atol=1e-4, axes=axes)


@check("CON-012", needs=NEEDED)
def test_a_missing_array_is_refused(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=97))
    grouped, probe = subject.grouped(specimen, requests_for(specimen)[2]), specimen.arrays["probeGuess"]
    for name in ("X_full", "coords_relative", "coords_offsets", "nn_indices"):
        for what, damaged in (
            (f"a grouped result without {name}", {k: v for k, v in grouped.items() if k != name}),
            (f"a grouped result whose {name} is None", dict(grouped) | {name: None}),
        ):
            evidence.refused(
                lambda: subject.adapter.container(damaged, probe),
                what,
                beside=lambda: subject.adapter.container(grouped, probe),
            )


@check("CON-013", needs=["group", "split_groups"])
def test_splits_cut_every_array_at_one_place(subject: Subject, evidence: Evidence) -> None:
    for truth in ("object", "none"):
        specimen = make_specimen(Recipe(M=18, N=8, modes=2, truth=truth, seed=98))
        grouped = subject.grouped(specimen, GroupRequest(N=8, gridsize=2, K=5, nsamples=11, seed=1))
        whole = subject.adapter.container(grouped, specimen.arrays["probeGuess"])
        for fraction, cut in ((0.6, 6), (0.5, 5), (0.9, 9), (0.1, 1)):
            parts = subject.adapter.split_groups(grouped, specimen.arrays["probeGuess"], fraction)
            for part, rows, what in ((parts[0], slice(0, cut), "training"), (parts[1], slice(cut, None), "test")):
                evidence.present(part, *(name for name in PER_GROUP if name in whole), "probe")
                for name in (name for name in PER_GROUP if name in whole):
                    kept = as_numpy(whole[name])
                    evidence.equal(
                        part[name],
                        kept[rows],
                        f"{name} of the {what} part at {fraction}",
                        axes=axes_of(name, kept.ndim),
                        suspects=lambda: {
                            f"{name} is not split: the {what} part holds its first rows": kept[: len(kept[rows])],
                            f"{name} is not split: the {what} part holds its last rows": kept[-len(kept[rows]) :],
                            "training and test part are exchanged": kept[cut:] if what == "training" else kept[:cut],
                        },
                    )
                evidence.equal(part["probe"], as_numpy(whole["probe"]), f"probe of the {what} part")
                evidence.holds(
                    bool(as_numpy(part["ground_truth"])) is (truth != "none"),
                    f"The {what} part has another ground_truth flag.",
                )


@check("CON-013", needs=["group", "split_groups"])
def test_splits_at_the_ends_and_beyond(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=100))
    grouped = subject.grouped(specimen, GroupRequest(N=8, gridsize=2, K=5, nsamples=11, seed=1))

    def halves(fraction: float) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return subject.adapter.split_groups(grouped, specimen.arrays["probeGuess"], fraction)

    for fraction, rows in ((0.0, (0, 11)), (1.0, (11, 0))):
        parts = evidence.accepted(lambda: halves(fraction), f"a split of groups at {fraction}")
        seen = [len(as_numpy(part["X"])) for part in parts]
        kept = {"no part is left empty: one group stays in each": np.clip(rows, 1, 10)}
        evidence.equal(seen, rows, f"the groups of both parts of a split at {fraction}", suspects=kept)
    for fraction in (-0.25, 1.25, 2.0, float("nan")):
        evidence.refused(lambda: halves(fraction), f"a split of groups at {fraction}", beside=lambda: halves(0.5))


@check("CON-014", needs=["group", "split_groups"])
def test_splitting_groups_says_that_frames_are_shared(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=99))
    grouped = subject.grouped(specimen, GroupRequest(N=8, gridsize=2, K=5, nsamples=11, seed=1))
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            subject.adapter.split_groups(grouped, specimen.arrays["probeGuess"], 0.5)
        evidence.holds(len(caught) > 0, "Groups were split without a warning that both parts may share frames.")


def tensors_hold(subject: Subject, evidence: Evidence, name: str) -> None:
    """Require the tensors of a framework to hold the container's arrays."""
    for truth, modes in (("object", 2), ("none", 1)):
        specimen = make_specimen(Recipe(M=18, N=8, modes=modes, truth=truth, seed=95))  # type: ignore[arg-type]
        for request in requests_for(specimen):
            grouped, arrays = contained(subject, specimen, request)
            tensors = subject.adapter.tensors(grouped, specimen.arrays["probeGuess"])
            names = [one for one in (*PER_GROUP, "probe") if one in arrays]
            evidence.present(tensors, *names)
            for one in names:
                kind = framework(tensors[one])
                evidence.holds(kind == name, f"{one} of the tensors is a {kind} object, not one of {name}.")
                expected = as_numpy(arrays[one])
                evidence.layout(tensors[one], f"{one} as a tensor", shape=expected.shape, dtype=expected.dtype.name)
                evidence.equal(tensors[one], expected, f"{one} as a tensor", axes=axes_of(one, expected.ndim))


@check("CON-015", needs=["group", "tensors"], framework="tensorflow")
def test_tensorflow_tensors_hold_the_arrays(subject: Subject, evidence: Evidence) -> None:
    tensors_hold(subject, evidence, "tensorflow")


@check("CON-015", needs=["group", "tensors"], framework="torch")
def test_torch_tensors_hold_the_arrays(subject: Subject, evidence: Evidence) -> None:
    tensors_hold(subject, evidence, "torch")


_BUILD = """
import numpy as np
from pathlib import Path
from conformance.adapter import GroupRequest
frameworks = ("tensorflow", "torch", "jax")
before = {name for name in frameworks if name in sys.modules}
path = Path(arguments[0])
scan = adapter.load(path) if hasattr(adapter, "load") else adapter.assemble(dict(np.load(path)))
grouped = adapter.group(scan, GroupRequest(N=8, gridsize=2, K=5, nsamples=6, seed=1))
container = adapter.container(grouped, np.load(path)["probeGuess"])
loaded = sorted({name for name in frameworks if name in sys.modules} - before)
print(json.dumps([loaded, len(container["X"])]))
"""


@check("CON-016", needs=NEEDED)
def test_a_container_loads_no_framework(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(make_specimen(Recipe(M=18, N=8, seed=94)).arrays)
    loaded, rows = evidence.accepted(
        lambda: finish(start(subject, _BUILD, [str(path)])), "Building a container in a fresh process"
    )
    evidence.holds(rows == 6, f"The container of six groups has an X with {rows} rows.")
    evidence.holds(not loaded, f"Building a container and asking for its arrays loaded {', '.join(loaded)}.")
