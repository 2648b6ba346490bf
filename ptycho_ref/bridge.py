"""Torch-named settings to the canonical configuration (CFG-018 to CFG-024)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptycho_ref.config import Config, ModelConfig, make_config
from ptycho_ref.errors import ConfigurationRefusal, ContractWarning

TORCH_NPHOTONS = 1e5
_MODES = {"Unsupervised": "pinn", "Supervised": "supervised"}
_ACTIVATIONS = {
    "silu": "swish",
    "SiLU": "swish",
    "sigmoid": "sigmoid",
    "swish": "swish",
    "softplus": "softplus",
    "relu": "relu",
}
_TORCH_DATA = {
    "N": 64,
    "K": 6,
    "nphotons": TORCH_NPHOTONS,
    "grid_size": (2, 2),
    "probe_scale": 4.0,
    "subsample_seed": None,
}
_TORCH_MODEL = {
    "mode": "Unsupervised",
    "amp_activation": "silu",
    "probe_mask": None,
    "intensity_scale_trainable": False,
    "object_big": True,
    "probe_big": True,
    "pad_object": True,
    "n_filters_scale": 2,
    "gaussian_smoothing_sigma": 0.0,
    "architecture": "cnn",
}
_TORCH_TRAINING = {"epochs": 50, "batch_size": 16, "nll": True}
_PATHS = ("train_data_file", "test_data_file", "model_path", "output_dir")


def bridge(
    kind: str,
    data: Mapping[str, Any],
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    overrides: Mapping[str, Any],
) -> Config:
    """Translate torch-named settings.

    Parameters
    ----------
    kind : {"training", "inference"}
    data, model, training : Mapping
        Settings under their torch names; absent ones take the torch side's defaults.
    overrides : Mapping
        Canonical fields that win over everything (CFG-024).

    Raises
    ------
    ConfigurationRefusal
        Something cannot be translated, or a required override is missing (CFG-023).
    """
    data = {**_TORCH_DATA, **data}
    torch_model = {**_TORCH_MODEL, **model}
    fields = _training_fields(data, torch_model, training) if kind == "training" else _inference_fields(data)
    canonical_model = _model_fields(data, torch_model)
    for name, value in overrides.items():
        target = canonical_model if name in ModelConfig.__dataclass_fields__ else fields
        target[name] = Path(value) if name in _PATHS and value is not None else value
    _require_given(kind, fields, overrides)
    return make_config(kind, canonical_model, fields)


def _model_fields(data: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    rows, columns = data["grid_size"]
    if rows != columns:
        raise _refusal(
            "CFG-020", "grid_size", f"Non-square grids such as {rows} x {columns} have no gridsize", "Use (a, a)."
        )
    if model["mode"] not in _MODES:
        raise _refusal("CFG-019", "mode", f"Invalid mode {model['mode']!r}", f"Choose one of {', '.join(_MODES)}.")
    if model["amp_activation"] not in _ACTIVATIONS:
        problem = f"Unknown activation {model['amp_activation']!r}"
        raise _refusal("CFG-019", "amp_activation", problem, f"Choose one of {', '.join(_ACTIVATIONS)}.")
    mask = model["probe_mask"]
    kept = ("object_big", "probe_big", "pad_object", "n_filters_scale", "gaussian_smoothing_sigma", "architecture")
    return {name: model[name] for name in kept} | {
        "N": data["N"],
        "gridsize": rows,
        "probe_scale": data["probe_scale"],
        "model_type": _MODES[model["mode"]],
        "amp_activation": _ACTIVATIONS[model["amp_activation"]],
        "probe_mask": mask if isinstance(mask, bool) else mask is not None,
    }


def _training_fields(data: Mapping[str, Any], model: Mapping[str, Any], training: Mapping[str, Any]) -> dict[str, Any]:
    training = {**_TORCH_TRAINING, **training}
    fields = {
        "nepochs": training["epochs"],
        "batch_size": training["batch_size"],
        "nll_weight": 1.0 if training["nll"] else 0.0,
        "neighbor_count": data["K"],
        "nphotons": data["nphotons"],
        "subsample_seed": data["subsample_seed"],
        "intensity_scale_trainable": model["intensity_scale_trainable"],
        "backend": "pytorch",
    }
    carried = ("train_data_file", "test_data_file", "output_dir", "n_groups")
    return fields | {
        name: Path(training[name]) if name in _PATHS else training[name]
        for name in carried
        if training.get(name) is not None
    }


def _inference_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"neighbor_count": data["K"], "backend": "pytorch"}


def _require_given(kind: str, fields: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
    required = ("n_groups", "train_data_file") if kind == "training" else ("model_path", "test_data_file")
    for name in required:
        if fields.get(name) is None:
            raise _refusal("CFG-023", name, f"{kind} needs it", f"Pass {name} as an override.")
    if kind == "training" and "nphotons" not in overrides and fields["nphotons"] == TORCH_NPHOTONS:
        raise _refusal(
            "CFG-023",
            "nphotons",
            "nphotons default divergence: 1e5 on the torch side, 1e9 on the canonical one",
            "Pass nphotons as an override.",
        )
    if kind == "training" and fields.get("test_data_file") is None:
        warnings.warn(
            ContractWarning("it is not set: nothing to evaluate on", clause="CFG-027", array="test_data_file"),
            stacklevel=4,
        )


def _refusal(clause: str, field: str, problem: str, remedy: str) -> ConfigurationRefusal:
    return ConfigurationRefusal(problem, clause=clause, array=field, remedy=remedy)
