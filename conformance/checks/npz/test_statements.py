"""Checks of loading (NPZ): as many modes of a probe as the adapter states."""

from __future__ import annotations

from functools import partial

import numpy as np

from conformance.backends.discovery import stated
from conformance.backends.subject import Subject
from conformance.checks.npz.loading import load, plain
from conformance.contract.capabilities import MODES
from conformance.contract.stages import Stage
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, takes


@check("NPZ-049")
def test_as_many_modes_are_read_as_stated(subject: Subject, evidence: Evidence) -> None:
    value, single = stated(subject.selected.adapter, MODES.name, Stage.NPZ), plain()
    probe = np.asarray(single["probeGuess"])
    for dtype in ("complex64", "complex128")[: 2 if takes(Property.DOUBLE_COMPLEX) else 1]:
        held = load(subject, evidence, plain(probeGuess=probe.astype(dtype)), f"a probe (N, N) in {dtype}")
        evidence.layout(held["probeGuess"], "probeGuess", shape=probe.shape, dtype="complex64")
        evidence.equal(held["probeGuess"], probe, "the probe", axes=("row", "column"))
    sound = subject.write(single)
    for count in (2, 3, 8):
        modes = np.stack([np.roll(probe, number, 0) * np.complex64(0.5**number) for number in range(count)])
        what = f"a file whose probe has {count} modes"
        if value == "one":
            path = subject.write({**single, "probeGuess": modes})
            said, beside = f"{what}, of which modes = one is stated,", partial(subject.adapter.load, sound)
            evidence.refused(partial(subject.adapter.load, path), said, beside=beside)
            continue
        held = load(subject, evidence, plain(probeGuess=modes), what)
        evidence.equal(held["probeGuess"], modes, f"the probe of {what}", axes=("mode", "row", "column"))
