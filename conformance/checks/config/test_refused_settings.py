"""Checks of the configuration (CFG): which settings are refused, and which just not."""

from __future__ import annotations

import warnings
from typing import Any

from conformance.adapter import ConfigureRequest
from conformance.backends.subject import Subject
from conformance.checks.config.settings import MODEL, REQUIRED, TRAINING_DEFAULTS, applied, holds_value, refuse_settings
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence

NAN = float("nan")


@check("CFG-012")
def test_unknown_fields_are_refused(subject: Subject, evidence: Evidence) -> None:
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for kind in ("training", "inference"):
        cases += [(kind, {}, {"neighbour_count": 7}), (kind, {"grid_size": 2}, {}), (kind, {"n": 64}, {})]
        # A name that nobody knows is one also where it stands for nothing, or only its case is another.
        cases += [(kind, {}, {"neighbour_count": None}), (kind, {"Gridsize": 2}, {}), (kind, {"mask": False}, {})]
    # Fields of the one section are unknown in the other, whatever else is known there.
    for kind in ("training", "inference"):
        cases += [(kind, {}, {name: value}) for name, value in MODEL.items()]
        cases += [(kind, {"backend": "tensorflow"}, {}), (kind, {"neighbor_count": 4}, {}), (kind, {"n_groups": 9}, {})]
    refuse_settings(subject, evidence, [*cases, ("inference", {}, {"nepochs": 3}), ("training", {}, {"debug": True})])


@check("CFG-013")
def test_sizes_out_of_range_are_refused(subject: Subject, evidence: Evidence) -> None:
    values = [
        *(("N", bad) for bad in (0, -8, 6, 7, 9, 63)),
        *(("gridsize", bad) for bad in (0, -1)),
        *(("n_filters_scale", bad) for bad in (0, -2)),
        *(("probe_scale", bad) for bad in (0.0, -1.0)),
        *(("gaussian_smoothing_sigma", bad) for bad in (-0.5, -1e-300)),
    ]
    refuse_settings(subject, evidence, ((kind, {k: v}, {}) for k, v in values for kind in ("training", "inference")))


@check("CFG-013", "CFG-014")
def test_the_outermost_numbers_are_accepted(subject: Subject, evidence: Evidence) -> None:
    """The last values on the right side of every bound, and just beside bounds that are open."""
    model = {"N": 8, "gridsize": 1, "n_filters_scale": 1, "probe_scale": 0.01, "gaussian_smoothing_sigma": 0.0}
    ones = {"nepochs": 1, "mae_weight": 1.0, "nll_weight": 1.0, "nphotons": 0.5, "batch_size": 1}
    # Even is enough: a multiple of four, or a power of two, is not asked for.
    for name, value in (*model.items(), ("N", 10), ("N", 126)):
        seen = evidence.accepted(lambda: applied(subject, model={name: value}), f"{name} {value}")
        holds_value(evidence, seen, name, value, f"{name} {value}")
    for name, value in (*ones.items(), ("mae_weight", 0.0), ("nll_weight", 0.0)):
        seen = evidence.accepted(lambda: applied(subject, fields={name: value}), f"{name} {value}")
        holds_value(evidence, seen, name, value, f"{name} {value}")


@check("CFG-014")
def test_training_numbers_out_of_range_are_refused(subject: Subject, evidence: Evidence) -> None:
    values = [
        # A logarithm in floating numbers takes what lies beside a large power for one.
        *(("batch_size", bad) for bad in (0, -4, 3, 12, 48, 4097, 2**31 - 1, 2**49 + 1, 2**60 - 1)),
        *(("nepochs", bad) for bad in (0, -1)),
        *((name, bad) for name in ("mae_weight", "nll_weight") for bad in (-0.1, 1.1, -1e-300, 1 + 2**-52)),
        *(("nphotons", bad) for bad in (0.0, -1e5)),
    ]
    refuse_settings(subject, evidence, (("training", {}, {name: value}) for name, value in values))
    for size in (1, 2, 64, 2**20, 2**53):
        seen = evidence.accepted(lambda: applied(subject, fields={"batch_size": size}), f"batch_size {size}")
        holds_value(evidence, seen, "batch_size", size, f"batch_size {size}")


@check("CFG-015")
def test_unknown_names_are_refused(subject: Subject, evidence: Evidence) -> None:
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for kind in ("training", "inference"):
        cases += [(kind, {"architecture": name}, {}) for name in ("unet", "CNN", "cnn ", "hybrid_resnet", "")]
        cases += [(kind, {"model_type": name}, {}) for name in ("unsupervised", "PINN")]
        cases += [(kind, {"amp_activation": name}, {}) for name in ("silu", "tanh", "Sigmoid")]
        cases += [(kind, {}, {"backend": name}) for name in ("torch", "TensorFlow", "jax")]
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
        # A number that is given wins also where it is that of the default.
        for given in (70, TRAINING_DEFAULTS["n_groups"]):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                seen = applied(subject, kind, {}, {"n_images": 2000, "n_groups": given})
            holds_value(evidence, seen, "n_groups", given, f"n_images = 2000 beside n_groups = {given}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        applied(subject, "training", {}, {"n_groups": 70})
    deprecated = [str(one.message) for one in caught if issubclass(one.category, DeprecationWarning)]
    evidence.holds(not deprecated, f"A configuration without n_images warns of it: {deprecated}")


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
            evidence.worded(missing in str(error), f"The refusal of {what} does not name it: {error}")


@check("CFG-013")
def test_a_probe_scale_that_is_no_number_is_refused(subject: Subject, evidence: Evidence) -> None:
    refuse_settings(subject, evidence, ((kind, {"probe_scale": NAN}, {}) for kind in ("training", "inference")))


@check("CFG-014")
def test_training_numbers_that_are_no_numbers_are_refused(subject: Subject, evidence: Evidence) -> None:
    names = ("nphotons", "mae_weight", "nll_weight")
    refuse_settings(subject, evidence, (("training", {}, {name: NAN}) for name in names))
