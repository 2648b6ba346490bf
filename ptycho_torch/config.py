"""The canonical configuration and the legacy dictionary (CFG-001 to CFG-017)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from ptycho_torch.errors import refuse, sentence


@dataclass(frozen=True)
class Field:
    """A field of the canonical configuration.

    Attributes
    ----------
    default : Any
        None: unset.
    legacy : str
        Key in the legacy dictionary; empty means the field's own name.
    allowed : callable or None
        Whether a value is allowed.
    demand : str
        What is allowed, in words.
    clause : str
        Clause that says so.
    """

    default: Any = None
    legacy: str = ""
    allowed: Callable[[Any], bool] | None = None
    demand: str = ""
    clause: str = ""


def _choice(default: str, *others: str) -> Field:
    names = (default, *others)
    return Field(default, "", lambda value: value in names, f"one of {', '.join(names)}", "CFG-015")


def _size(default: Any, allowed: Callable[[Any], bool], demand: str, clause: str = "CFG-013") -> Field:
    return Field(default, "", allowed, demand, clause)


def _share(default: float) -> Field:
    return _size(default, lambda value: 0 <= value <= 1, "from 0 to 1", "CFG-014")


MODEL: Mapping[str, Field] = {
    "N": _size(64, lambda value: value >= 8 and value % 2 == 0, "even and at least 8"),
    "gridsize": _size(1, lambda value: value >= 1, "at least 1"),
    "n_filters_scale": _size(2, lambda value: value >= 1, "at least 1"),
    "model_type": _choice("pinn", "supervised"),
    "architecture": _choice("cnn", "ffno", "fno", "fno_vanilla", "neuralop_uno"),
    "amp_activation": _choice("sigmoid", "swish", "softplus", "relu"),
    "object_big": Field(True, "object.big"),
    "probe_big": Field(True, "probe.big"),
    "probe_mask": Field(False, "probe.mask"),
    "probe_mask_sigma": Field(1.0),
    "probe_mask_diameter": Field(),
    "pad_object": Field(True),
    "probe_scale": _size(4.0, lambda value: value > 0, "above 0"),
    "gaussian_smoothing_sigma": _size(0.0, lambda value: value >= 0, "at least 0"),
}
_SAMPLING: dict[str, Field] = {
    "n_groups": Field(),
    "n_images": Field(),
    "n_subsample": Field(),
    "subsample_seed": Field(),
    "neighbor_count": Field(4),
    "enable_oversampling": Field(False),
    "neighbor_pool_size": Field(),
    "backend": _choice("tensorflow", "pytorch"),
}
TRAINING: Mapping[str, Field] = _SAMPLING | {
    "train_data_file": Field(None, "train_data_file_path"),
    "test_data_file": Field(None, "test_data_file_path"),
    "batch_size": _size(16, lambda value: value > 0 and value.bit_count() == 1, "a power of two", "CFG-014"),
    "nepochs": _size(50, lambda value: value >= 1, "at least 1", "CFG-014"),
    "mae_weight": _share(0.0),
    "nll_weight": _share(1.0),
    "realspace_mae_weight": Field(0.0),
    "realspace_weight": Field(0.0),
    "nphotons": _size(1e9, lambda value: value > 0, "above 0", "CFG-014"),
    "n_groups": Field(512),
    "positions_provided": Field(True, "positions.provided"),
    "probe_trainable": Field(False, "probe.trainable"),
    "intensity_scale_trainable": Field(True, "intensity_scale.trainable"),
    "output_dir": Field("training_outputs", "output_prefix"),
    "sequential_sampling": Field(False),
}
INFERENCE: Mapping[str, Field] = _SAMPLING | {
    "model_path": Field(),
    "test_data_file": Field(None, "test_data_file_path"),
    "debug": Field(False),
    "output_dir": Field("inference_outputs", "output_prefix"),
}
KINDS: Mapping[str, Mapping[str, Field]] = {"training": TRAINING, "inference": INFERENCE}


@dataclass(frozen=True)
class Configuration:
    """A checked configuration.

    Attributes
    ----------
    kind : {"training", "inference"}
    model, fields : Mapping[str, Any]
        Every field of the model and of the run; None where it is unset.
    """

    kind: str
    model: Mapping[str, Any]
    fields: Mapping[str, Any]

    def legacy_entries(self) -> dict[str, Any]:
        """What the configuration writes into the legacy dictionary: flat, renamed, paths as text, None left out."""
        entries: dict[str, Any] = {}
        for table, values in ((MODEL, self.model), (KINDS[self.kind], self.fields)):
            for name, value in values.items():
                if value is not None and name != "n_images":
                    entries[table[name].legacy or name] = fspath(value) if isinstance(value, PathLike) else value
        return entries

    def apply_to(self, legacy: MutableMapping[str, Any]) -> None:
        """Update a legacy dictionary; keys that no field maps to stay."""
        legacy.update(self.legacy_entries())


def configuration(kind: str, model: Mapping[str, Any], fields: Mapping[str, Any]) -> Configuration:
    """Check given fields, and fill in the defaults.

    Parameters
    ----------
    kind : {"training", "inference"}
    model, fields : Mapping[str, Any]
        Given fields by canonical name.

    Raises
    ------
    Refusal
        A field is unknown, out of range, or missing.
    """
    checked = Configuration(kind, _filled(MODEL, model), _settled(_filled(KINDS[kind], fields), fields))
    for name in ("model_path", "test_data_file"):
        if kind == "inference" and checked.fields[name] is None:
            refuse("CFG-025", name, "inference needs it", f"Give {name}.")
    return checked


def _filled(table: Mapping[str, Field], given: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in given.items():
        if name not in table:
            refuse("CFG-012", name, "there is no such field", f"Use one of {', '.join(table)}.")
        field = table[name]
        if value is not None and field.allowed is not None and not field.allowed(value):
            refuse(field.clause, name, f"{value!r} is not {field.demand}", f"Use a value that is {field.demand}.")
    return {name: field.default for name, field in table.items()} | dict(given)


def _settled(fields: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    alias = fields["n_images"]
    if alias is not None:
        text = sentence("it is deprecated, use n_groups", "CFG-016", "n_images")
        warnings.warn(text, DeprecationWarning, stacklevel=4)
        if given.get("n_groups") is None:
            fields["n_groups"] = alias
    return fields
