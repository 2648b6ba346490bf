"""Every place that a command writes to: on a full disk, a read-only one, one that fails, and when told to end."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.scans.specimens import Recipe, make_specimen
from tests.commands.calling import Call
from tests.program import command
from tests.small_disk import SmallDisk

WRONG = """
from ptycho_ref.adapter import RefAdapter

class Wrong(RefAdapter):
    name = "wrong"

    def translate(self, images, shifts_xy):
        return super().translate(images, -shifts_xy)
"""
pytestmark = pytest.mark.night

REFUSING = """
from ptycho_ref.adapter import RefAdapter

class Refusing(RefAdapter):
    name = "refusing"

    def load(self, path):
        raise ValueError("no")
"""
SLOW = WRONG.replace("return", "__import__('time').sleep(0.1)\n        return")
RUN = ("run", "--adapter", "wrong:Wrong", "--stage", "transforms")
QUICK = (*RUN, "--no-capsules")
SEEDS = (*QUICK, "--seeds", "1")
PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "a scan": (("simulate", "new.npz"), "new.npz"),
    "a scan in the place of another": (("simulate", "old.npz", "--force"), "old.npz"),
    "the report": ((*QUICK, "--json", "new.json"), "new.json"),
    "the report in the place of another": ((*QUICK, "--json", "old.json"), "old.json"),
    "the gap matrix": ((*QUICK, "--markdown", "old.md"), "old.md"),
    "the report of seeds": ((*SEEDS, "--json", "new.json"), "new.json"),
    "results of seeds": ((*SEEDS, "--resume", "new.jsonl"), "new.jsonl"),
    "results of seeds after others": ((*SEEDS, "--resume", "old.jsonl"), "old.jsonl"),
    "the page": ((*QUICK, "--html", "new.html"), "new.html"),
    "the report for a build server": ((*QUICK, "--junit", "new.xml"), "new.xml"),
    "documents": (
        ("report", ".", "--adapter", "ref", "--adapter", "wrong:Wrong", "--no-frameworks"),
        "data_contract.md",
    ),
    "a mended scan": (("validate", "{scan}", "--fix", "new.npz"), "new.npz"),
    "a mended scan in the place of another": (("validate", "{scan}", "--fix", "old.npz", "--force"), "old.npz"),
    "findings": (("validate", "{scan}", "--sarif", "new.sarif"), "new.sarif"),
    "findings in the place of others": (("validate", "{scan}", "--junit", "old.json"), "old.json"),
    "a converted scan": (("convert", "{scan}", "new.npz"), "new.npz"),
    "a scan in another layout": (
        (
            "convert",
            "{scan}",
            "new.h5",
            "--to",
            "cxi",
            "--energy",
            "8000",
            "--distance",
            "2",
            "--detector-pixel",
            "5e-5",
        ),
        "new.h5",
    ),
    "a figure": (("show", "{scan}", "--out", "new.png"), "new.png"),
    "a figure in the place of another": (("show", "{scan}", "--out", "old.html", "--force"), "old.html"),
    "the list of expected failures": ((*QUICK, "--expected", "old.toml", "--update-expected"), "old.toml"),
}
"""What is written, by which command, to which file."""

OTHER = '{"schema": "ptycho-conformance.seed/1", "adapter": "another", "terms": {}}'
KEPT = {
    "wrong.py": WRONG,
    "old.npz": "a scan",
    "old.json": "{}",
    "old.md": "# gaps",
    "old.html": "<html>",
    "old.jsonl": OTHER + "\n",
    "old.toml": "# nothing is expected\n",
}
every_place = pytest.mark.parametrize("place", PLACES)


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan file that has something to mend."""
    path = tmp_path_factory.mktemp("scans") / "scan.npz"
    arrays = dict(make_specimen(Recipe(M=40, N=16, seed=31)).arrays)
    arrays["probeGuess"] = arrays["probeGuess"].astype(np.complex128)
    np.savez(path, **arrays, note=np.array("of the night"))
    return path


def command_of(place: str, scan: Path) -> tuple[tuple[str, ...], str]:
    """Return the command that writes to a place, and the file."""
    arguments, file = PLACES[place]
    return tuple(one.format(scan=scan) for one in arguments), file


@pytest.fixture
def disk(tmp_path: Path) -> SmallDisk:
    return SmallDisk(tmp_path)


def without_caches(left: Any) -> dict[str, str]:
    return {name: text for name, text in left.items() if "__pycache__" not in name}


@every_place
def test_a_full_disk_loses_nothing_and_is_named(place: str, disk: SmallDisk, scan: Path) -> None:
    arguments, file = command_of(place, scan)
    ran = disk.run(*arguments, kept=KEPT)
    assert ran.exit_code == 2
    ran.blames(file, "No space left on device")
    assert without_caches(ran.left) == KEPT


