"""Checks of the configuration and the legacy dictionary (CFG)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.adapter import ConfigureRequest
from conformance.backends.subject import Subject
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence

REQUIRED = {"model_path": Path("models/night-4"), "test_data_file": Path("data/night-4.npz")}
MODEL_DEFAULTS = {
    "N": 64,
    "gridsize": 1,
    "n_filters_scale": 2,
    "model_type": "pinn",
    "architecture": "cnn",
    "amp_activation": "sigmoid",
    "object.big": True,
    "probe.big": True,
    "probe.mask": False,
    "probe_mask_sigma": 1.0,
    "pad_object": True,
    "probe_scale": 4.0,
    "gaussian_smoothing_sigma": 0.0,
}
TRAINING_DEFAULTS = {
    "batch_size": 16,
    "nepochs": 50,
    "mae_weight": 0.0,
    "nll_weight": 1.0,
    "realspace_mae_weight": 0.0,
    "realspace_weight": 0.0,
    "nphotons": 1e9,
    "neighbor_count": 4,
    "n_groups": 512,
    "positions.provided": True,
    "probe.trainable": False,
    "intensity_scale.trainable": True,
    "output_prefix": "training_outputs",
    "sequential_sampling": False,
    "enable_oversampling": False,
    "backend": "tensorflow",
}
INFERENCE_DEFAULTS = {
    "neighbor_count": 4,
    "debug": False,
    "enable_oversampling": False,
    "output_prefix": "inference_outputs",
    "backend": "tensorflow",
}
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
# No value here is a default, so that one that is not carried over shows.
MODEL = {
    "N": 38,
    "gridsize": 3,
    "n_filters_scale": 5,
    "model_type": "supervised",
    "architecture": "ffno",
    "amp_activation": "softplus",
    "object_big": False,
    "probe_big": False,
    "probe_mask": True,
    "probe_mask_sigma": 1.5,
    "pad_object": False,
    "probe_scale": 2.5,
    "gaussian_smoothing_sigma": 0.75,
}
TRAINING = {
    "train_data_file": Path("data/first.npz"),
    "test_data_file": Path("data/second.npz"),
    "batch_size": 32,
    "nepochs": 7,
    "mae_weight": 0.25,
    "nll_weight": 0.75,
    "realspace_mae_weight": 0.125,
    "realspace_weight": 0.0625,
    "nphotons": 3e6,
    "n_groups": 77,
    "neighbor_count": 9,
    "positions_provided": False,
    "probe_trainable": True,
    "intensity_scale_trainable": False,
    "output_dir": Path("out/night-4"),
    "sequential_sampling": True,
    "enable_oversampling": True,
    "neighbor_pool_size": 11,
    "backend": "pytorch",
}
INFERENCE = {
    "model_path": Path("models/night-4"),
    "test_data_file": Path("data/second.npz"),
    "n_groups": 33,
    "neighbor_count": 8,
    "debug": True,
    "output_dir": Path("out/inferred"),
    "backend": "pytorch",
}


def applied(
    subject: Subject,
    kind: str = "training",
    model: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    existing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Legacy dictionary after a configuration; an inference gets the fields it cannot do without."""
    given = dict(fields or {})
    if kind == "inference":
        given = REQUIRED | given
    request = ConfigureRequest("inference" if kind == "inference" else "training", model or {}, given, existing or {})
    return dict(subject.adapter.configure(request))


def holds_value(evidence: Evidence, seen: Mapping[str, Any], key: str, value: Any, after: str) -> None:
    """Require a key of the legacy dictionary with a value of the same kind."""
    evidence.holds(key in seen, f"The legacy dictionary lacks {key!r} after {after}.")
    same = seen[key] == value and isinstance(seen[key], bool) == isinstance(value, bool)
    evidence.holds(same, f"{key!r} is {seen[key]!r} after {after}; the contract says {value!r}.")


