"""The parts of a split scan, and the rows of the whole that they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import SplitRequest
from conformance.backends.subject import Subject
from conformance.contract.types import Arrays
from conformance.evidence.tensors import as_numpy

METHODS: tuple[Literal["ordered", "random", "blocks"], ...] = ("ordered", "random", "blocks")


def parts_of(subject: Subject, arrays: Arrays, request: SplitRequest) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Arrays of the training and of the test part."""
    train, test = subject.adapter.split(subject.scan(arrays), request)
    return subject.adapter.arrays(train), subject.adapter.arrays(test)


def rows_in(part: Mapping[str, Any], arrays: Arrays) -> NDArray[np.int64]:
    """Rows of the scan that the frames of a part are."""
    known = {frame.tobytes(): row for row, frame in enumerate(arrays["diff3d"])}
    frames = as_numpy(part["diff3d"]).astype(np.float32)
    return np.array([known.get(np.ascontiguousarray(frame).tobytes(), -1) for frame in frames], dtype=np.int64)
