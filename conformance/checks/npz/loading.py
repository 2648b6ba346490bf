"""Scan files made from arrays, loaded, and the frames that come back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.scans.domain import Property, side, takes
from conformance.scans.drawn import specimens
from conformance.scans.specimens import Recipe, make_specimen

FRAMES = axes_of("diff3d", 3)
DRAWN = {"drawn": specimens()}


def plain(M: int = 20, N: int = 8, **changes: Any) -> dict[str, Any]:
    """Arrays of a sound scan, with some replaced; None leaves one out."""
    return dict(make_specimen(Recipe(M=M, N=N, seed=100 + M + N)).arrays) | changes


def load(subject: Subject, evidence: Evidence, arrays: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """Load a file that the contract accepts."""
    path = subject.write(arrays)
    held: Mapping[str, Any] = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
    return held


def frames_are(
    evidence: Evidence,
    held: Mapping[str, Any],
    expected: Any,
    what: str,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Compare the loaded stack."""
    evidence.equal(held["diff3d"], np.asarray(expected).astype(np.float32), what, axes=FRAMES, suspects=suspects)


def laid(frames: Array, *, last: bool) -> Array:
    """Frames as they lie in a file: last, as in the legacy layout, where a backend takes that."""
    return np.ascontiguousarray(np.moveaxis(frames, 0, 2)) if last and takes(Property.LEGACY) else frames


def marked(index: tuple[int, int, int]) -> dict[str, Any]:
    """A mask of the pixel of an index, in odd frames: no refusal of a value asks whether the pixel was measured."""
    mask = np.zeros((side(8), side(8)), dtype=bool)
    mask[index[1:]] = True
    return {"bad_pixels": mask} if index[0] % 2 else {}


def gives_index(error: Exception, index: tuple[int, int, int]) -> bool:
    """Whether an error tells an index: its numbers one after the other, or each behind its word."""
    plain_numbers = re.sub(r"\w+\.\w+\((\d+)\)", r"\1", str(error))
    words = zip(("frame", "row", "col"), index, strict=True)
    return bool(re.search(r"\b{}\b\D+\b{}\b\D+\b{}\b".format(*index), plain_numbers)) or all(
        re.search(rf"{word}[a-z]*\W*{number}\b", plain_numbers, re.IGNORECASE) for word, number in words
    )
