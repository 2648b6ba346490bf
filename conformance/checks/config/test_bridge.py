"""Checks of the bridge from torch-named settings to the canonical configuration (CFG)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from conformance.adapter import BridgeRequest
from conformance.backends.subject import Subject
from conformance.checks.config.bridging import INFERRED, SOUND, bridged, is_value
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence


@check("CFG-018", needs=["bridge"])
def test_settings_are_renamed(subject: Subject, evidence: Evidence) -> None:
    data = {"N": 38, "probe_scale": 2.5, "nphotons": 3e6, "subsample_seed": 19, "K": 7, "grid_size": (3, 3)}
    overrides = {name: value for name, value in SOUND.items() if name != "nphotons"}
    for nll in (True, False):
        sections: dict[str, Any] = {
            "data": data,
            "model": {"intensity_scale_trainable": nll},
            "training": {"epochs": 13, "nll": nll, "batch_size": 64},
        }
        seen = bridged(subject, "training", **sections, overrides=overrides)
        expected: dict[str, Any] = {
            "N": 38,
            "probe_scale": 2.5,
            "nphotons": 3e6,
            "subsample_seed": 19,
            "neighbor_count": 7,
            "gridsize": 3,
            "nepochs": 13,
            "nll_weight": 1.0 if nll else 0.0,
            "intensity_scale_trainable": nll,
            "backend": "pytorch",
        }
        for name, value in expected.items():
            is_value(evidence, seen, name, value, f"the torch settings {data} with nll {nll}")
    for kind in ("training", "inference"):
        seen = bridged(subject, kind, data={"N": 38, "K": 7, "grid_size": (2, 2)})
        expected = {"N": 38, "neighbor_count": 7, "gridsize": 2, "backend": "pytorch"}
        for name, value in expected.items():
            is_value(evidence, seen, name, value, f"torch settings of {kind}")


@check("CFG-018", needs=["bridge"])
def test_training_settings_keep_their_names(subject: Subject, evidence: Evidence) -> None:
    given: dict[str, Any] = {
        "batch_size": 64,
        "train_data_file": "data/first.npz",
        "test_data_file": "data/second.npz",
        "output_dir": "out/night-4",
        "n_groups": 77,
    }
    seen = evidence.accepted(
        lambda: bridged(subject, training=given, overrides={"nphotons": 2e7}), "training settings without overrides"
    )
    for name, value in given.items():
        is_value(evidence, seen, name, value, f"the training settings {given}")


@check("CFG-019", needs=["bridge"])
def test_modes_and_activations_are_translated(subject: Subject, evidence: Evidence) -> None:
    for mode, model_type in (("Unsupervised", "pinn"), ("Supervised", "supervised")):
        is_value(evidence, bridged(subject, model={"mode": mode}), "model_type", model_type, f"mode {mode!r}")
    names = {"silu": "swish", "SiLU": "swish"} | {name: name for name in ("sigmoid", "swish", "softplus", "relu")}
    for name, value in names.items():
        seen = bridged(subject, model={"amp_activation": name})
        is_value(evidence, seen, "amp_activation", value, f"the activation {name!r}")
    for setting, bad in (
        ("mode", "PINN"),
        ("mode", "unsupervised"),
        ("amp_activation", "tanh"),
        ("amp_activation", "Sigmoid"),
    ):
        evidence.refused(
            lambda: bridged(subject, model={setting: bad}),
            f"{setting} {bad!r}",
            beside=lambda: bridged(subject),
        )


@check("CFG-020", needs=["bridge"])
def test_grids_that_are_not_square_are_refused(subject: Subject, evidence: Evidence) -> None:
    for grid in ((2, 3), (1, 2), (3, 1)):
        for kind in ("training", "inference"):
            evidence.refused(
                lambda: bridged(subject, kind, data={"grid_size": grid}),
                f"grid_size {grid}",
                beside=lambda: bridged(subject, kind, data={"grid_size": (2, 2)}),
            )


@check("CFG-021", needs=["bridge"])
def test_probe_masks(subject: Subject, evidence: Evidence) -> None:
    masks: list[tuple[str, Any, bool]] = [
        ("an array of ones", np.ones((8, 8)), True),
        ("an array that begins with zeros", np.tri(8, 8, -1), True),
        ("True", True, True),
        ("False", False, False),
        ("None", None, False),
    ]
    for what, mask, value in masks:
        seen = evidence.accepted(lambda: bridged(subject, model={"probe_mask": mask}), f"{what} as the probe mask")
        is_value(evidence, seen, "probe_mask", value, f"{what} as the probe mask")


@check("CFG-022", needs=["bridge"])
def test_n_subsample_is_not_copied(subject: Subject, evidence: Evidence) -> None:
    for kind, sound in (("training", SOUND), ("inference", INFERRED)):
        seen = bridged(subject, kind, data={"n_subsample": 7})
        held = seen.get("n_subsample")
        evidence.holds(
            held is None, f"n_subsample is {held!r}: copied from the torch settings, where it means groups a point."
        )
        seen = bridged(subject, kind, data={"n_subsample": 7}, overrides={**sound, "n_subsample": 300})
        is_value(evidence, seen, "n_subsample", 300, f"an override of n_subsample for {kind}")


@check("CFG-023", needs=["bridge"])
def test_what_must_be_given(subject: Subject, evidence: Evidence) -> None:
    for kind, sound, names in (
        ("training", SOUND, ("nphotons", "n_groups", "train_data_file")),
        ("inference", INFERRED, ("model_path", "test_data_file")),
    ):
        for name in names:
            overrides = {key: value for key, value in sound.items() if key != name}
            error = evidence.refused(
                lambda: bridged(subject, kind, overrides=overrides),
                f"{kind} settings without {name}",
                beside=lambda: bridged(subject, kind),
            )
            evidence.worded(
                name in str(error), f"The refusal of {kind} settings without {name} does not name it: {error}"
            )
    overrides = {key: value for key, value in SOUND.items() if key != "nphotons"}
    evidence.refused(
        lambda: bridged(subject, data={"nphotons": 1e5}, overrides=overrides),
        "nphotons of 1e5 among the data settings, which is the torch default",
        beside=lambda: bridged(subject, data={"nphotons": 1.1e5}, overrides=overrides),
    )
    seen = evidence.accepted(
        lambda: bridged(subject, data={"nphotons": 3e6}, overrides=overrides), "nphotons set among the data settings"
    )
    is_value(evidence, seen, "nphotons", 3e6, "nphotons among the data settings")
    seen = evidence.accepted(
        lambda: bridged(subject, overrides={**SOUND, "nphotons": 1e5}), "nphotons 1e5 as an override"
    )
    is_value(evidence, seen, "nphotons", 1e5, "an explicit override of 1e5")


@check("CFG-024", needs=["bridge"])
def test_overrides_win(subject: Subject, evidence: Evidence) -> None:
    data = {"N": 38, "probe_scale": 2.5, "nphotons": 3e6, "subsample_seed": 19, "K": 7, "grid_size": (3, 3)}
    sections: dict[str, Any] = {
        "data": data,
        "model": {"mode": "Supervised", "amp_activation": "relu", "intensity_scale_trainable": True},
        "training": {"epochs": 13, "nll": True, "batch_size": 64, "n_groups": 90, "train_data_file": "data/old.npz"},
    }
    overrides = SOUND | {
        "N": 24,
        "probe_scale": 3.5,
        "subsample_seed": 0,
        "neighbor_count": 5,
        "gridsize": 2,
        "model_type": "pinn",
        "amp_activation": "sigmoid",
        "intensity_scale_trainable": False,
        "nepochs": 2,
        "nll_weight": 0.0,
        "batch_size": 8,
        "output_dir": "out/here",
    }
    seen = bridged(subject, "training", **sections, overrides=overrides)
    for name, value in overrides.items():
        is_value(evidence, seen, name, value, f"an override of {name}")


@check("CFG-026", needs=["bridge"])
def test_what_is_left_out_takes_the_value_of_the_torch_side(subject: Subject, evidence: Evidence) -> None:
    both: dict[str, Any] = {
        "N": 64,
        "neighbor_count": 6,
        "gridsize": 2,
        "probe_scale": 4.0,
        "model_type": "pinn",
        "amp_activation": "swish",
        "probe_mask": False,
        "object_big": True,
        "probe_big": True,
        "pad_object": True,
        "n_filters_scale": 2,
        "gaussian_smoothing_sigma": 0.0,
        "architecture": "cnn",
    }
    run = {"nepochs": 50, "batch_size": 16, "nll_weight": 1.0, "intensity_scale_trainable": False}
    for kind, expected in (("training", both | run), ("inference", both)):
        seen = bridged(subject, kind)
        for name, value in expected.items():
            is_value(evidence, seen, name, value, f"torch settings of {kind} that leave it out")
        held = seen.get("subsample_seed")
        evidence.holds(held is None, f"subsample_seed is {held!r} where the torch settings leave it out.")


@check("CFG-027", needs=["bridge"])
def test_nothing_to_test_on_is_said(subject: Subject, evidence: Evidence) -> None:
    without = {name: value for name, value in SOUND.items() if name != "test_data_file"}
    # Every configuration says it, not the first of a process alone.
    for kind, overrides, count in (
        ("training", without, 1),
        ("training", SOUND, 0),
        ("inference", INFERRED, 0),
        ("training", without, 1),
    ):
        request = BridgeRequest("inference" if kind == "inference" else "training", overrides=overrides)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            evidence.accepted(lambda: subject.adapter.bridge(request), f"a {kind} configuration with {overrides}")
        told = [str(one.message) for one in caught]
        evidence.holds(len(told) == count, f"{len(told)} warnings for a {kind} configuration with {overrides}: {told}")
        named = all("test_data_file" in text for text in told)
        evidence.holds(named, f"The warning of a training without test data does not name test_data_file: {told}")


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
