"""What the suite remembers of an adapter is proof against specimens of one name and adapters that write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject, offered
from conformance.contract.stages import Stage
from conformance.scans.unusual import islands
from ptycho_ref.adapter import RefAdapter

REQUEST = GroupRequest(N=8, gridsize=2, K=5, nsamples=6, seed=1)


class Writes(RefAdapter):
    """Writes into every result that it gave before, and into every scan that it groups."""

    def __init__(self) -> None:
        self.given: list[Mapping[str, Any]] = []

    def group(self, scan: Any, request: GroupRequest) -> Mapping[str, Any]:
        for earlier in self.given:
            earlier["coords_nn"][...] = -1
        result = super().group(scan, request)
        self.given.append(result)
        object.__setattr__(scan, "xcoords", scan.xcoords + 1000)
        return result


def subject_of(adapter: Any, folder: Path) -> Subject:
    return Subject(Selected("judged", adapter, frozenset(Stage)), folder)


def test_specimens_of_one_name_are_different_scans(tmp_path: Path) -> None:
    subject = subject_of(RefAdapter(), tmp_path)
    for seed in (75, 76):
        specimen = islands(4, 10, seed)
        held = subject.adapter.arrays(subject.scan_of(specimen))
        np.testing.assert_array_equal(held["xcoords"], specimen.arrays["xcoords"])


def test_results_are_kept_as_they_were(tmp_path: Path) -> None:
    subject, specimen = subject_of(Writes(), tmp_path), islands(2, 6, 3)
    first = np.array(subject.grouped(specimen, REQUEST)["coords_nn"])
    subject.grouped(islands(2, 6, 4), REQUEST)
    np.testing.assert_array_equal(subject.grouped(specimen, REQUEST)["coords_nn"], first)


def test_a_scan_that_was_changed_is_handed_over_again(tmp_path: Path) -> None:
    subject, specimen = subject_of(Writes(), tmp_path), islands(2, 6, 3)
    scan = subject.scan_of(specimen)
    assert subject.scan_of(specimen) is scan
    subject.adapter.group(scan, REQUEST)
    held = subject.adapter.arrays(subject.scan_of(specimen))
    np.testing.assert_array_equal(held["xcoords"], specimen.arrays["xcoords"])


class Simulates:
    """Measures scans, and claims nothing but physics."""

    def simulate(self, patches: Any, probe: Any) -> Any: ...

    def measure(self, *arguments: Any) -> Any: ...

    def arrays(self, scan: Any) -> Any: ...

    def load(self, path: Path) -> Any: ...


def test_a_scan_that_a_backend_measures_is_read_whatever_else_it_claims() -> None:
    assert offered(Selected("simulates", Simulates(), frozenset({Stage.PHYSICS}))) >= {"simulate", "measure", "arrays"}