def legacy_entries(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields under their legacy names, paths as text."""
    return {RENAMED.get(name, name): str(v) if isinstance(v, Path) else v for name, v in given.items()}


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
    model = MODEL | {"probe_mask_diameter": 24.0}
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


def refuse_settings(
    subject: Subject, evidence: Evidence, cases: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    """Require that each ``(kind, model, fields)`` is refused, beside one that is accepted."""
    for kind, model, fields in cases:
        error = evidence.refused(
            lambda: applied(subject, kind, model, fields),
            f"{ {**model, **fields} }",
            beside=lambda: applied(subject, kind, {"N": 24, "gridsize": 2}, {"n_groups": 5}),
        )
        name = next(iter({**model, **fields}))
        evidence.holds(name in str(error), f"The refusal of {name} does not name it: {error}")


@check("CFG-012")
def test_unknown_fields_are_refused(subject: Subject, evidence: Evidence) -> None:
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for kind in ("training", "inference"):
        cases += [(kind, {}, {"neighbour_count": 7}), (kind, {"grid_size": 2}, {}), (kind, {"n": 64}, {})]
    refuse_settings(subject, evidence, [*cases, ("inference", {}, {"nepochs": 3}), ("training", {}, {"debug": True})])


@check("CFG-013")
def test_sizes_out_of_range_are_refused(subject: Subject, evidence: Evidence) -> None:
    values = [
        *(("N", bad) for bad in (0, -8, 6, 7, 9, 63)),
        *(("gridsize", bad) for bad in (0, -1)),
        *(("n_filters_scale", bad) for bad in (0, -2)),
        *(("probe_scale", bad) for bad in (0.0, -1.0)),
        ("gaussian_smoothing_sigma", -0.5),
    ]
    refuse_settings(subject, evidence, ((kind, {k: v}, {}) for k, v in values for kind in ("training", "inference")))


@check("CFG-013", "CFG-014")
def test_the_outermost_numbers_are_accepted(subject: Subject, evidence: Evidence) -> None:
    """The last values on the right side of every bound, and just beside bounds that are open."""
    model = {"N": 8, "gridsize": 1, "n_filters_scale": 1, "probe_scale": 0.01, "gaussian_smoothing_sigma": 0.0}
    ones = {"nepochs": 1, "mae_weight": 1.0, "nll_weight": 1.0, "nphotons": 0.5, "batch_size": 1}
    for name, value in model.items():
        seen = evidence.accepted(lambda: applied(subject, model={name: value}), f"{name} {value}")
        holds_value(evidence, seen, name, value, f"{name} {value}")
    for name, value in (*ones.items(), ("mae_weight", 0.0), ("nll_weight", 0.0)):
        seen = evidence.accepted(lambda: applied(subject, fields={name: value}), f"{name} {value}")
        holds_value(evidence, seen, name, value, f"{name} {value}")


@check("CFG-014")
def test_training_numbers_out_of_range_are_refused(subject: Subject, evidence: Evidence) -> None:
    values = [
        *(("batch_size", bad) for bad in (0, -4, 3, 12, 48)),
        *(("nepochs", bad) for bad in (0, -1)),
        *((name, bad) for name in ("mae_weight", "nll_weight") for bad in (-0.1, 1.1)),
        *(("nphotons", bad) for bad in (0.0, -1e5)),
    ]
    refuse_settings(subject, evidence, (("training", {}, {name: value}) for name, value in values))
    for size in (1, 2, 64):
        seen = evidence.accepted(lambda: applied(subject, fields={"batch_size": size}), f"batch_size {size}")
        holds_value(evidence, seen, "batch_size", size, f"batch_size {size}")


@check("CFG-015")
def test_unknown_names_are_refused(subject: Subject, evidence: Evidence) -> None:
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for kind in ("training", "inference"):
        cases += [(kind, {"architecture": name}, {}) for name in ("unet", "CNN", "hybrid_resnet", "")]
        cases += [(kind, {"model_type": name}, {}) for name in ("unsupervised", "PINN")]
        cases += [(kind, {"amp_activation": name}, {}) for name in ("silu", "tanh", "Sigmoid")]
        cases += [(kind, {}, {"backend": name}) for name in ("torch", "jax")]
    refuse_settings(subject, evidence, cases)
    for name in ("cnn", "ffno", "fno", "fno_vanilla", "neuralop_uno"):
        seen = evidence.accepted(lambda: applied(subject, model={"architecture": name}), f"architecture {name}")
        holds_value(evidence, seen, "architecture", name, f"architecture {name!r}")
    for name in ("sigmoid", "swish", "softplus", "relu"):
        seen = evidence.accepted(lambda: applied(subject, model={"amp_activation": name}), f"activation {name}")
        holds_value(evidence, seen, "amp_activation", name, f"activation {name!r}")


@check("CFG-016")
def test_n_images_is_an_alias(subject: Subject, evidence: Evidence) -> None:
    for kind in ("training", "inference"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            seen = applied(subject, kind, {}, {"n_images": 2000})
        holds_value(evidence, seen, "n_groups", 2000, "n_images = 2000")
        told = any(issubclass(one.category, DeprecationWarning) for one in caught)
        evidence.holds(told, f"n_images was used in a {kind} configuration without a DeprecationWarning.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen = applied(subject, kind, {}, {"n_images": 2000, "n_groups": 70})
        holds_value(evidence, seen, "n_groups", 70, "n_images = 2000 beside n_groups = 70")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        applied(subject, "training", {}, {"n_groups": 70})
    deprecated = [str(one.message) for one in caught if issubclass(one.category, DeprecationWarning)]
    evidence.holds(not deprecated, f"A configuration without n_images warns of it: {deprecated}")


@check("CFG-017")
def test_execution_settings_stay_out(subject: Subject, evidence: Evidence) -> None:
    for kind, fields in (("training", TRAINING), ("inference", INFERENCE)):
        seen = applied(subject, kind, MODEL, fields)
        holds_value(evidence, seen, "N", MODEL["N"], f"a {kind} configuration")
        for name in ("accelerator", "devices", "num_workers", "precision", "learning_rate"):
            evidence.holds(
                name not in seen, f"The legacy dictionary holds the execution setting {name} = {seen.get(name)!r}."
            )


@check("CFG-025")
def test_inference_names_its_model_and_its_data(subject: Subject, evidence: Evidence) -> None:
    for missing in REQUIRED:
        for given in ({}, {missing: None}):
            fields = {name: path for name, path in REQUIRED.items() if name != missing} | given
            what = f"an inference configuration {'whose ' + missing + ' is None' if given else 'without ' + missing}"
            error = evidence.refused(
                lambda: subject.adapter.configure(ConfigureRequest("inference", fields=fields)),
                what,
                beside=lambda: applied(subject, "inference"),
            )
            evidence.holds(missing in str(error), f"The refusal of {what} does not name it: {error}")
