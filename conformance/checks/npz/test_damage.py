"""Checks of scan files (NPZ): damage of every kind at every place, and archives that contradict themselves."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import plain
from conformance.checks.npz.rewritten import as_members, content_of, listed_anew, unchecked, unlisted, write_members
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.damage import damages
from conformance.scans.file_variants import meant_by, whole_scan
from conformance.scans.seed import moved

_PATIENCE = 2.0
"""Seconds after which a reader that waits for a pipe is let go."""
_OF_THE_ARCHIVE = ("local header", "directory", "end record")


@check("NPZ-033")
def test_damage_to_members_is_refused_or_harmless(subject: Subject, evidence: Evidence) -> None:
    """A reader that looks refuses; where nobody need look, the numbers are those of the sound file."""
    _survives(subject, evidence, of_archive=False)


@check("NPZ-040")
def test_damage_to_the_archive_is_refused_or_harmless(subject: Subject, evidence: Evidence) -> None:
    _survives(subject, evidence, of_archive=True)


@check("NPZ-033")
def test_what_was_read_before_it_was_damaged_is_refused(subject: Subject, evidence: Evidence) -> None:
    sound, path = subject.write(plain()), subject.write(plain())
    subject.adapter.arrays(subject.adapter.load(path))
    path.write_bytes(path.read_bytes()[:500])
    what = "an archive that was truncated after it was read"
    evidence.refused(lambda: subject.adapter.load(path), what, beside=lambda: subject.adapter.load(sound))


def _survives(subject: Subject, evidence: Evidence, of_archive: bool) -> None:
    scan = whole_scan(M=11, N=8, seed=341)
    for how, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
        folder = subject.fresh_folder()
        sound = folder / "sound.npz"
        save(sound, **dict[str, Any](scan))
        _holds(evidence, subject.adapter.arrays(subject.adapter.load(sound)), scan, f"a sound file, {how}")
        for number, (what, content) in enumerate(damages(sound.read_bytes(), np.random.default_rng(moved(33)))):
            if any(place in what for place in _OF_THE_ARCHIVE) is not of_archive:
                continue
            path = folder / f"{number}.npz"
            path.write_bytes(content)
            told = f"a file ({how}) {what}"
            held = evidence.unless_refused(lambda: subject.adapter.arrays(subject.adapter.load(path)), told)
            if held is not None:
                _holds(evidence, held, scan, told, path)
            path.unlink()


def _holds(
    evidence: Evidence, held: Mapping[str, Any], scan: Mapping[str, Any], what: str, damaged: Path | None = None
) -> None:
    for name, expected in dict[str, Any](meant_by(scan)).items():
        if expected is None:
            evidence.holds(held.get(name) is None, f"{name} of {what} came from nowhere.")
            continue
        evidence.equal(
            held[name],
            expected,
            f"{name} of {what}",
            axes=axes_of(name, np.ndim(expected)),
            suspects=lambda: {} if damaged is None else _believed(damaged, held, scan, name),
        )


def _believed(damaged: Path, held: Mapping[str, Any], scan: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a reader gives that asks no checksum, or puts another scan in the place of the damaged one."""
    if len(np.atleast_1d(held["xcoords"])) != len(scan["xcoords"]):
        return {"another scan, made up, stands in the place of the damaged one": held[name]}
    found = unchecked(damaged)
    with contextlib.suppress(Exception):
        found = dict[str, Any](meant_by(found))
    known = found.get(name)
    return {} if known is None else {"the damaged bytes are read as they are: no checksum is compared": known}


def _refused(subject: Subject, evidence: Evidence, cases: Iterator[tuple[str, Path]]) -> None:
    sound = subject.write(plain())
    for what, path in cases:
        error = evidence.refused(lambda: subject.adapter.load(path), what, beside=lambda: subject.adapter.load(sound))
        evidence.worded(not isinstance(error, FileNotFoundError), f"{what} is there, but is called missing: {error}")


