"""Configuration dataclasses (CFG)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptycho_ref.errors import ConfigurationRefusal, sentence

ARCHITECTURES = ("cnn", "ffno", "fno", "fno_vanilla", "neuralop_uno")
MODEL_TYPES = ("pinn", "supervised")
ACTIVATIONS = ("sigmoid", "swish", "softplus", "relu")
BACKENDS = ("tensorflow", "pytorch")
_TRAINING_GROUPS = 512


@dataclass(frozen=True)
class ModelConfig:
    """The model, as far as data depend on it (CFG-001); N is the frame side, gridsize² the channels."""

    N: int = 64
    gridsize: int = 1
    n_filters_scale: int = 2
    model_type: str = "pinn"
    architecture: str = "cnn"
    amp_activation: str = "sigmoid"
    object_big: bool = True
    probe_big: bool = True
    probe_mask: bool = False
    probe_mask_sigma: float = 1.0
    probe_mask_diameter: float | None = None
    pad_object: bool = True
    probe_scale: float = 4.0
    gaussian_smoothing_sigma: float = 0.0

    def __post_init__(self) -> None:
        _require("CFG-013", "N", self.N, lambda N: N >= 8 and N % 2 == 0, "an even number from 8 on")
        _require("CFG-013", "gridsize", self.gridsize, lambda size: size >= 1, "at least 1")
        _require("CFG-013", "n_filters_scale", self.n_filters_scale, lambda scale: scale >= 1, "at least 1")
        _require("CFG-013", "probe_scale", self.probe_scale, lambda scale: scale > 0, "above 0")
        sigma = self.gaussian_smoothing_sigma
        _require("CFG-013", "gaussian_smoothing_sigma", sigma, lambda sigma: sigma >= 0, "at least 0")
        _one_of("architecture", self.architecture, ARCHITECTURES)
        _one_of("model_type", self.model_type, MODEL_TYPES)
        _one_of("amp_activation", self.amp_activation, ACTIVATIONS)


@dataclass(frozen=True)
class TrainingConfig:
    """A training run (CFG-002)."""

    model: ModelConfig
    train_data_file: Path | None = None
    test_data_file: Path | None = None
    batch_size: int = 16
    nepochs: int = 50
    mae_weight: float = 0.0
    nll_weight: float = 1.0
    realspace_mae_weight: float = 0.0
    realspace_weight: float = 0.0
    nphotons: float = 1e9
    n_groups: int | None = None
    n_images: int | None = None
    n_subsample: int | None = None
    subsample_seed: int | None = None
    neighbor_count: int = 4
    enable_oversampling: bool = False
    neighbor_pool_size: int | None = None
    positions_provided: bool = True
    probe_trainable: bool = False
    intensity_scale_trainable: bool = True
    output_dir: Path = Path("training_outputs")
    sequential_sampling: bool = False
    backend: str = "tensorflow"

    def __post_init__(self) -> None:
        _settle_groups(self, _TRAINING_GROUPS)
        size = self.batch_size
        _require("CFG-014", "batch_size", size, lambda n: n > 0 and n & (n - 1) == 0, "a positive power of two")
        _require("CFG-014", "nepochs", self.nepochs, lambda epochs: epochs >= 1, "at least 1")
        _require("CFG-014", "mae_weight", self.mae_weight, lambda weight: 0 <= weight <= 1, "within [0, 1]")
        _require("CFG-014", "nll_weight", self.nll_weight, lambda weight: 0 <= weight <= 1, "within [0, 1]")
        _require("CFG-014", "nphotons", self.nphotons, lambda photons: photons > 0, "above 0")
        _one_of("backend", self.backend, BACKENDS)


@dataclass(frozen=True)
class InferenceConfig:
    """An inference run (CFG-003); n_groups None means all."""

    model: ModelConfig
    model_path: Path
    test_data_file: Path
    n_groups: int | None = None
    n_images: int | None = None
    n_subsample: int | None = None
    subsample_seed: int | None = None
    neighbor_count: int = 4
    enable_oversampling: bool = False
    neighbor_pool_size: int | None = None
    debug: bool = False
    output_dir: Path = Path("inference_outputs")
    backend: str = "tensorflow"

    def __post_init__(self) -> None:
        _settle_groups(self, None)
        _one_of("backend", self.backend, BACKENDS)


Config = TrainingConfig | InferenceConfig


def make_config(kind: str, model: dict[str, Any], fields: dict[str, Any]) -> Config:
    """Build a configuration from plain fields.

    Parameters
    ----------
    kind : {"training", "inference"}
    model, fields : dict
        Explicit fields; the rest takes its default.

    Raises
    ------
    ConfigurationRefusal
        A field is unknown (CFG-012), missing, or out of range.
    """
    outer: Any = {"training": TrainingConfig, "inference": InferenceConfig}[kind]
    for owner, given in ((ModelConfig, model), (outer, fields)):
        unknown = sorted(set(given) - set(owner.__dataclass_fields__))
        if unknown:
            raise ConfigurationRefusal(
                f"{owner.__name__} has no such field",
                clause="CFG-012",
                array=unknown[0],
                remedy=f"Choose among {', '.join(owner.__dataclass_fields__)}.",
            )
    missing = [name for name in ("model_path", "test_data_file") if kind == "inference" and fields.get(name) is None]
    if missing:
        raise ConfigurationRefusal(
            "inference needs it", clause="CFG-025", array=missing[0], remedy=f"Pass {missing[0]}."
        )
    config: Config = outer(model=ModelConfig(**model), **fields)
    return config


def _settle_groups(config: Config, default: int | None) -> None:
    groups = config.n_groups
    if config.n_images is not None:
        text = sentence("it is deprecated; write n_groups", "CFG-016", array="n_images")
        warnings.warn(text, DeprecationWarning, stacklevel=5)
        groups = config.n_images if groups is None else groups
    object.__setattr__(config, "n_groups", default if groups is None else groups)


def _require(clause: str, field: str, value: Any, allowed: Callable[[Any], bool], demand: str) -> None:
    """Refuse a value that is not allowed; None leaves what the legacy dictionary holds (CFG-007)."""
    if value is not None and not allowed(value):
        raise ConfigurationRefusal(
            f"{value!r} is not {demand}", clause=clause, array=field, remedy=f"Set {field} to a value that is {demand}."
        )


def _one_of(field: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise ConfigurationRefusal(
            f"{value!r} is unknown", clause="CFG-015", array=field, remedy=f"Choose one of {', '.join(known)}."
        )
