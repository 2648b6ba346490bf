"""What must be the same of one scan in two files: its arrays, and its single points once they are grouped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.arrays import axes_of
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy

READ = ["load", "arrays"]
OF_A_POINT = ("diffraction", "X_full", "coords_nn", "coords_offsets", "coords_start_nn", "Y")


def same_points(
    evidence: Evidence,
    seen: Mapping[str, Any],
    expected: Mapping[str, Any],
    what: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require the same arrays of every single point, as close as two results by one rule are."""
    for name in OF_A_POINT:
        values = expected[name]
        atol = 2e-5 * float(np.abs(values).max()) if name in ("X_full", "Y") else 1e-9
        evidence.close(
            seen[name],
            values,
            f"{name} of {what}",
            rtol=0,
            atol=atol,
            axes=axes_of(name, values.ndim),
            suspects=lambda: {**suspects(name), **nominal_for_start(expected, name)},
            either=True,
        )


def nominal_for_start(expected: Mapping[str, Any], name: str) -> Suspects:
    """Start coordinates in which nominal ones stand."""
    if not name.startswith("coords_start"):
        return {}
    start, nominal = expected[name], expected[name.replace("_start", "")]
    x_only, y_only = start.copy(), start.copy()
    x_only[:, :, 0], y_only[:, :, 1] = nominal[:, :, 0], nominal[:, :, 1]
    return {
        "the nominal coordinates stand in for the start coordinates": nominal,
        "the nominal x stands in for the start x": x_only,
        "the nominal y stands in for the start y": y_only,
    }


def held(subject: Subject, evidence: Evidence, path: Path, what: str) -> Mapping[str, Any]:
    """Load a file that the contract accepts, and return what it holds."""
    arrays: Mapping[str, Any] = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
    evidence.present(arrays, "xcoords", "ycoords", "diff3d", "probeGuess")
    evidence.holds(as_numpy(arrays["diff3d"]).ndim == 3, f"{what} holds no stack of frames after loading.")
    return arrays


def same_scan(
    evidence: Evidence,
    seen: Mapping[str, Any],
    expected: Mapping[str, Any],
    what: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require every array of a scan, value by value."""
    evidence.present(expected, "xcoords", "ycoords", "diff3d", "probeGuess")
    for name, values in expected.items():
        if values is None:
            evidence.holds(seen[name] is None, f"{what} has {name}; it had none.")
        else:
            target = as_numpy(values)
            evidence.equal(
                seen[name],
                target,
                f"{name} of {what}",
                axes=axes_of(name, target.ndim),
                suspects=lambda: suspects(name),
                either=True,
            )
