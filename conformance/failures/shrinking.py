"""Cuts a user's scan to the fewest scan points on which a check still fails in the same way."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.arrays import PER_POINT, STACKS, Place, names_of
from conformance.engine.declaration import PROFILES
from conformance.engine.trial import Trial, once
from conformance.failures.capsule import MOST_BYTES
from conformance.files.archive import Archive
from conformance.files.examine import UnreadableScan, specimen_from_file
from conformance.files.stack import layout_of
from conformance.scans.specimens import Specimen, write_scan

Members = Mapping[str, NDArray[Any]]

_POINTS_FIRST = frozenset(PER_POINT) - frozenset(STACKS)
_LARGEST_TRIED = 1 << 29


def smallest_scan(
    trial: Trial, selected: Selected, specimen: Specimen, drawn: Mapping[str, Any] | None, scratch: Path
) -> tuple[Specimen, str]:
    """Return the smallest part found of a scan file on which the trial's check fails in the same way.

    Parameters
    ----------
    trial : Trial
        The failure on the whole scan.
    selected : Selected
    specimen : Specimen
        The whole scan; its ``path`` is set.
    drawn : Mapping[str, Any] or None
        Arguments of the failing call.
    scratch : Path
        Folder for the part.

    Returns
    -------
    Specimen
        The part, or the whole where no part fails.
    str
        What was cut, for a person.
    """
    if specimen.path is None:
        raise ValueError("only a scan in a file is cut")
    members = _members(specimen.path)
    axes = point_axes(members)
    part = scratch / specimen.path.name

    def fails(first: int, last: int) -> Specimen | None:
        cut = sliced(members, axes, first, last)
        if sum(array.nbytes for array in cut.values()) > _LARGEST_TRIED:
            return None
        write_scan(part, cut)
        return _failing(trial, selected, part, specimen.name, drawn, scratch)

    found = fewest_points(specimen.M, lambda first, last: fails(first, last) is not None)
    held = None if found is None else fails(*found)
    if found is not None and held is not None:
        return held, f"Cut to the scan points {found[0]} to {found[1] - 1} of {specimen.M} of {specimen.path.name}."
    size = specimen.path.stat().st_size
    if size <= MOST_BYTES:
        return specimen, f"No smaller part of {specimen.path.name} fails: the scan is whole."
    return specimen, f"No smaller part of {specimen.path.name} fails: its {size} bytes are named, not copied."


def fewest_points(M: int, fails: Callable[[int, int], bool]) -> tuple[int, int] | None:
    """Find a short run of scan points that fails, without ever trying one much longer than it need be.

    Parameters
    ----------
    M : int
        Number of scan points; all of them are known to fail.
    fails : callable
        Whether the points ``first <= i < last`` fail.

    Returns
    -------
    (int, int) or None
        First and last bound; None when only the whole fails.
    """
    lengths = [2**power for power in range(M.bit_length()) if 2**power < M]
    last = next((length for length in lengths if fails(0, length)), M)
    end = last
    first = _most(end, lambda dropped: fails(dropped, end))
    last = end - _most(end - first, lambda dropped: fails(first, end - dropped))
    return None if last - first == M else (first, last)


def _most(length: int, fails: Callable[[int], bool]) -> int:
    """Most points, of ``length``, that can be dropped at one end while it still fails, found by bisection."""
    dropped, too_many = 0, length
    while too_many - dropped > 1:
        tried = (dropped + too_many) // 2
        if fails(tried):
            dropped = tried
        else:
            too_many = tried
    return dropped


def point_axes(members: Members) -> Mapping[str, int]:
    """Axis of every member that counts scan points."""
    M = members["xcoords"].shape[0]
    axes = {name: 0 for name in _POINTS_FIRST & members.keys() if members[name].shape[:1] == (M,)}
    for name in STACKS:
        axis = layout_of(members[name].shape, M).frame_axis if name in members else None
        if axis is not None:
            axes[name] = axis
    return axes


def sliced(members: Members, axes: Mapping[str, int], first: int, last: int) -> dict[str, NDArray[Any]]:
    """Members with the scan points ``first <= i < last``, in their own dtype and memory order.

    Parameters
    ----------
    members : Mapping
        Members of a scan file by name.
    axes : Mapping of str to int
        Axis of each member that counts scan points; members without one are kept whole.
    first, last : int
        Half-open range of scan points.
    """
    return {
        name: array[(slice(None),) * axes[name] + (slice(first, last),)].copy(order="K") if name in axes else array
        for name, array in members.items()
    }


def _members(path: Path) -> dict[str, NDArray[Any]]:
    with Archive(path) as archive:
        members = {name: archive.member(name) for name in archive.names if name in names_of(Place.FILE)}
        return {name: member.array() for name, member in members.items() if not member.needs_unpickling}


def _failing(
    trial: Trial, selected: Selected, part: Path, name: str, drawn: Mapping[str, Any] | None, scratch: Path
) -> Specimen | None:
    """Return the part as a specimen if the check fails on it as it failed on the whole."""
    try:
        held = specimen_from_file(part)
    except UnreadableScan:
        return None
    specimen = Specimen(name, held.arrays, held.consistent, held.path)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        subject = Subject(selected, Path(folder))
        again = once(trial.declaration, subject, specimen, drawn, PROFILES["contract"])
    alike = again.outcome is trial.outcome and complaint(again.reason) == complaint(trial.reason)
    return specimen if alike else None


def complaint(sentence: str) -> str:
    """Return a sentence without its numbers and without the guess at a cause: what is left says what is wrong."""
    head = re.split(r" (?:Possible causes?|Causes?|Patterns?): ", sentence)[0]
    return re.sub(r"[-+]?\d[\d.]*(?:e[-+]?\d+)?j?", "#", head)
