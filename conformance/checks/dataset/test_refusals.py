"""Checks of data sets (DAT): a scan or request that is refused by itself is refused among other scans too."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import batches_of
from conformance.checks.dataset.scan_files import REQUEST
from conformance.checks.npz.loading import plain
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, side, takes
from conformance.scans.specimens import Recipe, make_specimen


def refused_among(subject: Subject, evidence: Evidence, cases: Iterable[tuple[str, Path]]) -> None:
    """Require that files are refused alone, behind and between sound ones, which is accepted, whatever is asked."""
    sound = subject.write(plain(), "sound.npz")
    # What is refused has nothing to do with scales, gauge or order.
    other = replace(REQUEST, normalize="None", probe_normalize=False, shuffle=takes(Property.SHUFFLED), seed=5)
    for request in (REQUEST, other):
        batches = evidence.accepted(lambda: batches_of(subject, [sound], request), "a data set of a sound file")
    for what, path in cases:
        for place, paths, request in (
            ("alone", [path], REQUEST),
            ("behind two sound ones", [sound, sound, path], REQUEST),
            ("between two sound ones, shuffled and without scales", [sound, path, sound], other),
        ):
            if len(paths) > 1 and not takes(Property.FILES):
                continue
            evidence.refused(
                lambda: batches_of(subject, paths, request), f"a data set of {what}, {place}", beside=lambda: batches
            )


def written(subject: Subject, cases: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Path]]:
    """Write files of given members, plainly and compressed: a store may keep the frames of the two apart."""
    found = []
    for what, arrays in cases.items():
        found.append((what, subject.write(arrays)))
        path = subject.fresh_folder() / "scan.npz"
        np.savez_compressed(path, **{name: values for name, values in arrays.items() if values is not None})
        found.append((f"{what}, compressed", path))
    return found


@check("DAT-020", needs=["batches"])
def test_a_missing_member_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    names = ("xcoords", "ycoords", "diff3d", "probeGuess")
    refused_among(
        subject, evidence, written(subject, {f"a file without {name}": plain() | {name: None} for name in names})
    )


@check("DAT-020", needs=["batches"])
def test_two_different_stacks_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"]
    changed = frames.copy()
    changed[-1, 2, 3] += 1
    refused_among(subject, evidence, written(subject, {"a file with two different stacks": plain(diffraction=changed)}))


@check("DAT-020", needs=["batches"])
def test_frames_that_are_no_real_numbers_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"]
    cases = {f"a file with frames of {dtype}": plain(diff3d=frames.astype(dtype)) for dtype in ("c8", "?")}
    refused_among(subject, evidence, written(subject, cases))


def with_pixel(value: float, **changes: Any) -> dict[str, Any]:
    """Members of a scan with one pixel of its last frame changed."""
    arrays = plain(**changes)
    arrays["diff3d"] = np.array(arrays["diff3d"])
    arrays["diff3d"][-1, 5, 2] = value
    return arrays


@check("DAT-020", needs=["batches"])
def test_frames_that_are_not_finite_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    cases = {f"a file with a pixel of {value}": with_pixel(value) for value in (np.nan, np.inf)}
    refused_among(subject, evidence, written(subject, cases))


@check("DAT-020", needs=["batches"])
def test_negative_amplitudes_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    refused_among(subject, evidence, written(subject, {"a file with a negative pixel": with_pixel(-0.25)}))


@check("DAT-020", needs=["batches"])
def test_too_few_positions_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    short = arrays | {name: arrays[name][:-1] for name in arrays if name.startswith(("xcoords", "ycoords"))}
    refused_among(subject, evidence, written(subject, {"a file with fewer positions than frames": short}))


@check("DAT-020", needs=["batches"])
def test_coordinates_that_are_not_finite_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    broken = np.array(plain()["ycoords"])
    broken[-1] = np.nan
    refused_among(subject, evidence, written(subject, {"a file with a position of NaN": plain(ycoords=broken)}))


@check("DAT-020", needs=["batches"])
def test_a_probe_of_another_side_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    N = side(8) + 2
    probe = np.ones((N, N), dtype=np.complex64)
    refused_among(subject, evidence, written(subject, {f"a file with a probe of {N} x {N}": plain(probeGuess=probe)}))


def _end_of(name: str, path: Path, content: bytes) -> int:
    """Place behind the last byte of a member."""
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(name)
    names, extra = (int.from_bytes(content[member.header_offset + at :][:2], "little") for at in (26, 28))
    return member.header_offset + 30 + names + extra + member.compress_size


@check("DAT-020", needs=["batches"])
def test_damaged_archives_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    """The lowest bit of the last pixel, which only a checksum shows, wherever frames are read; and half a file."""
    cases = []
    for what, path in written(subject, {"a damaged file": plain()}):
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[_end_of("diff3d.npy", path, whole) - 4] ^= 1
        path.write_bytes(bytes(flipped))
        cases.append((what, path))
        half = subject.fresh_folder() / "scan.npz"
        half.write_bytes(whole[: len(whole) // 2])
        cases.append((f"half of {what}", half))
    refused_among(subject, evidence, cases)


@check("DAT-020", needs=["batches"])
def test_another_frame_side_of_a_data_set(subject: Subject, evidence: Evidence) -> None:
    paths = [subject.write(make_specimen(Recipe(M=12, N=16, seed=74 + number)).arrays) for number in range(2)]
    own = side(16)
    sound = replace(REQUEST, group=replace(REQUEST.group, N=own))
    for N in (one for one in (own // 2, own - 2, own * 2) if side(one) == one):
        for given in (paths if takes(Property.FILES) else paths[1:], paths[:1]):
            evidence.refused(
                lambda: batches_of(subject, given, replace(sound, group=replace(sound.group, N=N))),
                f"N = {N} for a data set of {len(given)} with frames of {own} x {own}",
                beside=lambda: batches_of(subject, given, sound),
            )


@check("DAT-020", needs=["batches"])
def test_dark_frames_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    dark = plain(diff3d=np.zeros_like(plain()["diff3d"]))
    refused_among(subject, evidence, written(subject, {"a file of frames that are all zero": dark}))


@check("DAT-027", needs=["batches"])
def test_a_request_that_one_file_cannot_meet(subject: Subject, evidence: Evidence) -> None:
    if not takes(Property.FILES):
        return
    scans = [make_specimen(Recipe(M=M, N=8, seed=80 + M)).arrays for M in (21, 7)]
    (large, small), few = map(subject.write, scans), len(scans[1]["xcoords"])
    N, least = side(8), GroupRequest(side(8), gridsize=2, K=5, nsamples=3, seed=4)
    requests = {"more groups than one file has points": replace(least, nsamples=few + 2)}
    if takes(Property.GRIDSIZE, 3) and few < 9:
        requests["groups of more members than one file has points"] = GroupRequest(N, 3, 9, 3, 4)
    for what, group in requests.items():
        for paths in ([large, small], [small, large], [large, small, large]):
            evidence.refused(
                lambda: batches_of(subject, paths, replace(REQUEST, group=group)),
                f"{what}, in a list of {len(paths)}",
                beside=lambda: batches_of(subject, paths, replace(REQUEST, group=least)),
            )
