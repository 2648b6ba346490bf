"""Checks of the configuration and the legacy dictionary (CFG)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.backends.subject import Subject
from conformance.checks.config.bridging import bridged, is_value
from conformance.checks.config.settings import (
    INFERENCE,
    INFERENCE_DEFAULTS,
    MODEL,
    MODEL_DEFAULTS,
    RENAMED,
    REQUIRED,
    TRAINING,
    TRAINING_DEFAULTS,
    applied,
    holds_value,
    legacy_entries,
)
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence


@check("CFG-001")
def test_model_defaults(subject: Subject, evidence: Evidence) -> None:
    for kind in ("training", "inference"):
        seen = applied(subject, kind)
        for key, value in MODEL_DEFAULTS.items():
            holds_value(evidence, seen, key, value, f"an empty {kind} configuration")


@check("CFG-002")
def test_training_defaults(subject: Subject, evidence: Evidence) -> None:
    seen = applied(subject)
    for key, value in TRAINING_DEFAULTS.items():
        holds_value(evidence, seen, key, value, "an empty training configuration")


@check("CFG-003")
def test_inference_defaults(subject: Subject, evidence: Evidence) -> None:
    seen = applied(subject, "inference")
    for key, value in INFERENCE_DEFAULTS.items():
        holds_value(evidence, seen, key, value, "an inference configuration with required fields only")
    groups = seen.get("n_groups")
    evidence.holds(groups is None, f"n_groups is {groups!r} where inference left it unset, which means all.")


@check("CFG-004")
def test_renamed_keys(subject: Subject, evidence: Evidence) -> None:
    for kind, fields in (("training", TRAINING), ("inference", INFERENCE)):
        seen = applied(subject, kind, MODEL, fields)
        given = {name: value for name, value in {**MODEL, **fields}.items() if name in RENAMED}
        for name, value in given.items():
            held = str(seen.get(RENAMED[name])) if isinstance(value, Path) else seen.get(RENAMED[name])
            right = str(value) if isinstance(value, Path) else value
            evidence.holds(
                held == right, f"{name} = {right!r} stands under {RENAMED[name]!r} as {held!r} ({kind} configuration)."
            )
            evidence.holds(name not in seen, f"{name!r} occurs in the legacy dictionary beside {RENAMED[name]!r}.")


@check("CFG-005")
def test_other_fields_keep_their_names(subject: Subject, evidence: Evidence) -> None:
    model = MODEL | {"probe_mask_diameter": 24.3}
    for kind, fields in (("training", TRAINING), ("inference", INFERENCE)):
        seen = applied(subject, kind, model, fields)
        for name, value in {**model, **fields}.items():
            if name not in RENAMED and not isinstance(value, Path):
                holds_value(evidence, seen, name, value, f"a {kind} configuration with {name} = {value!r}")
        evidence.holds("model" not in seen, "The legacy dictionary holds a nested 'model' in place of its fields.")


@check("CFG-006")
def test_paths_are_text(subject: Subject, evidence: Evidence) -> None:
    for kind, fields in (("training", TRAINING), ("inference", INFERENCE)):
        seen = applied(subject, kind, MODEL, fields)
        for key, value in legacy_entries({n: v for n, v in fields.items() if isinstance(v, Path)}).items():
            evidence.holds(
                type(seen.get(key)) is str and seen[key] == value,
                f"{key!r} is {seen.get(key)!r}, not the text {value!r}.",
            )
    # A path is a name: nothing in it is looked up.
    for spelt in ("~/night-5.npz", "$HOME/night-5.npz", "../a/../night-5.npz", "a b/%d{0}.npz", "/data//n.NPZ"):
        seen = applied(subject, fields={"train_data_file": Path(spelt)})
        holds_value(evidence, seen, "train_data_file_path", str(Path(spelt)), f"the path {spelt!r}")
    default = applied(subject)["output_prefix"]
    evidence.holds(type(default) is str, f"The default output_prefix is {default!r}, not text.")


@check("CFG-007")
def test_unset_keeps_what_was_there(subject: Subject, evidence: Evidence) -> None:
    before = {
        "train_data_file_path": "old/train.npz",
        "test_data_file_path": "old/test.npz",
        "n_subsample": 11,
        "subsample_seed": 12,
        "neighbor_pool_size": 13,
    }
    fields = {"train_data_file": None, "n_subsample": None}
    seen = applied(subject, "training", {}, fields, before)
    for key, value in before.items():
        holds_value(evidence, seen, key, value, "a configuration that leaves it unset")
    seen = applied(subject, "inference", {}, {}, {"n_groups": 44, "subsample_seed": 12})
    for key, value in {"n_groups": 44, "subsample_seed": 12}.items():
        holds_value(evidence, seen, key, value, "an inference configuration that leaves it unset")


@check("CFG-008")
def test_other_keys_survive(subject: Subject, evidence: Evidence) -> None:
    others = {"offset": 6, "max_position_jitter": 3, "sim_jitter_scale": 0.5, "label": "night 4", "data": [1, 2]}
    for kind in ("training", "inference"):
        seen = applied(subject, kind, MODEL, {}, others)
        for key, value in others.items():
            holds_value(evidence, seen, key, value, f"a {kind} configuration that has no such field")


@check("CFG-009")
def test_explicit_values_win(subject: Subject, evidence: Evidence) -> None:
    legacy_before = legacy_entries({**MODEL, **TRAINING})
    defaults = {name: MODEL_DEFAULTS[RENAMED.get(name, name)] for name in MODEL}
    given = {
        name: TRAINING_DEFAULTS[RENAMED.get(name, name)]
        for name in TRAINING
        if RENAMED.get(name, name) in TRAINING_DEFAULTS
    }
    seen = applied(subject, "training", defaults, given, legacy_before)
    for key, value in legacy_entries({**defaults, **given}).items():
        holds_value(evidence, seen, key, value, "an explicit value that is the default")
    falsy = {"mae_weight": 0.0, "nll_weight": 0.0, "positions_provided": False, "subsample_seed": 0}
    before = {"mae_weight": 0.5, "nll_weight": 0.5, "positions.provided": True, "subsample_seed": 5, "object.big": True}
    seen = applied(subject, "training", {"object_big": False}, falsy, before)
    for key, value in legacy_entries({**falsy, "object_big": False}).items():
        holds_value(evidence, seen, key, value, "an explicit zero or False")
    seen = applied(subject, "training", MODEL, TRAINING, legacy_entries({**defaults, **given}))
    for key, value in legacy_entries({**MODEL, **TRAINING}).items():
        holds_value(evidence, seen, key, value, "an explicit value")


@check("CFG-010")
def test_updating_twice(subject: Subject, evidence: Evidence) -> None:
    others = {"offset": 6, "log": "a"}
    for kind, fields in (("training", TRAINING), ("training", {}), ("inference", INFERENCE)):
        once = applied(subject, kind, MODEL, fields, others)
        holds_value(evidence, once, "N", MODEL["N"], f"a {kind} configuration")
        twice = applied(subject, kind, MODEL, fields, once)
        changed = sorted(key for key in {*once, *twice} if once.get(key) != twice.get(key))
        evidence.holds(not changed, f"Applying a {kind} configuration again changes {', '.join(changed)}.")


@check("CFG-011")
def test_the_later_configuration_wins(subject: Subject, evidence: Evidence) -> None:
    first = applied(subject, "training", MODEL, TRAINING)
    second = applied(subject, "training", {"N": 24, "gridsize": 2}, {"n_groups": 5, "batch_size": 8}, first)
    for key, value in {"N": 24, "gridsize": 2, "n_groups": 5, "batch_size": 8}.items():
        holds_value(evidence, second, key, value, "two configurations, of which it is the later one's")
    fresh = applied(subject, "training")
    for key, default in {**MODEL_DEFAULTS, **TRAINING_DEFAULTS}.items():
        holds_value(evidence, fresh, key, default, "an empty configuration that follows others")
    for key in ("train_data_file_path", "test_data_file_path"):
        evidence.holds(fresh.get(key) is None, f"{key!r} leaks from an earlier call: {fresh.get(key)!r}.")


@check("CFG-017")
def test_execution_settings_stay_out(subject: Subject, evidence: Evidence) -> None:
    for kind, fields in (("training", TRAINING), ("inference", INFERENCE)):
        seen = applied(subject, kind, MODEL, fields)
        holds_value(evidence, seen, "N", MODEL["N"], f"a {kind} configuration")
        for name in ("accelerator", "devices", "num_workers", "precision", "learning_rate"):
            evidence.holds(
                name not in seen, f"The legacy dictionary holds the execution setting {name} = {seen.get(name)!r}."
            )


@check("CFG-007")
def test_unset_model_fields_keep_what_was_there(subject: Subject, evidence: Evidence) -> None:
    before = {"probe_mask_diameter": 12.0, "neighbor_pool_size": 9, "train_data_file_path": "old.npz"}
    for kind in ("training", "inference"):
        seen = applied(subject, kind, {}, {}, before)
        for key, value in before.items():
            holds_value(evidence, seen, key, value, f"a {kind} configuration that leaves it unset")


@check("CFG-007")
def test_none_is_unset_whatever_the_default(subject: Subject, evidence: Evidence) -> None:
    """N = None is no side, and no default takes its place."""
    # No number of groups has a meaning of its own, and an inference needs its model and its data.
    for kind, fields in (("training", TRAINING), ("inference", INFERENCE)):
        given = {name: value for name, value in fields.items() if name not in ("n_groups", *REQUIRED)}
        before = legacy_entries(MODEL | given)
        seen = applied(subject, kind, dict.fromkeys(MODEL), dict.fromkeys(given), before)
        for key, value in before.items():
            holds_value(evidence, seen, key, value, f"a {kind} configuration in which it is None")


@check("CFG-008")
def test_keys_of_others_survive_whatever_they_hold(subject: Subject, evidence: Evidence) -> None:
    others: dict[str, Any] = {
        "data.source": "lines",
        "probe.custom": 3,
        "h5_path": None,
        "set_phi": False,
        "outer_offset_train": 0,
        "label": "",
        "intensity_scale": 328.7,
        "size": (64, 38),
        "files": ["a.npz", "b.npz"],
        "nested": {"gridsize": 3, 4: "four"},
        "phase": 1 - 2j,
        "raw": b"bytes",
        "_private": 4,
        "__doc__": "kept",
        "a key of two words": 5,
        "Nepochs": 6,
    }
    # What only a training configuration sets is somebody else's to one of inference.
    of_training = TRAINING_DEFAULTS.keys() - INFERENCE_DEFAULTS.keys() - {"n_groups"}
    before = others | dict.fromkeys(of_training, "held before")
    for kind, held in (("training", others), ("inference", before)):
        seen = applied(subject, kind, MODEL, {}, held)
        for key, value in held.items():
            holds_value(evidence, seen, key, value, f"a {kind} configuration that has no such field")


@check("CFG-005")
def test_text_is_kept_letter_by_letter(subject: Subject, evidence: Evidence) -> None:
    for text in ("Out/Night 4", "Aufnahme-é", "None", "0", "~/night", "$HOME/night", "out\\night", "a/../b"):
        for kind, fields in (("training", TRAINING), ("inference", INFERENCE)):
            paths = {name: Path(text) for name, value in fields.items() if isinstance(value, Path)}
            seen = applied(subject, kind, {}, paths)
            for key in legacy_entries(paths):
                holds_value(evidence, seen, key, text, f"a {kind} configuration whose paths are {text!r}")


@check("CFG-011")
def test_nothing_leaks_into_another_dictionary(subject: Subject, evidence: Evidence) -> None:
    bare = {kind: dict(applied(subject, kind)) for kind in ("training", "inference")}
    applied(subject, "training", MODEL, TRAINING, {"offset": 1, "only_here": 2})
    applied(subject, "inference", MODEL, {"output_dir": Path("out/elsewhere"), "n_groups": 3})
    for kind, known in reversed(bare.items()):
        seen = dict(applied(subject, kind))
        leaked = [key for key in {**known, **seen} if repr(known.get(key)) != repr(seen.get(key))]
        evidence.holds(not leaked, f"{', '.join(leaked)} of an empty {kind} configuration is another after others.")
    for before in ({}, {"offset": 6}, {"N": 999, "batch_size": 4}):
        seen = applied(subject, "training", {}, {}, before)
        for key, default in {**MODEL_DEFAULTS, **TRAINING_DEFAULTS}.items():
            if key not in before:
                holds_value(evidence, seen, key, default, f"an empty configuration over {before}, after others")
        leaked = sorted({"only_here", "train_data_file_path", "test_data_file_path"} & set(seen))
        evidence.holds(not leaked, f"{', '.join(leaked)} leak from an earlier call.")


@check("CFG-018", needs=["bridge"])
def test_settings_of_inference_and_zeros_are_carried(subject: Subject, evidence: Evidence) -> None:
    data = {"N": 38, "probe_scale": 2.5, "subsample_seed": 0, "K": 9, "grid_size": (1, 1)}
    seen = bridged(subject, "training", data=data)
    expected: dict[str, Any] = {"N": 38, "probe_scale": 2.5, "subsample_seed": 0, "neighbor_count": 9, "gridsize": 1}
    for name, value in expected.items():
        is_value(evidence, seen, name, value, f"the torch settings {data} of training")
    seen = bridged(subject, "inference", data=data)
    for name in ("N", "probe_scale", "neighbor_count", "gridsize"):
        is_value(evidence, seen, name, expected[name], f"the torch settings {data} of inference")


@check("CFG-005")
def test_numbers_are_kept_to_the_last_digit(subject: Subject, evidence: Evidence) -> None:
    model = {"N": 1024, "gridsize": 9, "probe_scale": 0.1, "gaussian_smoothing_sigma": 1e-9, "n_filters_scale": 16}
    model |= {"probe_mask_diameter": 2 / 3, "probe_mask_sigma": 1e-3}
    common = {"n_groups": 2_500_000, "neighbor_count": 1000, "n_subsample": 2_500_001}
    training = {"nphotons": 123456789.5, "batch_size": 2**14, "nepochs": 100_000, "mae_weight": 1 / 3}
    training |= {"neighbor_pool_size": 4096, "subsample_seed": 2**32 - 1}
    for kind, fields in (
        ("training", common | training),
        ("inference", common | {"model_path": Path("m.zip"), "test_data_file": Path("t.npz")}),
    ):
        seen = applied(subject, kind, model, fields)
        for name, value in {**model, **fields}.items():
            if not isinstance(value, Path):
                holds_value(evidence, seen, name, value, f"a {kind} configuration with {name} = {value!r}")
