"""Settings of which every pair is moved, also to values that compare false, to be configured and to be bridged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.config.bridging import SOUND
from conformance.checks.config.settings import INFERENCE, MODEL, REQUIRED, TRAINING, legacy_entries
from conformance.scans.pairs import all_pairs
from conformance.scans.seed import seed_of_run

LEFT_OUT = "left out"
FALSE_OR_LEAST: Mapping[str, Any] = {
    "N": 8,
    "gridsize": 1,
    "n_filters_scale": 1,
    "probe_scale": 1.0,
    "gaussian_smoothing_sigma": 0.0,
    "batch_size": 1,
    "nepochs": 1,
    "mae_weight": 0.0,
    "nll_weight": 0.0,
    "realspace_mae_weight": 0.0,
    "realspace_weight": 0.0,
    "nphotons": 1.0,
    "n_groups": 1,
    "neighbor_count": 1,
    "probe_mask_sigma": 0.0,
}
"""Values at the end of a range, many of which compare false."""
GREATEST: Mapping[str, Any] = {"mae_weight": 1.0, "nll_weight": 1.0}
"""Values at the upper end of a range that has one."""


def _levels(name: str, other: Any) -> tuple[Any, ...]:
    """Left out, another value than the default, and the end of the range; of a flag, both."""
    if isinstance(other, bool):
        return (LEFT_OUT, other, not other)
    ends = tuple(held[name] for held in (FALSE_OR_LEAST, GREATEST) if name in held)
    return (LEFT_OUT, other, *ends)


def configured(kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], bool]]:
    """Yield model, outer fields, and whether the dictionary held other values before: every pair of settings."""
    outer = TRAINING if kind == "training" else {k: v for k, v in INFERENCE.items() if k not in REQUIRED}
    factors = {f"model.{name}": _levels(name, value) for name, value in MODEL.items()}
    factors |= {f"fields.{name}": _levels(name, value) for name, value in outer.items()}
    for row in all_pairs(factors | {"before": (False, True)}, seed_of_run()):
        given = {name: value for name, value in row.items() if value != LEFT_OUT or isinstance(value, bool)}
        model = {name[6:]: value for name, value in given.items() if name.startswith("model.")}
        yield model, {name[7:]: v for name, v in given.items() if name.startswith("fields.")}, row["before"]


def held_before() -> dict[str, Any]:
    """Other values than any configuration sets, under every key, and keys of somebody else."""
    known = legacy_entries({**MODEL, **TRAINING})
    return dict.fromkeys(known, "held before") | {"probe.mask": "held before", "label": "night 4", "X": 3}


BRIDGED: Mapping[str, tuple[str, str, tuple[Any, ...], Any]] = {
    "data.N": ("data", "N", (38, 8), 64),
    "data.probe_scale": ("data", "probe_scale", (2.3, 1.0), 4.0),
    "data.subsample_seed": ("data", "subsample_seed", (19, 0), None),
    "data.K": ("data", "neighbor_count", (7, 4), 6),
    "data.grid_size": ("data", "gridsize", ((3, 3), (1, 1)), 2),
    "model.mode": ("model", "model_type", ("Supervised", "Unsupervised"), "pinn"),
    "model.amp_activation": ("model", "amp_activation", ("sigmoid", "relu", "SiLU", "silu"), "swish"),
    "model.probe_mask": ("model", "probe_mask", (True, False, None, np.tri(4, 4, -1)), False),
    "model.intensity_scale_trainable": ("model", "intensity_scale_trainable", (True, False), False),
    "model.object_big": ("model", "object_big", (False, True), True),
    "model.probe_big": ("model", "probe_big", (False, True), True),
    "model.pad_object": ("model", "pad_object", (False, True), True),
    "model.n_filters_scale": ("model", "n_filters_scale", (3, 1), 2),
    "model.gaussian_smoothing_sigma": ("model", "gaussian_smoothing_sigma", (0.7, 0.0), 0.0),
    "model.architecture": ("model", "architecture", ("fno",), "cnn"),
    "training.epochs": ("training", "nepochs", (13, 1), 50),
    "training.batch_size": ("training", "batch_size", (64, 1), 16),
    "training.nll": ("training", "nll_weight", (False, True), 1.0),
    "training.output_dir": ("training", "output_dir", (Path("out/night-4"),), LEFT_OUT),
}
"""Settings by section and name: the section, the canonical name, values, and the value of what is left out."""


OVERRIDES: Mapping[str, tuple[Any, ...]] = {
    "N": (24,),
    "gridsize": (4, 1, 3),
    "batch_size": (8, 1),
    "nepochs": (5,),
    "neighbor_count": (11, 1),
    "nll_weight": (0.2, 0.0),
    "probe_scale": (3.3,),
    "mae_weight": (0.6, 0.0),
    "n_groups": (12,),
    "n_subsample": (15,),
    "subsample_seed": (23, 0),
    "amp_activation": ("softplus",),
    "model_type": ("supervised",),
    "object_big": (False,),
    "probe_mask": (True, False),
    "intensity_scale_trainable": (True, False),
}
"""What overrides may name, in canonical names."""


def bridged_sections() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield sections of torch settings, and the overrides among them beside the sound ones: every pair of settings."""
    # Levels are numbers: an array is no value that can be looked up.
    factors = {name: range(len(row[2]) + 1) for name, row in BRIDGED.items()}
    factors |= {f"overrides.{name}": range(len(values) + 1) for name, values in OVERRIDES.items()}
    for levels in all_pairs(factors, seed_of_run()):
        sections: dict[str, Any] = {"data": {}, "model": {}, "training": {}}
        for name, (section, _, values, _) in BRIDGED.items():
            if levels[name]:
                sections[section][name.partition(".")[2]] = values[levels[name] - 1]
        chosen = {
            name: held[levels[f"overrides.{name}"] - 1]
            for name, held in OVERRIDES.items()
            if levels[f"overrides.{name}"]
        }
        yield sections | {"overrides": SOUND | chosen}, chosen