@every_place
def test_a_read_only_disk_is_found_before_any_work(place: str, disk: SmallDisk, scan: Path) -> None:
    arguments, file = command_of(place, scan)
    ran = disk.run(*arguments, kept=KEPT, read_only=True)
    assert ran.exit_code == 3
    ran.blames(file, "Read-only file system")
    assert not ran.stdout
    assert without_caches(ran.left) == KEPT


@pytest.mark.parametrize("read_only", [True, False])
def test_a_capsule_that_cannot_be_written_costs_no_verdict(read_only: bool, disk: SmallDisk) -> None:
    ran = disk.run(*RUN, kept=KEPT, read_only=read_only)
    assert ran.exit_code == 1
    assert "no capsule could be written" in ran.stdout
    assert "Traceback" not in ran.stderr
    assert without_caches(ran.left) == KEPT


ON_FILES = (("run", "--adapter", "ref", "--stage", "rawdata", "--no-capsules"), ("layout", "--adapter", "ref"))
SOME = 1 << 15
"""Bytes with which a folder is taken for temporary files, and that are soon used up."""


@pytest.mark.parametrize("arguments", ON_FILES)
def test_no_backend_is_blamed_for_a_full_disk_of_temporary_files(arguments: tuple[str, ...], disk: SmallDisk) -> None:
    ran = disk.run(*arguments, kept=KEPT, free=SOME, temporary=True)
    assert ran.exit_code == 2
    assert f"{disk.place}/" in ran.stdout + ran.stderr
    assert "No space left on device" in ran.stdout + ran.stderr
    assert "adapter broke" not in ran.stdout + ran.stderr
    assert "FAIL " not in ran.stdout
    assert without_caches(ran.left) == KEPT


def test_a_replay_on_a_full_disk_decides_nothing(disk: SmallDisk, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("made")
    (folder / "refusing.py").write_text(REFUSING)
    made = command("run", "--adapter", "refusing:Refusing", "--stage", "normalization", folder=folder)
    assert made.returncode == 1, made.stderr
    on_files = [one for one in (folder / "capsules").iterdir() if (one / "inputs").is_dir()]
    ran = disk.run("replay", str(sorted(on_files)[0]), "--adapter", "ref", kept=KEPT, free=1 << 13, temporary=True)
    assert ran.exit_code == 2
    assert "CANNOT RUN" in ran.stdout
    assert "No space left on device" in ran.stdout
    assert without_caches(ran.left) == KEPT


@every_place
def test_a_disk_that_fails_is_named(
    place: str, call: Call, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for name, text in KEPT.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(os, "fsync", fails)
    arguments, file = command_of(place, scan)
    called = call(*arguments)
    assert called.exit_code == 2
    assert "Traceback" not in called.stderr
    assert [line for line in called.stderr.splitlines() if file in line and "Input/output error" in line]
    files = [one for one in tmp_path.rglob("*") if one.is_file() and one.suffix != ".pyc"]
    assert {str(one.relative_to(tmp_path)): one.read_text() for one in files} == KEPT


ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def ended(folder: Path, number: int, *arguments: str, when: Any) -> subprocess.CompletedProcess[str]:
    """Start a command, end it by a signal, twice, as soon as a condition holds."""
    temporary = folder / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    for _ in range(3000):
        if when() or process.poll() is not None:
            break
        time.sleep(0.02)
    process.send_signal(number)
    process.send_signal(number)
    said = process.communicate(timeout=120)
    assert not list(temporary.iterdir())
    temporary.rmdir()
    return subprocess.CompletedProcess([], process.returncode, *said)


@pytest.mark.parametrize("number", ENDINGS)
def test_a_simulation_told_to_end_leaves_nothing(number: int, tmp_path: Path) -> None:
    (tmp_path / "scan.npz").write_text("before")
    done = ended(
        *(tmp_path, number, "simulate", "scan.npz", "--force", "--points", "6000", "--side", "128"),
        when=lambda: len(list(tmp_path.iterdir())) > 2,
    )
    assert (done.returncode, done.stderr.strip()) == (2, "interrupted")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"scan.npz": "before"}


@pytest.mark.parametrize("number", ENDINGS)
def test_a_run_told_to_end_leaves_whole_capsules_and_reports(number: int, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(SLOW)
    capsules = tmp_path / "capsules"
    done = ended(
        *(tmp_path, number, *RUN, "--json", "r.json", "--markdown", "r.md"),
        when=lambda: capsules.is_dir() and list(capsules.iterdir()),
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"wrong.py", "capsules", "r.json", "r.md"}
    assert all((one / "capsule.json").is_file() and one.name[0] != "." for one in capsules.iterdir())
    assert json.loads((tmp_path / "r.json").read_text())["cut"]
