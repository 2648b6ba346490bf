"""Checks of the container (CON): tensors of a framework hold the arrays, and none is loaded without need."""

from __future__ import annotations

from conformance.backends.fresh_process import finish, start
from conformance.backends.subject import Subject
from conformance.checks.container.contents import NEEDED, PER_GROUP, contained
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy, framework
from conformance.scans.specimens import Recipe, make_specimen, requests_for


def tensors_hold(subject: Subject, evidence: Evidence, name: str) -> None:
    """Require the tensors of a framework to hold the container's arrays."""
    for truth, modes in (("object", 2), ("none", 1)):
        specimen = make_specimen(Recipe(M=18, N=8, modes=modes, truth=truth, seed=95))  # type: ignore[arg-type]
        for request in requests_for(specimen):
            grouped, arrays = contained(subject, specimen, request)
            tensors = subject.adapter.tensors(grouped, specimen.arrays["probeGuess"])
            names = [one for one in (*PER_GROUP, "probe") if one in arrays]
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
grouped = adapter.group(scan, GroupRequest(N=np.load(path)["diff3d"].shape[-1], gridsize=2, K=5, nsamples=6, seed=1))
container = adapter.container(grouped, np.load(path)["probeGuess"])
loaded = sorted({name for name in frameworks if name in sys.modules} - before)
print(json.dumps([loaded, len(container["X"])]))
"""


@check("CON-016", needs=NEEDED)
def test_a_container_loads_no_framework(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(make_specimen(Recipe(M=18, N=8, seed=94)).arrays)
    loaded, rows = evidence.accepted(
        lambda: finish(start(subject, _BUILD, [str(path)])), "Building a container in a fresh process"
    )
    evidence.holds(rows == 6, f"The container of six groups has an X with {rows} rows.")
    evidence.holds(not loaded, f"Building a container and asking for its arrays loaded {', '.join(loaded)}.")
