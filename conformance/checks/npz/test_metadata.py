"""Checks of scan files (NPZ): metadata and declared units."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import frames_are, load, plain
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy

DIRECTIVES: Mapping[str, Any] = {
    **dict.fromkeys(
        ("transpose", "transposed", "swap_xy", "flip_x", "flip_y", "conjugate", "fftshift", "invert"), True
    ),
    **dict.fromkeys(("intensity", "is_intensity", "squared", "sqrt", "log", "normalized", "masked", "complex"), True),
    **dict.fromkeys(("center", "origin", "offset", "shift", "roi", "crop", "padding", "orientation"), (1, 2)),
    **dict.fromkeys(("rotation", "rotate", "binning", "rebin", "upsample", "threshold", "gain", "scale"), 2),
    **dict.fromkeys(("background", "dark", "saturation", "exposure", "dose", "first_frame", "skip", "stride"), 3),
    **dict.fromkeys(("exclude", "bad_frames", "order", "selection", "scan_order", "frame_order"), (3, 1, 2)),
    **dict.fromkeys(("x_sign", "y_sign", "direction", "sign"), -1),
    **{"axis_order": "yx", "axes": "yx", "quantity": "intensity", "domain": "count_intensity", "layout": "legacy"},
    **{"units": "m", "position_units": "um", "dtype": "uint8", "fft_order": "corner", "refers_to": "corner"},
}
"""What programs write of a scan, and other programs might do with it."""
UNITS = {"pixel_size": 5e-8, "position_units": "m", "rotation": 90, "flip": "ud", "mask": [3, 4], "binning": 2}


@check("NPZ-030")
def test_metadata_never_disturbs_the_data(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    text = np.array('{"nphotons": 1e9, "N": 128, "gridsize": 7}')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        held = load(subject, evidence, arrays | {"_metadata": text}, "JSON text")
    frames_are(evidence, held, arrays["diff3d"], "frames")
    evidence.holds(not caught, f"A _metadata of JSON text is warned about: {[str(one.message) for one in caught][:1]}")
    path = subject.fresh_folder() / "scan.npz"
    np.savez(path, **arrays, _metadata=np.array('{"nphotons": 1e9}', dtype=object))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        held = evidence.accepted(
            lambda: subject.adapter.arrays(subject.adapter.load(path)), "a file with an object-dtype _metadata"
        )
    frames_are(evidence, held, arrays["diff3d"], "the frames beside an object-dtype _metadata")
    evidence.holds(len(caught) > 0, "An object-dtype _metadata was skipped without a warning.")


@check("NPZ-036")
def test_declared_amplitude_is_accepted(subject: Subject, evidence: Evidence) -> None:
    declared = {
        "scale_contract_version": np.array("legacy_v1"),
        "measurement_domain": np.array("normalized_amplitude"),
    }
    arrays = plain()
    frames_are(
        evidence, load(subject, evidence, arrays | declared, "declared amplitude"), arrays["diff3d"], "the frames"
    )


@check("NPZ-030")
def test_metadata_of_any_kind(subject: Subject, evidence: Evidence) -> None:
    """What the text says is provenance: another dose, side or gridsize in it changes nothing."""
    said = json.dumps(
        {"nphotons": 1e5, "N": 16, "physics_parameters": {"nphotons": 3e7, "gridsize": 2}, "scale": 2, **UNITS}
    )
    arrays = plain()
    kinds: Mapping[str, Any] = {
        "JSON text": np.array(said),
        "JSON text in an array of one": np.array([said]),
        "JSON text in bytes": np.array(said.encode()),
        "a list": np.array("[1, 2]"),
        "a number": np.array("3e7"),
        "a text within JSON": np.array('"night 4"'),
        "nothing, as JSON says it": np.array("null"),
        "JSON text of a hundred thousand characters": np.array(json.dumps({"log": "line " * 20_000})),
        "text that is no JSON": np.array("nphotons: 1e5"),
        "an empty text": np.array(""),
    }
    for what, given in kinds.items():
        held = load(subject, evidence, arrays | {"_metadata": given}, f"a scan whose _metadata is {what}")
        frames_are(evidence, held, arrays["diff3d"], f"the frames beside {what}")
        for name in ("xcoords", "ycoords", "probeGuess"):
            evidence.equal(held[name], arrays[name], f"{name} beside {what}")


@check("NPZ-030")
def test_no_word_of_the_metadata_is_an_order(subject: Subject, evidence: Evidence) -> None:
    """One word at a time, for two may undo each other: the arrays are as they stand, whatever is said of them."""
    arrays = plain()
    bare = {name: as_numpy(one) for name, one in _held(subject, arrays).items() if one is not None}
    for word, value in DIRECTIVES.items():
        said = {word: value, "detector": {word: value}}
        what = f"a scan whose _metadata say {json.dumps(said)}"
        path = subject.write(arrays | {"_metadata": np.array(json.dumps(said))})
        held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
        for name, values in bare.items():
            evidence.equal(held[name], values, f"{name} of {what}", axes=axes_of(name, values.ndim))


def _held(subject: Subject, arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    held: Mapping[str, Any] = subject.adapter.arrays(subject.adapter.load(subject.write(arrays)))
    return held
