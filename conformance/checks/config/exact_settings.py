"""Values that code compares settings with, and settings in which every pair of them meets.

They are the default, the ends of the range, zero, one, what compares false, what the settings beside it are by default
or are also given, and what the torch side has in its place: a fault that begins where one setting is this and another
is that needs the very values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.config.bridging import SOUND
from conformance.checks.config.every_pair import BRIDGED, LEFT_OUT, OVERRIDES, held_before
from conformance.checks.config.settings import MODEL_DEFAULTS, REQUIRED, TRAINING_DEFAULTS, legacy_entries
from conformance.scans.pairs import exact_pairs
from conformance.scans.seed import seed_of_run

FLAG = (True, False)
WEIGHT = (0.0, 1.0, 0.5, 0.3)
PATHS = ("training_outputs", "inference_outputs", "data/first.npz", ".", "out/night-4")
ARCHITECTURES = ("cnn", "ffno", "fno", "fno_vanilla", "neuralop_uno")
COUNTS = (512, 1, 2, 4, 16, 64, 50)
"""Numbers that are the default, or the least, of one count or another."""
MODEL: Mapping[str, tuple[Any, ...]] = {
    "N": (64, 8, 16, 38, 50, 128, 512),
    "gridsize": (1, 2, 3, 4, 16, 64),
    "n_filters_scale": (2, 1, 4, 16),
    "model_type": ("pinn", "supervised"),
    "architecture": ARCHITECTURES,
    "amp_activation": ("sigmoid", "swish", "softplus", "relu"),
    "object_big": FLAG,
    "probe_big": FLAG,
    "probe_mask": FLAG,
    "probe_mask_sigma": (1.0, 0.0, 0.5, 4.0),
    "probe_mask_diameter": (64.0, 1.0, 24.3),
    "pad_object": FLAG,
    "probe_scale": (4.0, 1.0, 0.5, 2.3, 64.0, 1e-3),
    "gaussian_smoothing_sigma": (0.0, 1.0, 0.7, 4.0),
}
COMMON: Mapping[str, tuple[Any, ...]] = {
    "n_groups": COUNTS,
    "n_subsample": COUNTS,
    "subsample_seed": (0, 1, 42, 512, 2**32 - 1),
    "neighbor_count": (4, 1, 6, 9, 16),
    "neighbor_pool_size": (4, 1, 6, 9, 16, 512),
    "enable_oversampling": FLAG,
    "output_dir": tuple(map(Path, PATHS)),
    "backend": ("tensorflow", "pytorch"),
}
OUTER: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "inference": {**COMMON, "debug": FLAG},
    "training": {
        **COMMON,
        "train_data_file": tuple(map(Path, PATHS[2:])),
        "test_data_file": tuple(map(Path, PATHS[2:])),
        "batch_size": (16, 1, 2, 4, 64, 512),
        "nepochs": (50, 1, 2, 16, 64, 512),
        "mae_weight": WEIGHT,
        "nll_weight": WEIGHT,
        "realspace_mae_weight": WEIGHT,
        "realspace_weight": WEIGHT,
        "nphotons": (1e9, 1e5, 1.0, 0.5, 1e6, 3.1e9 + 0.125),
        "positions_provided": FLAG,
        "probe_trainable": FLAG,
        "intensity_scale_trainable": FLAG,
        "sequential_sampling": FLAG,
    },
}
BEFORE = ("nothing", "anything", "the defaults")


def exact_settings(kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Yield model, outer fields, and what the dictionary held before: every pair of exact values."""
    factors = {f"model.{name}": (LEFT_OUT, *values) for name, values in MODEL.items()}
    factors |= {f"fields.{name}": (LEFT_OUT, *values) for name, values in OUTER[kind].items()}
    defaults = legacy_entries({**MODEL_DEFAULTS, **TRAINING_DEFAULTS})
    existing = dict(zip(BEFORE, ({}, held_before(), defaults), strict=True))
    for row in exact_pairs(factors | {"before": BEFORE}, seed_of_run()):
        before = existing[row.pop("before")]
        given = {name: value for name, value in row.items() if value is not LEFT_OUT}
        parts = {
            part: {name.partition(".")[2]: value for name, value in given.items() if name.startswith(part)}
            for part in ("model.", "fields.")
        }
        yield parts["model."], parts["fields."], before