@check("NPZ-040")
def test_a_directory_that_contradicts_its_members_is_refused(subject: Subject, evidence: Evidence) -> None:
    def renamed(entry: bytearray) -> None:
        entry[46:57] = b"objectGuesz"

    def longer(entry: bytearray) -> None:
        struct.pack_into("<L", entry, 20, struct.unpack_from("<L", entry, 20)[0] + 1)

    def cases() -> Iterator[tuple[str, Path]]:
        for what, change in (("under another name", renamed), ("with another packed size", longer)):
            path = subject.write(plain())
            listed_anew(path, "objectGuess.npy", change)
            yield f"an archive whose directory lists objectGuess {what}", path
        for name in ("objectGuess", "probeGuess"):
            path = subject.write(plain())
            unlisted(path, f"{name}.npy")
            yield f"an archive whose directory does not list {name}", path

    _refused(subject, evidence, cases())


@check("NPZ-041")
def test_two_members_of_one_name_are_refused(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    other = arrays["diff3d"][::-1].copy()

    def cases() -> Iterator[tuple[str, Path]]:
        for what, further in (
            ("diff3d beside diff3d.npy", ("diff3d", content_of(other))),
            ("diff3d.npy twice", ("diff3d.npy", content_of(other))),
            ("an unknown member twice", ("remarks.npy", content_of(np.ones(3)))),
        ):
            path = subject.fresh_folder() / "scan.npz"
            unknown = [("remarks.npy", content_of(np.zeros(2)))]
            write_members(path, [*as_members(arrays), *unknown, further])
            yield f"an archive that holds {what}", path

    _refused(subject, evidence, cases())
    path = subject.fresh_folder() / "scan.npz"
    write_members(path, [(name.removesuffix(".npy"), content) for name, content in as_members(arrays)])
    held = evidence.accepted(
        lambda: subject.adapter.arrays(subject.adapter.load(path)), "an archive whose names do not end in .npy"
    )
    evidence.equal(held["diff3d"], arrays["diff3d"], "the frames of members whose names do not end in .npy")


@check("NPZ-042")
def test_other_versions_of_the_member_format_are_refused(subject: Subject, evidence: Evidence) -> None:
    def cases() -> Iterator[tuple[str, Path]]:
        for version in ((0, 0), (1, 1), (2, 1), (4, 0), (255, 0)):
            path = subject.fresh_folder() / "scan.npz"
            arrays = plain()
            stack = ("diff3d.npy", content_of(arrays.pop("diff3d"), version))
            write_members(path, [*as_members(arrays), stack])
            yield f"a stack of NPY version {version[0]}.{version[1]}", path

    _refused(subject, evidence, cases())


@check("NPZ-043")
def test_other_methods_of_packing_are_refused(subject: Subject, evidence: Evidence) -> None:
    def cases() -> Iterator[tuple[str, Path]]:
        for what, method in (("bzip2", zipfile.ZIP_BZIP2), ("LZMA", zipfile.ZIP_LZMA)):
            path = subject.fresh_folder() / "scan.npz"
            write_members(path, as_members(plain()), method)
            yield f"an archive packed by {what}", path

    _refused(subject, evidence, cases())


@check("NPZ-045")
def test_what_is_no_file_is_refused_at_once(subject: Subject, evidence: Evidence) -> None:
    folder = subject.fresh_folder() / "scan.npz"
    folder.mkdir()
    _refused(subject, evidence, iter([("a folder", folder)]))
    if not hasattr(os, "mkfifo"):
        return
    pipe = subject.fresh_folder() / "scan.npz"
    os.mkfifo(pipe)
    # A reader that waits for a writer gets one in the end, and is found out by it.
    waiting = threading.Event()
    rescue = threading.Timer(_PATIENCE, _written_to, (pipe, waiting))
    rescue.start()
    try:
        _refused(subject, evidence, iter([("a pipe that nobody writes to", pipe)]))
    finally:
        rescue.cancel()
        rescue.join()
    evidence.holds(not waiting.is_set(), "A pipe must be refused at once, but the reader waited for someone to write.")


def _written_to(pipe: Path, waiting: threading.Event) -> None:
    """Open a pipe for writing and close it, if somebody waits at its other end."""
    with contextlib.suppress(OSError):
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        waiting.set()
