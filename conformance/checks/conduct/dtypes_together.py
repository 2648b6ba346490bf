"""Calls whose arguments come in every floating dtype, each beside each of the others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.conduct.sound_calls import REQUEST, Call, Inputs, calls
from conformance.checks.conduct.values_of_arguments import PLACES, dtypes_of, in_dtype
from conformance.contract.types import Array
from conformance.scans.domain import side, taken
from conformance.scans.transformed import random_scan

OF_ARRAYS = ("measure", "patches", "transform", "translate", "reassemble", "simulate", "noisy")
OF_GROUPS = ("container", "split_groups")
_PER_ROW = ("positions", "patches", "groups", "amplitude")


def in_every_dtype(subject: Subject) -> Iterator[tuple[Call, Inputs]]:
    """Calls and fresh arguments: of several rows and of one, in all dtypes; of groups, many large ones."""
    for call in calls(subject):
        if call.method in OF_GROUPS:
            given = _large_and_real(subject)
            if given:
                yield call, given
        elif call.method in OF_ARRAYS:
            names = tuple(call.inputs())
            for dtypes, rows in itertools.product(itertools.product(*map(_floating, names)), (None, 1)):
                given = call.inputs()
                yield (
                    call,
                    {
                        name: _cast(name, given[name][: rows if name in _PER_ROW else None], dtype)
                        for name, dtype in zip(names, dtypes, strict=True)
                    },
                )


def _floating(name: str) -> list[str]:
    return [one for one in dtypes_of(name) if np.dtype(one).kind in "fc" and one != "f2"]


def _cast(name: str, values: Array, dtype: str) -> Array:
    # Between pixels, where a place that is whole may be left as it is.
    return values.astype(dtype) if name in PLACES else np.array(in_dtype(name, values, dtype))


def _large_and_real(subject: Subject) -> Inputs:
    N = side(48)
    scan = random_scan(57, 70, N)
    scan |= {name: (scan[name].real + 0j).astype(np.complex64) for name in ("objectGuess", "probeGuess")}
    if not taken(scan):
        return {}
    grouped = subject.adapter.group(subject.scan(scan), replace(REQUEST, N=N, nsamples=70))
    return {"grouped": dict(grouped), "probe": scan["probeGuess"]}
