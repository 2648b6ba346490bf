"""What a process draws first without a seed, by an adapter as it was imported, and by one that was imported anew."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.adapter import BatchRequest, SplitRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.sound_calls import REQUEST, scan_arrays
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, takes


def first_draws(subject: Subject) -> dict[str, str]:
    """Draw once by each method that draws, and tell the numbers; what is not offered or breaks is left out.

    Parameters
    ----------
    subject : Subject
    """
    adapter, arrays, found = subject.adapter, scan_arrays(), dict[str, str]()
    positions, light = (arrays["xcoords"], arrays["ycoords"]), (arrays["probeGuess"], arrays["objectGuess"])
    halves = SplitRequest(0.5, "random")
    # As many rows as there are points, so that no order comes twice by chance.
    asked = replace(REQUEST, nsamples=len(positions[0]), sequential_sampling=takes(Property.SEQUENCE))
    shuffled = BatchRequest(asked, batch_size=50, shuffle=True)
    draws: dict[str, Callable[[], Any]] = {
        "group": lambda: adapter.group(subject.scan(arrays), replace(REQUEST, seed=None))["nn_indices"],
        "split": lambda: adapter.arrays(adapter.split(subject.scan(arrays), halves)[0])["xcoords"],
        "measure": lambda: adapter.arrays(adapter.measure(*positions, *light, 1e6, None))["diff3d"],
        "batches": lambda: next(iter(adapter.batches([subject.write(arrays)], shuffled)))["nn_indices"],
    }
    for method in draws.keys() & offered(subject.selected):
        with contextlib.suppress(Exception):
            found[method] = as_numpy(draws[method]()).tobytes().hex()
    return found
