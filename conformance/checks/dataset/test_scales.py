"""Checks of the scales of batches (DAT): the gauge of the probe, and what follows the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from conformance.adapter import BatchRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import GROUPED, LIGHT, Rows, batches_of, rows_of
from conformance.checks.dataset.scan_files import REQUEST, SINGLE, Files, frames_of, probes_for, probes_of, written
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.domain import modes, side


@check("DAT-010")
def test_the_probe_gauge(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for scale, normalize in ((4.0, True), (1.7, True), (4.0, False)):
        request = replace(REQUEST, probe_scale=scale, probe_normalize=normalize)
        rows = rows_of(subject, evidence, files.paths, request)
        probes, factors = probes_of(files, rows, request, most=modes(3))
        what = f"at probe_scale {scale}, probe_normalize {normalize}"
        bare = probes / factors[..., np.newaxis]
        others = gauges_for(files, rows, request)
        evidence.close(
            rows["probe_scaling"],
            factors,
            f"probe_scaling {what}",
            rtol=1e-5,
            atol=0,
            axes=GROUPED,
            suspects=lambda: others | {"probe_scaling is the inverse of the factor": 1 / factors},
        )
        evidence.close(
            rows["probe"],
            probes,
            f"probe {what}",
            rtol=1e-5,
            atol=1e-6,
            axes=LIGHT,
            suspects=lambda: (
                {
                    "the factor is applied to the probe twice": probes * factors[..., np.newaxis],
                    "the factor is not applied to the probe": bare,
                    "the probe is divided by the factor": bare / factors[..., np.newaxis],
                }
                | {name: bare * other[..., np.newaxis] for name, other in others.items()}
                | probes_for(files, rows, probes)
            ),
        )


def gauges_for(files: Files, rows: Rows, request: BatchRequest) -> Arrays:
    """Probe factors (R, 1, 1, 1) that known mistakes would give."""
    one_each: dict[str, list[float]] = {}
    for experiment in rows["experiment_id"]:
        own = np.abs(files.scans[int(experiment)]["probeGuess"].reshape(-1, side(8), side(8))).astype(np.float64)
        known = {
            "the mean is taken over the first mode only": own[0].mean(),
            "the mean is taken over modes added up": own.sum(axis=0).mean(),
            "padded modes count in the mean": own.sum() / (3 * own[0].size),
        }
        parts = {
            "": own,
            " of the first mode": own[0],
            " of modes added up in intensity": np.sqrt((own**2).sum(axis=0)),
            " of padded modes": np.concatenate([own, np.zeros((max(0, modes(3) - len(own)), *own.shape[1:]))]),
        }
        for whose, moduli in parts.items():
            known |= {
                f"the largest modulus{whose} is taken in place of the mean": moduli.max(),
                f"the root mean square{whose} is taken in place of the mean": np.sqrt((moduli**2).mean()),
                f"the mean intensity{whose} is taken in place of the mean modulus": (moduli**2).mean(),
                f"the median modulus{whose} is taken in place of the mean": np.median(moduli),
                f"the sum{whose} is taken in place of the mean": moduli.sum(),
                f"the root of the summed intensity{whose} is taken in place of the mean": np.sqrt((moduli**2).sum()),
            }
        for name, value in known.items():
            one_each.setdefault(name, []).append(1 / (request.probe_scale * float(value or np.nan)))
        one_each.setdefault("the probe is not normalised", []).append(1.0)
    return {name: np.array(values).reshape(-1, 1, 1, 1) for name, values in one_each.items()}


def changed(files: Files, subject: Subject, **factors: float) -> Files:
    """Write the scans again with arrays multiplied."""

    def multiplied(arrays: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **arrays,
            **{name: (arrays[name] * factor).astype(arrays[name].dtype) for name, factor in factors.items()},
        }

    return Files(subject, [multiplied(arrays) for arrays in files.scans])


@check("DAT-010")
def test_the_gauge_of_dim_and_bright_probes(subject: Subject, evidence: Evidence) -> None:
    """The units of a probe are those of its detector or its solver; no strength is out of bounds."""
    files = written(subject)
    for factor, scale in ((1e-5, 3e4), (0.03, 0.3), (1e5, 2e-4)):
        held = changed(files, subject, probeGuess=factor)
        for normalize in (True, False):
            request = replace(REQUEST, probe_scale=scale, probe_normalize=normalize)
            what = f"of probes {factor:g} times as strong at probe_scale {scale}, probe_normalize {normalize}"
            rows = evidence.accepted(lambda: rows_of(subject, evidence, held.paths, request), f"a data set {what}")
            probes, factors = probes_of(held, rows, request, most=modes(3))
            pairs = ((rows["probe_scaling"], factors, "probe_scaling"), (rows["probe"], probes, "probe"))
            for seen, expected, name in pairs:
                evidence.close(
                    seen,
                    expected,
                    f"{name} {what}",
                    rtol=1e-5,
                    atol=1e-6 * float(np.abs(expected).max()),
                    axes=axes_of(name, expected.ndim),
                    suspects=lambda: gauged_apart(expected, factors, request),
                )


def gauged_apart(expected: Array, factors: Array, request: BatchRequest) -> Arrays:
    """Probes or their factors, where probes of some strengths are gauged in another way."""
    bare, bound = expected / factors.reshape(-1, *[1] * (expected.ndim - 1)), 1 / request.probe_scale
    found = {"the probe is not normalised": bare}
    for words, other in (
        ("a dim probe is not brightened: its mean counts as one", np.minimum(factors, bound)),
        ("a bright probe is not dimmed: its mean counts as one", np.maximum(factors, bound)),
    ):
        found[words] = bare * other.reshape(-1, *[1] * (expected.ndim - 1))
    return found


@check("DAT-011")
def test_probe_scale_follows_the_probe(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for normalize in (True, False):
        request = replace(REQUEST, probe_normalize=normalize)
        plain = rows_of(subject, evidence, files.paths, request)
        brighter = rows_of(subject, evidence, changed(files, subject, diff3d=7.0).paths, request)
        for name in ("probe", "probe_scaling"):
            evidence.close(
                brighter[name],
                plain[name],
                f"{name} of scans seven times as bright",
                rtol=1e-6,
                atol=1e-7,
                axes=axes_of(name, plain[name].ndim),
                suspects=lambda: {
                    f"{name} is the scale of the data: {other}": brighter[other]
                    for other in ("rms_scaling_constant", "physics_scaling_constant")
                    if name == "probe_scaling"
                },
            )


@check("DAT-012")
def test_data_scales_follow_the_data(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    other = changed(files, subject, probeGuess=3.0)
    for request in (REQUEST, SINGLE, replace(REQUEST, shuffle=True, seed=1)):
        for what, held in (("scans", files), ("scans with a brighter probe", other)):
            rows = rows_of(subject, evidence, held.paths, request)
            frames = frames_of(evidence, held, rows).astype(np.float64)
            for experiment in range(len(files.scans)):
                own = rows["experiment_id"] == experiment
                energy = (frames[own] ** 2).sum(axis=(1, 2)).mean()
                count = int(own.sum())
                for name, value in (
                    ("rms_scaling_constant", amplitude_scale_of(frames[own])),
                    ("physics_scaling_constant", 1.0 / energy),
                ):
                    expected = np.full((count, 1, 1, 1), value)
                    evidence.close(
                        rows[name][own],
                        expected,
                        f"{name} of file {experiment} of {what}",
                        rtol=1e-5,
                        atol=0,
                        axes=GROUPED,
                        suspects=lambda: {
                            scope: values[own] for scope, values in scales_for(frames, rows, request, name).items()
                        },
                    )


@check("DAT-010")
def test_gauges_that_cannot_be_are_refused(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    dark = changed(files, subject, probeGuess=0.0)
    cases = [(f"probe_scale {scale}", files.paths, scale) for scale in (0.0, -4.0, float("nan"))]
    cases += [("a probe that is zero everywhere", dark.paths, 4.0)]
    for what, paths, scale in cases:
        evidence.refused(
            lambda: batches_of(subject, paths, replace(REQUEST, probe_scale=scale)),
            f"batches with {what}",
            beside=lambda: batches_of(subject, files.paths, REQUEST),
        )
    bare = replace(REQUEST, probe_normalize=False)
    evidence.accepted(lambda: batches_of(subject, dark.paths, bare), "a dark probe that is not normalised")


@check("DAT-021")
def test_the_scope_of_the_data_scales(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    whole = rows_of(subject, evidence, files.paths, REQUEST)
    energies = (frames_of(evidence, files, whole).astype(np.float64) ** 2).sum(axis=(1, 2)).mean(axis=1)
    rms, physics = np.sqrt(side(REQUEST.group.N) ** 2 / 4 / energies), 1 / energies
    ones, names = np.ones_like(energies), ("rms_scaling_constant", "physics_scaling_constant")
    scopes: tuple[tuple[Literal["Group", "None"], Any, Any], ...] = (("Group", rms, physics), ("None", ones, ones))
    for scope, *scales in scopes:
        rows = rows_of(subject, evidence, files.paths, replace(REQUEST, normalize=scope))
        for name, values, own in zip(names, scales, (rms, physics), strict=True):
            others = {
                "the scale is that of the file": as_numpy(whole[name]),
                "every row has a scale of its own": own.reshape(-1, 1, 1, 1),
            }
            what = f"{name} with normalize {scope!r}"
            evidence.layout(rows[name], what, shape=(len(values), 1, 1, 1), dtype="float32")
            expected = values.reshape(-1, 1, 1, 1)
            evidence.close(rows[name], expected, what, rtol=1e-5, atol=0, axes=GROUPED, suspects=others)
        for name in set(whole) - set(names):
            evidence.equal(rows[name], as_numpy(whole[name]), f"{name} with normalize {scope!r}", either=True)


@check("DAT-021")
def test_an_unknown_scope_is_refused(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for unknown in ("group", "Each", ""):
        scope: Any = unknown
        evidence.refused(
            lambda: batches_of(subject, files.paths, replace(REQUEST, normalize=scope)),
            f"data scales with normalize {unknown!r}",
            beside=lambda: batches_of(subject, files.paths, REQUEST),
        )


def scales_for(frames: Array, rows: Rows, request: BatchRequest, name: str) -> Arrays:
    """Scales (R, 1, 1, 1) of the data that known mistakes would give."""
    experiments, places = rows["experiment_id"], np.arange(len(frames))

    def scale(energy: Any) -> Any:
        return 1 / energy if name.startswith("physics") else np.sqrt((frames.shape[1] / 2) ** 2 / energy)

    energies = (frames**2).sum(axis=(1, 2)).mean(axis=1)
    each = frames.sum(axis=(1, 2)).mean(axis=1)
    sums = np.array([each[experiments == one].mean() for one in experiments])
    by_file = np.array([energies[experiments == one].mean() for one in experiments])
    by_batch = np.array([energies[places // request.batch_size == i // request.batch_size].mean() for i in places])
    found = {
        "the scale is left at one": np.ones(len(frames)),
        "the scale is that of the batch in hand, not of the file": scale(by_batch),
        "every row has a scale of its own": scale(energies),
        "the scale is that of all files together": scale(np.full(len(frames), energies.mean())),
        "the scale is that of the last file": scale(
            np.full(len(frames), energies[experiments == experiments.max()].mean())
        ),
        "the scale is that of the first file": scale(np.full(len(frames), energies[experiments == 0].mean())),
        "the scale is inverted": 1 / scale(by_file),
        "the square root of the scale was not taken": scale(by_file) ** 2,
        "the square root of the scale was taken twice": np.sqrt(scale(by_file)),
        "the target is N² in place of (N/2)²": 2 * scale(by_file),
        "the amplitudes were summed, not their squares": scale(sums),
        "the other one of the two scales stands here": 1 / by_file
        if name.startswith("rms")
        else np.sqrt((frames.shape[1] / 2) ** 2 / by_file),
    }
    if "probe_scaling" in rows:
        light = as_numpy(rows["probe_scaling"]).astype(np.float64).reshape(-1)
        found["the scale is multiplied by the factor of the probe"] = scale(by_file) * light
        found["the scale is divided by the factor of the probe"] = scale(by_file) / np.where(light == 0, 1, light)
    return {words: np.asarray(values).reshape(-1, 1, 1, 1) for words, values in found.items()}
