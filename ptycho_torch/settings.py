"""The settings of the torch side, and the bridge to the canonical configuration (CFG-018 to CFG-024)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from ptycho_torch.config import MODEL, Configuration, configuration
from ptycho_torch.errors import ContractWarning, refuse

TORCH_NPHOTONS = 1e5
MODEL_TYPES = {"Unsupervised": "pinn", "Supervised": "supervised"}
ACTIVATIONS = {"silu": "swish", "SiLU": "swish"} | {name: name for name in ("sigmoid", "swish", "softplus", "relu")}


@dataclass(frozen=True)
class DataSettings:
    """How scans become groups; the names are the torch side's."""

    N: int = 64
    K: int = 6
    K_quadrant: int = 30
    nphotons: float = TORCH_NPHOTONS
    grid_size: tuple[int, int] = (2, 2)
    n_subsample: int = 7
    subsample_seed: int | None = None
    neighbor_function: str = "Nearest"
    min_neighbor_distance: float = 0.0
    max_neighbor_distance: float = 3.0
    normalize: str = "Batch"
    probe_scale: float = 4.0
    probe_normalize: bool = True
    x_bounds: tuple[float, float] = (0.1, 0.9)
    y_bounds: tuple[float, float] = (0.1, 0.9)


@dataclass(frozen=True)
class ModelSettings:
    """The model, as far as data depend on it."""

    mode: str = "Unsupervised"
    architecture: str = "cnn"
    amp_activation: str = "silu"
    intensity_scale_trainable: bool = False
    n_filters_scale: int = 2
    probe_mask: bool | Tensor | None = None
    object_big: bool = True
    probe_big: bool = True
    pad_object: bool = True
    gaussian_smoothing_sigma: float = 0.0


@dataclass(frozen=True)
class TrainingSettings:
    """A training run."""

    epochs: int = 50
    batch_size: int = 16
    nll: bool = True
    train_data_file: str | Path | None = None
    test_data_file: str | Path | None = None
    output_dir: str | Path | None = None
    n_groups: int | None = None


@dataclass(frozen=True)
class InferenceSettings:
    """An inference run."""

    batch_size: int = 1000
    middle_trim: int = 32
    pad_eval: bool = True


@dataclass(frozen=True)
class Settings:
    """All settings of the torch side."""

    data: DataSettings = field(default_factory=DataSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    inference: InferenceSettings = field(default_factory=InferenceSettings)


class Shared:
    """The one shared set of settings that older callers read; it holds frozen values and is replaced whole."""

    _current = Settings()

    @classmethod
    def get(cls) -> Settings:
        """Return the current settings."""
        return cls._current

    @classmethod
    def put(cls, settings: Settings) -> None:
        """Replace the current settings."""
        cls._current = settings

    @classmethod
    @contextmanager
    def scoped(cls, settings: Settings) -> Iterator[Settings]:
        """Use other settings for a while; the old ones come back."""
        before = cls._current
        cls._current = settings
        try:
            yield settings
        finally:
            cls._current = before


def settings_from(
    data: Mapping[str, Any], model: Mapping[str, Any], training: Mapping[str, Any], inference: Mapping[str, Any]
) -> Settings:
    """Make settings from plain mappings; what is not given takes its default.

    Parameters
    ----------
    data, model, training, inference : Mapping
        Fields of the four parts, under the names of the torch side.

    Raises
    ------
    Refusal
        A setting is unknown (CFG-012).
    """
    base = Settings()
    parts = {"data": data, "model": model, "training": training, "inference": inference}
    made = {}
    for part, given in parts.items():
        default = getattr(base, part)
        known = [one.name for one in fields(default)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            refuse("CFG-012", unknown[0], f"the {part} settings have no such field", f"Use one of {', '.join(known)}.")
        made[part] = replace(default, **given)
    return Settings(**made)


def bridge(kind: str, settings: Settings, overrides: Mapping[str, Any]) -> Configuration:
    """Translate settings to the canonical configuration; overrides win over everything (CFG-024).

    Parameters
    ----------
    kind : {"training", "inference"}
    settings : Settings
    overrides : Mapping[str, Any]
        Canonical fields.

    Raises
    ------
    Refusal
        Something has no translation (CFG-019, CFG-020), or must be given and is not (CFG-023).
    """
    model = _model(settings)
    run = _training(settings) if kind == "training" else {"neighbor_count": settings.data.K, "backend": "pytorch"}
    for name, value in overrides.items():
        (model if name in MODEL else run)[name] = value
    _require(kind, run, overrides)
    return configuration(kind, model, run)


def _model(settings: Settings) -> dict[str, Any]:
    data, model = settings.data, settings.model
    height, width = data.grid_size
    if height != width:
        refuse("CFG-020", "grid_size", f"({height}, {width}) is not square", "Non-square grids cannot be bridged.")
    mask = model.probe_mask
    return {
        "N": data.N,
        "gridsize": height,
        "probe_scale": data.probe_scale,
        "model_type": _translated("mode", model.mode, MODEL_TYPES),
        "amp_activation": _translated("amp_activation", model.amp_activation, ACTIVATIONS),
        "probe_mask": mask if isinstance(mask, bool) else mask is not None,
        "architecture": model.architecture,
        "n_filters_scale": model.n_filters_scale,
        "object_big": model.object_big,
        "probe_big": model.probe_big,
        "pad_object": model.pad_object,
        "gaussian_smoothing_sigma": model.gaussian_smoothing_sigma,
    }


def _translated(name: str, value: str, table: Mapping[str, str]) -> str:
    if value not in table:
        refuse("CFG-019", name, f"{value!r} has no translation", f"Use one of {', '.join(table)}.")
    return table[value]


def _training(settings: Settings) -> dict[str, Any]:
    data, training = settings.data, settings.training
    run: dict[str, Any] = {
        "nepochs": training.epochs,
        "batch_size": training.batch_size,
        "nll_weight": 1.0 if training.nll else 0.0,
        "neighbor_count": data.K,
        "nphotons": data.nphotons,
        "subsample_seed": data.subsample_seed,
        "intensity_scale_trainable": settings.model.intensity_scale_trainable,
        "backend": "pytorch",
    }
    given = {name: getattr(training, name) for name in ("train_data_file", "test_data_file", "output_dir", "n_groups")}
    return run | {name: value for name, value in given.items() if value is not None}


def _require(kind: str, run: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
    needed = ("n_groups", "train_data_file") if kind == "training" else ("model_path", "test_data_file")
    for name in needed:
        if run.get(name) is None:
            refuse("CFG-023", name, f"{kind} cannot do without it", f"Give {name}, for example as an override.")
    if kind != "training":
        return
    if "nphotons" not in overrides and run["nphotons"] == TORCH_NPHOTONS:
        problem = "nphotons default divergence: 1e5 here, 1e9 in the canonical configuration"
        refuse("CFG-023", "nphotons", problem, "Say which by an override of nphotons.")
    if run.get("test_data_file") is None:
        warnings.warn(ContractWarning("CFG-027", "test_data_file", "it is not given: nothing to test on"), stacklevel=3)
