"""Settings under the contract's names: defaults, other values, and what becomes of them in the legacy dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.adapter import ConfigureRequest
from conformance.backends.subject import Subject
from conformance.evidence.evidence import Evidence

REQUIRED = {"model_path": Path("models/night-4"), "test_data_file": Path("data/night-4.npz")}
MODEL_DEFAULTS = {
    "N": 64,
    "gridsize": 1,
    "n_filters_scale": 2,
    "model_type": "pinn",
    "architecture": "cnn",
    "amp_activation": "sigmoid",
    "object.big": True,
    "probe.big": True,
    "probe.mask": False,
    "probe_mask_sigma": 1.0,
    "pad_object": True,
    "probe_scale": 4.0,
    "gaussian_smoothing_sigma": 0.0,
}
TRAINING_DEFAULTS = {
    "batch_size": 16,
    "nepochs": 50,
    "mae_weight": 0.0,
    "nll_weight": 1.0,
    "realspace_mae_weight": 0.0,
    "realspace_weight": 0.0,
    "nphotons": 1e9,
    "neighbor_count": 4,
    "n_groups": 512,
    "positions.provided": True,
    "probe.trainable": False,
    "intensity_scale.trainable": True,
    "output_prefix": "training_outputs",
    "sequential_sampling": False,
    "enable_oversampling": False,
    "backend": "tensorflow",
}
INFERENCE_DEFAULTS = {
    "neighbor_count": 4,
    "debug": False,
    "enable_oversampling": False,
    "output_prefix": "inference_outputs",
    "backend": "tensorflow",
}
RENAMED = {
    "object_big": "object.big",
    "probe_big": "probe.big",
    "probe_mask": "probe.mask",
    "probe_trainable": "probe.trainable",
    "intensity_scale_trainable": "intensity_scale.trainable",
    "positions_provided": "positions.provided",
    "output_dir": "output_prefix",
    "train_data_file": "train_data_file_path",
    "test_data_file": "test_data_file_path",
}
# No value here is a default, so that one that is not carried over shows; none is held by single precision.
MODEL = {
    "N": 38,
    "gridsize": 3,
    "n_filters_scale": 5,
    "model_type": "supervised",
    "architecture": "ffno",
    "amp_activation": "softplus",
    "object_big": False,
    "probe_big": False,
    "probe_mask": True,
    "probe_mask_sigma": 1.5,
    "pad_object": False,
    "probe_scale": 2.3,
    "gaussian_smoothing_sigma": 0.7,
}
TRAINING = {
    "train_data_file": Path("data/first.npz"),
    "test_data_file": Path("data/second.npz"),
    "batch_size": 32,
    "nepochs": 7,
    "mae_weight": 0.3,
    "nll_weight": 0.7,
    "realspace_mae_weight": 0.1,
    "realspace_weight": 0.06,
    "nphotons": 3.1e9 + 0.125,
    "n_groups": 77,
    "neighbor_count": 9,
    "positions_provided": False,
    "probe_trainable": True,
    "intensity_scale_trainable": False,
    "output_dir": Path("out/night-4"),
    "sequential_sampling": True,
    "enable_oversampling": True,
    "neighbor_pool_size": 11,
    "backend": "pytorch",
}
INFERENCE = {
    "model_path": Path("models/night-4"),
    "test_data_file": Path("data/second.npz"),
    "n_groups": 33,
    "neighbor_count": 8,
    "debug": True,
    "output_dir": Path("out/inferred"),
    "backend": "pytorch",
}


def applied(
    subject: Subject,
    kind: str = "training",
    model: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    existing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Legacy dictionary after a configuration; an inference gets the fields it cannot do without."""
    given = dict(fields or {})
    if kind == "inference":
        given = REQUIRED | given
    request = ConfigureRequest("inference" if kind == "inference" else "training", model or {}, given, existing or {})
    return dict(subject.adapter.configure(request))


def holds_value(evidence: Evidence, seen: Mapping[str, Any], key: str, value: Any, after: str) -> None:
    """Require a key of the legacy dictionary with a value of the same kind."""
    evidence.holds(key in seen, f"The legacy dictionary lacks {key!r} after {after}.")
    same = seen[key] == value and isinstance(seen[key], bool) == isinstance(value, bool)
    evidence.holds(same, f"{key!r} is {seen[key]!r} after {after}; the contract says {value!r}.")


def legacy_entries(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields under their legacy names, paths as text."""
    return {RENAMED.get(name, name): str(v) if isinstance(v, Path) else v for name, v in given.items()}


def refuse_settings(
    subject: Subject, evidence: Evidence, cases: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    """Require that each ``(kind, model, fields)`` is refused, beside one that is accepted."""
    for kind, model, fields in cases:
        error = evidence.refused(
            lambda: applied(subject, kind, model, fields),
            f"{ {**model, **fields} }",
            beside=lambda: applied(subject, kind, {"N": 24, "gridsize": 2}, {"n_groups": 5}),
        )
        name = next(iter({**model, **fields}))
        evidence.worded(name in str(error), f"The refusal of {name} does not name it: {error}")