def each_exact_value(kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield model and outer fields, few times, so that every exact value of every setting comes once."""
    for number in range(max(len(held) for held in (*MODEL.values(), *OUTER[kind].values()))):
        yield _of_number(MODEL, number), _of_number(OUTER[kind], number)


def _of_number(values: Mapping[str, tuple[Any, ...]], number: int) -> dict[str, Any]:
    return {name: held[number % len(held)] for name, held in values.items()}


def settings_of_none(kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield model and outer fields that are None, given or left out: every pair of these."""
    names = [f"model.{name}" for name in MODEL] + [f"fields.{name}" for name in OUTER[kind] if name != "n_groups"]
    values = {"model.": MODEL, "fields.": OUTER[kind]}
    for row in exact_pairs(dict.fromkeys(names, (LEFT_OUT, None, "given")), seed_of_run()):
        yield tuple(  # type: ignore[misc]
            {
                name.removeprefix(part): None if level is None else held[name.removeprefix(part)][-1]
                for name, level in row.items()
                if name.startswith(part) and level != LEFT_OUT
            }
            for part, held in values.items()
        )


def groups_and_images() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield a kind, fields with n_images and n_groups, and what n_groups must be then."""
    for kind, required in (("training", {}), ("inference", REQUIRED)):
        for images in COUNTS:
            for groups in (None, *COUNTS):
                fields = required | {"n_images": images, "n_groups": groups}
                yield kind, fields, images if groups is None else groups
            yield kind, required | {"n_images": images}, images


MASKS = (True, False, None, np.tri(4, 4, -1), np.zeros((4, 4)), np.zeros(1), np.ones((1, 1), bool), np.full(3, np.nan))
"""Flags, none, and masks, which are masks whatever they hold."""
TORCH: Mapping[str, tuple[Any, ...]] = {
    "data.N": MODEL["N"],
    "data.probe_scale": MODEL["probe_scale"],
    "data.subsample_seed": COMMON["subsample_seed"],
    "data.K": COMMON["neighbor_count"],
    "data.grid_size": tuple((g, g) for g in MODEL["gridsize"]),
    "model.mode": ("Unsupervised", "Supervised"),
    "model.amp_activation": ("silu", "SiLU", "sigmoid", "swish", "softplus", "relu"),
    "model.probe_mask": MASKS,
    "model.n_filters_scale": MODEL["n_filters_scale"],
    "model.gaussian_smoothing_sigma": MODEL["gaussian_smoothing_sigma"],
    "model.architecture": ARCHITECTURES,
    "training.epochs": OUTER["training"]["nepochs"],
    "training.batch_size": OUTER["training"]["batch_size"],
    "training.output_dir": COMMON["output_dir"],
}
"""Exact values of torch settings; the others are flags."""


def exact_bridged() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield sections of torch settings, and the overrides among them beside the sound ones: every pair of values."""
    values = _of_bridges()
    # Levels are numbers: an array is no value that can be compared.
    factors = {name: range(len(held) + 1) for name, held in values.items()}
    for levels in exact_pairs(factors, seed_of_run()):
        sections = _in_sections({name: values[name][level - 1] for name, level in levels.items() if level})
        chosen = sections["overrides"]
        yield sections | {"overrides": SOUND | chosen}, chosen


def each_exact_value_bridged() -> Iterator[dict[str, Any]]:
    """Yield sections of torch settings, few times, so that every exact value of every setting comes once."""
    values = _of_bridges()
    for number in range(max(map(len, values.values()))):
        sections = _in_sections(_of_number(values, number))
        yield sections | {"overrides": SOUND | sections["overrides"]}


def _of_bridges() -> dict[str, tuple[Any, ...]]:
    """Exact values of torch settings, and of overrides, by section and name."""
    known = {**MODEL, **OUTER["training"]}
    overrides = {f"overrides.{name}": known[name] for name in OVERRIDES}
    return {name: TORCH.get(name, FLAG) for name in BRIDGED} | overrides


def _in_sections(given: Mapping[str, Any]) -> dict[str, Any]:
    sections: dict[str, Any] = {"data": {}, "model": {}, "training": {}, "overrides": {}}
    for name, value in given.items():
        section, _, setting = name.partition(".")
        sections[section][setting] = value
    return sections
