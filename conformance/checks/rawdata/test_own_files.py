"""Checks of scans in memory (RAW): what is written in a format of the backend's own is read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.fitting import completed
from conformance.backends.fresh_process import FreshProcess
from conformance.backends.subject import Subject
from conformance.checks.rawdata.held_arrays import held_by, plain, standing_in
from conformance.contract.arrays import axes_of
from conformance.contract.types import Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy, dtype_name
from conformance.scans.domain import Property, takes
from conformance.scans.drawn import specimens
from conformance.scans.specimens import Recipe, Specimen, make_specimen

Held = Mapping[str, Any]
PAIR = ("write", "read")
_READ = """
import numpy as np
from pathlib import Path
from conformance.evidence.tensors import as_numpy
held = adapter.arrays(adapter.read(Path(arguments[0])))
np.savez(arguments[1], **{name: as_numpy(one) for name, one in held.items() if one is not None and name != "_metadata"})
print("true")
"""


@check("RAW-015", needs=PAIR)
def test_what_is_written_is_read_again(subject: Subject, evidence: Evidence) -> None:
    _returns(subject, evidence, plain(), "a scan that was written and read")


@check("RAW-015", needs=PAIR, given={"drawn": specimens()})
def test_any_scan_that_is_written_is_read_again(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    _returns(subject, evidence, dict(drawn.arrays), "a scan that was written and read")


@check("RAW-015", needs=PAIR)
def test_what_is_absent_is_not_read(subject: Subject, evidence: Evidence) -> None:
    for absent in (("objectGuess", "Y"), ("Y",)):
        if "objectGuess" in absent and not takes(Property.NO_OBJECT):
            continue
        given = {name: values for name, values in plain().items() if name not in absent}
        _returns(subject, evidence, given, f"a scan without {' and '.join(absent)} that was written and read")


@check("RAW-015", needs=PAIR)
def test_scans_lie_beside_each_other_and_one_replaces_another(subject: Subject, evidence: Evidence) -> None:
    """Names of which one begins as the other, a scan that is longer and one that is shorter."""
    folder = subject.fresh_folder()
    long, short, third = (_scan(M, seed) for M, seed in ((19, 3), (12, 5), (14, 7)))
    for name, arrays in (("scan", long), ("scan_2", short), ("other", third)):
        subject.adapter.write(subject.adapter.assemble(dict(arrays)), folder / name)
    for name, arrays in (("scan", long), ("other", third), ("scan_2", short), ("scan", long)):
        _same(evidence, _read(subject, folder / name), _expected(subject, arrays), f"the scan that is called {name}")
    subject.adapter.write(subject.adapter.assemble(dict(short)), folder / "scan")
    _same(evidence, _read(subject, folder / "scan"), _expected(subject, short), "a scan written over a longer one")
    _same(evidence, _read(subject, folder / "other"), _expected(subject, third), "a scan beside one written anew")


@check("RAW-015", needs=PAIR)
def test_another_process_reads_what_was_written(subject: Subject, evidence: Evidence) -> None:
    folder, given = subject.fresh_folder(), plain()
    subject.adapter.write(subject.adapter.assemble(dict(given)), folder / "scan")
    read = subject.fresh_folder() / "read.npz"
    running = FreshProcess(subject, _READ, [str(folder / "scan"), str(read)])
    evidence.accepted(running.result, "Reading in a fresh process what was written in this one")
    with np.load(read, allow_pickle=False) as archive:
        held = completed("arrays", {name: archive[name] for name in archive.files}, ())
    _same(evidence, held, _expected(subject, given), "a scan that another process has read")


@check("RAW-016", needs=PAIR)
def test_what_was_never_written_is_not_read(subject: Subject, evidence: Evidence) -> None:
    folder = subject.fresh_folder()
    subject.adapter.write(subject.adapter.assemble(_scan(14, 3)), folder / "scan")
    for place in (folder / "nothing", folder / "sca", folder / "scan_2", subject.fresh_folder() / "scan"):
        evidence.refused(
            lambda place=place: subject.adapter.arrays(subject.adapter.read(place)),  # type: ignore[misc]
            f"the name {place.name!r}, under which nothing was written,",
            beside=lambda: subject.adapter.read(folder / "scan"),
        )


def _scan(M: int, seed: int) -> Arrays:
    return dict(make_specimen(Recipe(M=M, N=8, seed=seed)).arrays)


def _read(subject: Subject, path: Path) -> Held:
    return dict(subject.adapter.arrays(subject.adapter.read(path)))


def _expected(subject: Subject, arrays: Arrays) -> Held:
    """What a scan of these arrays holds in memory, of which other clauses speak."""
    return {name: values for name, values in held_by(subject, arrays).items() if name != "_metadata"}


def _returns(subject: Subject, evidence: Evidence, given: Arrays, what: str) -> None:
    scan, path = subject.adapter.assemble(dict(given)), subject.fresh_folder() / "scan"
    expected = {name: None if one is None else as_numpy(one).copy() for name, one in _held(subject, scan).items()}
    subject.adapter.write(scan, path)
    held = evidence.accepted(lambda: _read(subject, path), "What the backend has written itself")
    _same(evidence, held, expected, what)
    _same(evidence, _held(subject, scan), expected, f"{what}, in memory after it was written,")


def _held(subject: Subject, scan: object) -> Held:
    return {name: values for name, values in subject.adapter.arrays(scan).items() if name != "_metadata"}


def _same(evidence: Evidence, held: Held, expected: Held, what: str) -> None:
    evidence.present(held, *(name for name, values in expected.items() if values is not None))
    for name, values in expected.items():
        if values is None:
            evidence.holds(held.get(name) is None, f"{what} holds {name}, which it did not hold before.")
            continue
        evidence.layout(held[name], f"{name} of {what}", shape=np.shape(values), dtype=dtype_name(values))
        evidence.close(
            held[name],
            as_numpy(values),
            f"{name} of {what}",
            rtol=1e-6,
            atol=0,
            axes=axes_of(name, np.ndim(values)),
            suspects=lambda name=name: standing_in(name, expected),  # type: ignore[misc]
        )
