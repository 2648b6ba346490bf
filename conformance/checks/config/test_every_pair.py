"""Checks of configurations (CFG) in which every pair of settings is moved, also to values that compare false."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.backends.subject import Subject
from conformance.checks.config.bridging import SOUND, bridged, is_value
from conformance.checks.config.every_pair import BRIDGED, LEFT_OUT, bridged_sections, configured, held_before
from conformance.checks.config.settings import (
    INFERENCE_DEFAULTS,
    MODEL_DEFAULTS,
    REQUIRED,
    TRAINING_DEFAULTS,
    applied,
    holds_value,
    legacy_entries,
)
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence


@check("CFG-009")
def test_every_pair_of_settings(subject: Subject, evidence: Evidence) -> None:
    for kind, defaults in (("training", TRAINING_DEFAULTS), ("inference", INFERENCE_DEFAULTS)):
        for model, fields, before in configured(kind):
            existing = held_before() if before else {}
            what = f"a configuration of {kind} with {model} and {fields}"
            seen = evidence.accepted(lambda: applied(subject, kind, model, fields, existing), what)
            required = {} if kind == "training" else REQUIRED
            expected = {**MODEL_DEFAULTS, **defaults, **legacy_entries({**required, **fields, **model})}
            after = f"a configuration of {kind} with {model}, {fields}{' over other values' if before else ''}"
            for key, value in expected.items():
                holds_value(evidence, seen, key, value, after)
            for key in ("label", "X") if before else ():
                holds_value(evidence, seen, key, existing[key], after)


def _canonical(name: str, value: Any) -> Any:
    """Value under the canonical name, as the bridge translates it."""
    if name == "data.grid_size":
        return value[0]
    if name == "model.probe_mask":
        return value is not None and value is not False
    if name == "training.nll":
        return 1.0 if value else 0.0
    if isinstance(value, Path):
        return str(value)
    return {"Supervised": "supervised"}.get(value, value) if isinstance(value, str) else value


@check("CFG-018", "CFG-024", "CFG-026", needs=["bridge"])
def test_every_pair_of_bridged_settings(subject: Subject, evidence: Evidence) -> None:
    for sections, chosen in bridged_sections():
        expected: dict[str, Any] = {}
        for name, (section, canonical, _, left_out) in BRIDGED.items():
            setting = name.partition(".")[2]
            if setting in sections[section]:
                expected[canonical] = _canonical(name, sections[section][setting])
            elif left_out != LEFT_OUT:
                expected[canonical] = left_out
        expected |= SOUND | chosen
        seen = evidence.accepted(lambda: bridged(subject, "training", **sections), f"the torch settings {sections}")
        for canonical, value in expected.items():
            is_value(evidence, seen, canonical, value, f"the torch settings {sections}")
