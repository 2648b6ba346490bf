"""Checks of normalisation (NRM): masked pixels do not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.normalization.expected_scale import AXES
from conformance.contract.arrays import MASK
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.breakdown import may_refuse
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.domain import Property, sized, takes
from conformance.scans.masks import mask_of, masked
from conformance.scans.specimens import Recipe, make_specimen


def scan_with(value: float, seed: int, *, inverted: bool = False) -> dict[str, Any]:
    """Arrays of a scan whose masked pixels, few or most of them, hold so many times the brightest value."""
    arrays = dict(make_specimen(Recipe(M=19, N=8, seed=seed)).arrays)
    mask = mask_of(arrays["diff3d"].shape[-1], seed)
    return masked(arrays, ~mask if inverted else mask, value)


@check("NRM-011")
def test_masked_pixels_do_not_count(subject: Subject, evidence: Evidence) -> None:
    for value, seed, inverted in ((3.0, 31, False), (0.4, 32, False), (0.0, 33, False), (0.7, 34, True)):
        given = scan_with(value, seed, inverted=inverted)
        N, scan = given["diff3d"].shape[-1], subject.scan(given)
        for gridsize, K in sized((1, 4), (2, 5), (3, 10)):
            request = GroupRequest(N=N, gridsize=gridsize, K=K, nsamples=7, seed=seed)
            what = f"X_full at gridsize {gridsize}, masked pixels {value:g} times as bright as all others"
            masked_do_not_count(evidence, given, subject.adapter.group(scan, request), what)


@check("NRM-011")
def test_masked_pixels_do_not_count_on_any_way_of_grouping(subject: Subject, evidence: Evidence) -> None:
    given = scan_with(3.0, 36)
    N, scan = given["diff3d"].shape[-1], subject.scan(given)
    plain = GroupRequest(N=N, K=6, nsamples=5, seed=36)
    ways: dict[str, dict[str, Any]] = {"in sequence": {"sequential_sampling": True}}
    for gridsize in (gridsize for (gridsize,) in sized((2,))):
        ways["of the older strategy"] = {"gridsize": gridsize, "strategy": "group_then_sample"}
        if takes(Property.OVERSAMPLING):
            ways["oversampled"] = {"gridsize": gridsize, "enable_oversampling": True, "nsamples": 40}
    for what, changes in ways.items():
        with may_refuse():
            grouped = subject.adapter.group(scan, replace(plain, **changes))
            masked_do_not_count(evidence, given, grouped, f"X_full of groups {what}")


def masked_do_not_count(evidence: Evidence, given: Arrays, grouped: Mapping[str, Any], what: str) -> None:
    """Require the scale of the pixels that were measured.

    Parameters
    ----------
    evidence : Evidence
    given : Mapping
        Arrays of the scan, its mask among them.
    grouped : Mapping
        Grouped result of it.
    what : str
        How it was grouped.
    """
    frames = np.moveaxis(given["diff3d"][as_numpy(grouped["nn_indices"])], 1, -1).astype(np.float64)
    bad = given[MASK][:, :, np.newaxis]
    measured = np.where(bad, 0.0, frames)
    expected = measured * amplitude_scale_of(measured)
    evidence.close(
        np.where(bad, 0, as_numpy(grouped["X_full"])),
        expected,
        what,
        rtol=1e-5,
        atol=1e-7 * float(expected.max()),
        axes=AXES,
        suspects=lambda: suspects_for(frames, measured, given[MASK]),
    )


def suspects_for(frames: Array, measured: Array, mask: Array) -> Arrays:
    """Normalised amplitudes of the measured pixels that known mistakes would give."""
    turned = np.where(mask.T[:, :, np.newaxis], 0.0, frames)
    only = np.where(mask[:, :, np.newaxis], frames, 0.0)
    own, bad = amplitude_scale_of(measured), mask[:, :, np.newaxis]
    alone = {
        "the mask is applied to the first channel only": np.arange(frames.shape[3]) == 0,
        "the mask is applied to the last channel only": np.arange(frames.shape[3]) == frames.shape[3] - 1,
        "the mask is applied to the first group only": np.arange(len(frames))[:, None, None, None] == 0,
    }
    found = {
        "masked pixels count": measured * amplitude_scale_of(frames),
        "the mask is transposed": measured * amplitude_scale_of(turned),
        "the energy is that of a pixel, so the masked ones are filled in": measured * own * np.sqrt((~mask).mean()),
        **{name: measured * amplitude_scale_of(np.where(bad & there, 0.0, frames)) for name, there in alone.items()},
    }
    if frames.shape[3] == 1:
        found = {name: values for name, values in found.items() if "channel" not in name}
    return found | ({"masked pixels count, and no others": measured * amplitude_scale_of(only)} if only.any() else {})


@check("NRM-003", needs=["group"])
def test_masked_pixels_are_scaled_like_all_others(subject: Subject, evidence: Evidence) -> None:
    """A mask says which pixels count, and changes none."""
    given = scan_with(3.0, 35)
    N, scan = given["diff3d"].shape[-1], subject.scan(given)
    for gridsize, K in sized((1, 4), (2, 5)):
        for scale in (None, 0.25):
            request = GroupRequest(N=N, gridsize=gridsize, K=K, nsamples=7, seed=35, amplitude_scale=scale)
            grouped = subject.adapter.group(scan, request)
            frames = np.moveaxis(given["diff3d"][as_numpy(grouped["nn_indices"])], 1, -1).astype(np.float64)
            measured = ~given[MASK][:, :, np.newaxis]
            seen = as_numpy(grouped["X_full"]).astype(np.float64)
            factor = float((seen * measured).sum() / (frames * measured).sum())
            evidence.close(
                seen,
                frames * factor,
                f"X_full under the mask, at gridsize {gridsize}, against the ratio of all other pixels",
                rtol=1e-5,
                atol=1e-7 * float(frames.max()) * factor,
                axes=AXES,
                suspects=lambda: {"masked pixels are blanked": np.where(measured, frames * factor, 0.0)},
            )


@check("NRM-011")
def test_light_under_the_mask_is_no_light(subject: Subject, evidence: Evidence) -> None:
    given = scan_with(2.0, 34)
    N = given["diff3d"].shape[-1]
    dark = given | {"diff3d": np.where(given[MASK], given["diff3d"], np.float32(0))}
    request = GroupRequest(N=N, gridsize=1, K=4, nsamples=7, seed=34)
    evidence.refused(
        lambda: subject.adapter.group(subject.scan(dark), request),
        "frames that are zero but under the mask",
        beside=lambda: subject.adapter.group(subject.scan(given), request),
    )
