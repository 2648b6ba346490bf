"""The legacy dictionary that older modules read, and its one-way update (CFG-004 to CFG-011)."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from ptycho_ref.config import Config

T = TypeVar("T")

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

params: dict[str, Any] = {}
"""The legacy dictionary: the one piece of global state, which the contract itself describes.

It starts empty, so that no built-in default can answer for a parameter that nobody set."""


def to_legacy(config: Config) -> dict[str, Any]:
    """Return the entries a configuration makes: the model flattened, keys renamed, paths as text, None left out."""
    entries: dict[str, Any] = {}
    for owner in (config.model, config):
        for field in fields(owner):
            value = getattr(owner, field.name)
            if field.name not in ("model", "n_images") and value is not None:
                entries[RENAMED.get(field.name, field.name)] = str(value) if isinstance(value, Path) else value
    return entries


def update_legacy(config: Config, target: MutableMapping[str, Any] | None = None) -> None:
    """Write a configuration into the legacy dictionary; it must run before data are loaded or grouped."""
    (params if target is None else target).update(to_legacy(config))


def configured(key: str, default: T) -> T:
    """Value that a configuration has set, or ``default`` when none has."""
    value: T = params.get(key, default)
    return value


@contextmanager
def scoped() -> Iterator[dict[str, Any]]:
    """Give the legacy dictionary back as it was."""
    before = dict(params)
    try:
        yield params
    finally:
        params.clear()
        params.update(before)
