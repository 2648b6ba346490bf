"""Checks of configurations (CFG) in which every pair of settings is moved, also to values that compare false."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from conformance.backends.subject import Subject
from conformance.checks.config.bridging import SOUND, bridged, is_value
from conformance.checks.config.every_pair import BRIDGED, LEFT_OUT, held_before
from conformance.checks.config.exact_settings import exact_bridged, exact_settings, groups_and_images, settings_of_none
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
def test_every_pair_of_exact_values(subject: Subject, evidence: Evidence) -> None:
    for kind, defaults in (("training", TRAINING_DEFAULTS), ("inference", INFERENCE_DEFAULTS)):
        required = {} if kind == "training" else REQUIRED
        for model, fields, existing in exact_settings(kind):
            what = f"a configuration of {kind} with {model} and {fields}{' over other values' if existing else ''}"
            seen = evidence.accepted(lambda: applied(subject, kind, model, fields, existing), what)
            expected = {**MODEL_DEFAULTS, **defaults, **legacy_entries({**required, **fields, **model})}
            for key, value in expected.items():
                holds_value(evidence, seen, key, value, what)
            for key in (name for name in existing if name not in expected and name not in TRAINING_DEFAULTS):
                holds_value(evidence, seen, key, existing[key], what)


@check("CFG-007")
def test_every_pair_of_unset_and_given(subject: Subject, evidence: Evidence) -> None:
    before = held_before()
    for kind in ("training", "inference"):
        for model, fields in settings_of_none(kind):
            given = legacy_entries({**model, **fields})
            what = f"a configuration of {kind} with {model} and {fields} over other values"
            seen = evidence.accepted(lambda: applied(subject, kind, model, fields, before), what)
            for key, value in given.items():
                if value is not None or key in before:
                    holds_value(evidence, seen, key, before[key] if value is None else value, what)


@check("CFG-016")
def test_images_and_groups_of_every_number(subject: Subject, evidence: Evidence) -> None:
    """A number of groups is explicit whatever it is, also where it is the default or that of the images."""
    for kind, fields, groups in groups_and_images():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen = applied(subject, kind, {}, fields)
        holds_value(evidence, seen, "n_groups", groups, f"a configuration of {kind} with {fields}")


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
    return _TRANSLATED.get(value, value) if isinstance(value, str) else value


_TRANSLATED = {"Unsupervised": "pinn", "Supervised": "supervised", "silu": "swish", "SiLU": "swish"}


@check("CFG-018", "CFG-024", "CFG-026", needs=["bridge"])
def test_every_pair_of_exact_bridged_values(subject: Subject, evidence: Evidence) -> None:
    for sections, chosen in exact_bridged():
        expected: dict[str, Any] = {}
        for name, (section, canonical, _, left_out) in BRIDGED.items():
            setting = name.partition(".")[2]
            if setting in sections[section]:
                expected[canonical] = _canonical(name, sections[section][setting])
            elif left_out != LEFT_OUT:
                expected[canonical] = left_out
        expected |= SOUND | chosen
        what = f"the torch settings {sections}"
        seen = evidence.accepted(lambda: bridged(subject, "training", **sections), what)
        for canonical, value in expected.items():
            is_value(evidence, seen, canonical, value, what)
