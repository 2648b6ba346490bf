"""Checks of the container (CON): tensors of a framework hold the arrays, and none is loaded without need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance.backends.fresh_process import FreshProcess
from conformance.backends.subject import Subject
from conformance.checks.container.contents import NEEDED, PER_GROUP
from conformance.contract.arrays import MASK, axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy, framework
from conformance.scans.domain import gridsize
from conformance.scans.masks import mask_of
from conformance.scans.specimens import Recipe, make_specimen, requests_for


def tensors_hold(subject: Subject, evidence: Evidence, name: str) -> None:
    """Require the tensors of a framework to hold the container's arrays."""
    for truth, modes in (("object", 2), ("none", 1)):
        specimen = make_specimen(Recipe(M=18, N=8, modes=modes, truth=truth, seed=95))  # type: ignore[arg-type]
        probe = specimen.arrays["probeGuess"]
        for request in requests_for(specimen):
            grouped = subject.grouped(specimen, request)
            for changed in ({}, *of_other_content(grouped)):
                given = {**grouped, **changed}
                arrays = subject.adapter.container(given, probe)
                same_as_tensors(evidence, arrays, subject.adapter.tensors(given, probe), name)


def of_other_content(grouped: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Entries to replace, of which a conversion that looks at values makes something else than the container does."""
    N = grouped["X_full"].shape[1]
    yield {MASK: mask_of(N, 96), "coords_relative": -1e3 * as_numpy(grouped["coords_relative"])}
    if grouped.get("Y") is not None:
        moduli = np.abs(as_numpy(grouped["Y"]))
        # A weak phase, as of most specimens: seen in the imaginary part alone, and there it is small.
        yield {"Y": (moduli * np.exp(1e-3j * moduli)).astype(np.complex64)}


def same_as_tensors(evidence: Evidence, arrays: Mapping[str, Any], tensors: Mapping[str, Any], name: str) -> None:
    """Require tensors of a framework with the layout and the values of arrays.

    Parameters
    ----------
    evidence : Evidence
    arrays, tensors : Mapping
        Of one container, by contract name.
    name : str
        The framework.
    """
    names = [one for one in (*PER_GROUP, "probe", MASK) if arrays.get(one) is not None]
    evidence.present(tensors, *names)
    for one in names:
        kind = framework(tensors[one])
        evidence.holds(kind == name, f"{one} of the tensors is a {kind} object, not one of {name}.")
        expected = as_numpy(arrays[one])
        evidence.layout(tensors[one], f"{one} as a tensor", shape=expected.shape, dtype=expected.dtype.name)
        evidence.equal(tensors[one], expected, f"{one} as a tensor", axes=axes_of(one, expected.ndim))


@check("CON-015", needs=["group", "tensors"], framework="tensorflow")
def test_tensorflow_tensors_hold_the_arrays(subject: Subject, evidence: Evidence) -> None:
    tensors_hold(subject, evidence, "tensorflow")


@check("CON-015", needs=["group", "tensors"], framework="torch")
def test_torch_tensors_hold_the_arrays(subject: Subject, evidence: Evidence) -> None:
    tensors_hold(subject, evidence, "torch")


_BUILD = """
import numpy as np
from pathlib import Path
from conformance.adapter import GroupRequest
frameworks = ("tensorflow", "torch", "jax")
before = {name for name in frameworks if name in sys.modules}
path = Path(arguments[0])
scan = adapter.load(path) if hasattr(adapter, "load") else adapter.assemble(dict(np.load(path)))
N, gridsize = np.load(path)["diff3d"].shape[-1], int(arguments[1])
grouped = adapter.group(scan, GroupRequest(N, gridsize, K=5, nsamples=6, seed=1))
container = adapter.container(grouped, np.load(path)["probeGuess"])
loaded = sorted({name for name in frameworks if name in sys.modules} - before)
print(json.dumps([loaded, len(container["X"])]))
"""


@check("CON-016", needs=NEEDED)
def test_a_container_loads_no_framework(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(make_specimen(Recipe(M=18, N=8, seed=94)).arrays)
    loaded, rows = evidence.accepted(
        FreshProcess(subject, _BUILD, [str(path), str(gridsize(2))]).result,
        "Building a container in a fresh process",
    )
    evidence.holds(rows == 6, f"The container of six groups has an X with {rows} rows.")
    evidence.holds(not loaded, f"Building a container and asking for its arrays loaded {', '.join(loaded)}.")
