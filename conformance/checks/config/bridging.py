"""Torch-named settings brought over the bridge."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.adapter import BridgeRequest
from conformance.backends.subject import Subject
from conformance.evidence.evidence import Evidence

SOUND: dict[str, Any] = {
    "n_groups": 40,
    "nphotons": 2.1e9 + 0.125,
    "train_data_file": "data/a.npz",
    "test_data_file": "data/b.npz",
}
INFERRED: dict[str, Any] = {"model_path": "models/night-4", "test_data_file": "data/b.npz"}


def bridged(subject: Subject, kind: str = "training", **sections: Any) -> dict[str, Any]:
    """Canonical fields of torch-named settings; sound overrides unless others are given."""
    given = {"overrides": INFERRED if kind == "inference" else SOUND, **sections}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(subject.adapter.bridge(BridgeRequest("inference" if kind == "inference" else "training", **given)))


def is_value(evidence: Evidence, seen: Mapping[str, Any], name: str, value: Any, after: str) -> None:
    """Require a canonical field; paths are compared as text."""
    held = str(seen.get(name)) if isinstance(seen.get(name), Path) else seen.get(name)
    same = held == value and isinstance(held, bool) == isinstance(value, bool)
    evidence.holds(same, f"{name} is {held!r} after {after}; the contract says {value!r}.")
