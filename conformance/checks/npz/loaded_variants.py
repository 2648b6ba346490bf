"""Every variant of a scan file, loaded once a subject, and what its arrays must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.held_arrays import standing_in
from conformance.contract.arrays import axes_of
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import kept_inside, taken
from conformance.scans.file_variants import Variant, paired, variants
from conformance.scans.seed import seed_of_run


@kept_inside(4)
def loaded(subject: Subject) -> tuple[tuple[Variant, Mapping[str, Any] | Exception], ...]:
    """Every variant, with the arrays that the adapter holds after reading it, or the error in which it ended."""
    every = (*variants(), *paired(seed_of_run()))
    return tuple((variant, _read(subject, variant)) for variant in every if taken(variant.members))


def _read(subject: Subject, variant: Variant) -> Mapping[str, Any] | Exception:
    path = subject.fresh_folder() / "night.4.npz"
    (np.savez_compressed if variant.compressed else np.savez)(path, **variant.members)
    subject.keep_in_mind(variant.members)
    try:
        held: Mapping[str, Any] = subject.adapter.arrays(subject.adapter.load(path))
    except Exception as error:  # noqa: BLE001 - the checks judge it, each under its own clause
        return error
    return held


def members_are(subject: Subject, evidence: Evidence, *names: str) -> None:
    """Compare the named arrays of every variant that loads."""
    for variant, held in loaded(subject):
        if isinstance(held, ImportError):
            raise held
        if isinstance(held, Exception):
            continue
        for name in names:
            expected, what = variant.expected[name], f"{name} of {variant.what}"
            if expected is None:
                evidence.holds(held.get(name) is None, f"{what} is there, and the file has none.")
                continue
            evidence.present(held, name)
            evidence.holds(held[name] is not None, f"{what} is None.")
            seen = as_numpy(held[name])
            axes = axes_of(name, np.ndim(expected))
            suspects = standing_in(name, variant.expected)
            evidence.equal(seen, expected, what, axes=axes, suspects=suspects)


def refused(subject: Subject) -> Iterator[tuple[str, Exception]]:
    """Sound files that the adapter did not take."""
    for variant, held in loaded(subject):
        if isinstance(held, Exception) and not isinstance(held, ImportError):
            yield variant.what, held
