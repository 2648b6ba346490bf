"""Checks of the configuration (CFG) at its edges: no numbers, zeros, keys of others, calls one after another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.config.test_bridge import INFERRED, SOUND, bridged, is_value
from conformance.checks.config.test_config import (
    MODEL,
    MODEL_DEFAULTS,
    TRAINING,
    TRAINING_DEFAULTS,
    applied,
    holds_value,
    refuse_settings,
)
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence

NAN = float("nan")


@check("CFG-013")
def test_a_probe_scale_that_is_no_number_is_refused(subject: Subject, evidence: Evidence) -> None:
    refuse_settings(subject, evidence, ((kind, {"probe_scale": NAN}, {}) for kind in ("training", "inference")))


@check("CFG-014")
def test_training_numbers_that_are_no_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    names = ("nphotons", "mae_weight", "nll_weight")
    refuse_settings(subject, evidence, (("training", {}, {name: NAN}) for name in names))


@check("CFG-007")
def test_unset_model_fields_keep_what_was_there(subject: Subject, evidence: Evidence) -> None:
    before = {"probe_mask_diameter": 12.0, "neighbor_pool_size": 9, "train_data_file_path": "old.npz"}
    for kind in ("training", "inference"):
        seen = applied(subject, kind, {}, {}, before)
        for key, value in before.items():
            holds_value(evidence, seen, key, value, f"a {kind} configuration that leaves it unset")


@check("CFG-008")
def test_keys_of_others_survive_whatever_they_hold(subject: Subject, evidence: Evidence) -> None:
    others: dict[str, Any] = {
        "data.source": "lines",
        "probe.custom": 3,
        "h5_path": None,
        "set_phi": False,
        "outer_offset_train": 0,
        "label": "",
        "intensity_scale": 328.7,
    }
    for kind in ("training", "inference"):
        seen = applied(subject, kind, MODEL, {}, others)
        for key, value in others.items():
            evidence.holds(key in seen, f"The key {key!r}, which held {value!r}, is gone after a {kind} configuration.")
            holds_value(evidence, seen, key, value, f"a {kind} configuration that has no such field")


@check("CFG-011")
def test_nothing_leaks_into_another_dictionary(subject: Subject, evidence: Evidence) -> None:
    applied(subject, "training", MODEL, TRAINING, {"offset": 1, "only_here": 2})
    applied(subject, "inference", MODEL, {"output_dir": Path("out/elsewhere"), "n_groups": 3})
    for before in ({}, {"offset": 6}, {"N": 999, "batch_size": 4}):
        seen = applied(subject, "training", {}, {}, before)
        for key, default in {**MODEL_DEFAULTS, **TRAINING_DEFAULTS}.items():
            if key not in before:
                holds_value(evidence, seen, key, default, f"an empty configuration over {before}, after others")
        leaked = sorted({"only_here", "train_data_file_path", "test_data_file_path"} & set(seen))
        evidence.holds(not leaked, f"{', '.join(leaked)} leak from an earlier call.")


@check("CFG-018", needs=["bridge"])
def test_settings_of_inference_and_zeros_are_carried(subject: Subject, evidence: Evidence) -> None:
    data = {"N": 38, "probe_scale": 2.5, "subsample_seed": 0, "K": 9, "grid_size": (1, 1)}
    seen = bridged(subject, "training", data=data)
    expected: dict[str, Any] = {"N": 38, "probe_scale": 2.5, "subsample_seed": 0, "neighbor_count": 9, "gridsize": 1}
    for name, value in expected.items():
        is_value(evidence, seen, name, value, f"the torch settings {data} of training")
    seen = bridged(subject, "inference", data=data)
    for name in ("N", "probe_scale", "neighbor_count", "gridsize"):
        is_value(evidence, seen, name, expected[name], f"the torch settings {data} of inference")


@check("CFG-005")
def test_numbers_are_kept_to_the_last_digit(subject: Subject, evidence: Evidence) -> None:
    model = {"N": 1024, "gridsize": 9, "probe_scale": 0.1, "gaussian_smoothing_sigma": 1e-9, "n_filters_scale": 16}
    common = {"n_groups": 2_500_000, "neighbor_count": 1000}
    training = {"nphotons": 123456789.5, "batch_size": 2**14, "nepochs": 100_000, "mae_weight": 1 / 3}
    training |= {"neighbor_pool_size": 4096, "subsample_seed": 2**32 - 1}
    for kind, fields in (
        ("training", common | training),
        ("inference", common | {"model_path": Path("m.zip"), "test_data_file": Path("t.npz")}),
    ):
        seen = applied(subject, kind, model, fields)
        for name, value in {**model, **fields}.items():
            if not isinstance(value, Path):
                holds_value(evidence, seen, name, value, f"a {kind} configuration with {name} = {value!r}")


@check("CFG-018", needs=["bridge"])
def test_large_settings_are_carried(subject: Subject, evidence: Evidence) -> None:
    data = {"N": 1024, "probe_scale": 0.1, "subsample_seed": 2**32 - 1, "K": 128, "grid_size": (9, 9)}
    expected = {"N": 1024, "probe_scale": 0.1, "neighbor_count": 128, "gridsize": 9}
    for kind in ("training", "inference"):
        seen = bridged(subject, kind, data=data)
        further = {"subsample_seed": 2**32 - 1} if kind == "training" else {}
        for name, value in (expected | further).items():
            is_value(evidence, seen, name, value, f"the torch settings {data} of {kind}")


@check("CFG-019", needs=["bridge"])
def test_names_are_translated_for_inference_too(subject: Subject, evidence: Evidence) -> None:
    for mode, model_type in (("Unsupervised", "pinn"), ("Supervised", "supervised")):
        for name, value in (("silu", "swish"), ("SiLU", "swish"), ("relu", "relu")):
            model = {"mode": mode, "amp_activation": name}
            seen = evidence.accepted(lambda: bridged(subject, "inference", model=model), f"{model} of inference")
            is_value(evidence, seen, "model_type", model_type, f"{model} of inference")
            is_value(evidence, seen, "amp_activation", value, f"{model} of inference")
    for model in ({"mode": "PINN"}, {"amp_activation": "tanh"}):
        evidence.refused(
            lambda: bridged(subject, "inference", model=model),
            f"{model} of inference",
            beside=lambda: bridged(subject, "inference"),
        )


@check("CFG-021", needs=["bridge"])
def test_any_array_is_a_probe_mask(subject: Subject, evidence: Evidence) -> None:
    for kind in ("training", "inference"):
        for what, mask in (("an array of zeros", np.zeros((8, 8))), ("a boolean array", np.eye(8, dtype=bool))):
            seen = evidence.accepted(lambda: bridged(subject, kind, model={"probe_mask": mask}), f"{what} as the mask")
            is_value(evidence, seen, "probe_mask", True, f"{what} as the probe mask of {kind}")


@check("CFG-024", needs=["bridge"])
def test_overrides_of_every_kind_win(subject: Subject, evidence: Evidence) -> None:
    data = {"N": 38, "probe_scale": 2.5, "K": 7, "grid_size": (3, 3)}
    model = {"mode": "Supervised", "amp_activation": "relu", "probe_mask": None, "object_big": True}
    overrides: dict[str, Any] = {
        "N": 24,
        "probe_scale": 3.5,
        "neighbor_count": 5,
        "gridsize": 2,
        "model_type": "pinn",
        "amp_activation": "sigmoid",
        "probe_mask": True,
        "object_big": False,
        "n_groups": 11,
    }
    for kind, sound in (("training", SOUND), ("inference", INFERRED)):
        seen = bridged(subject, kind, data=data, model=model, overrides={**sound, **overrides})
        for name, value in overrides.items():
            is_value(evidence, seen, name, value, f"an override of {name} for {kind}")
