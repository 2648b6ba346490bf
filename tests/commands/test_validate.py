"""What ``validate`` says of files and folders, and what it exits with."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.scans.specimens import Recipe, make_specimen, write_scan
from tests.commands.calling import Call


def plain(**changes: Any) -> dict[str, Any]:
    return dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays) | changes


def test_a_sound_file_ends_with_zero(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain())
    done = call("validate", "scan.npz")
    assert done.exit_code == 0
    assert "scan.npz: fit for training · 20 frames 8 x 8 float32 · 1 probe mode" in done.stdout


def test_a_violation_ends_with_one_and_says_what_to_do(call: Call, tmp_path: Path) -> None:
    frames = plain()["diff3d"]
    frames[3, 1, 6] = -1
    write_scan(tmp_path / "scan.npz", plain(diff3d=frames))
    done = call("validate", "scan.npz")
    assert done.exit_code == 1
    for part in ("not fit", "NPZ-018", "diff3d[3, 1, 6]", "Remedy: Interpolate or mask"):
        assert part in done.stdout


def test_warnings_count_when_strict(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain(diff3d=np.arange(1280, dtype=np.uint16).reshape(20, 8, 8)))
    assert call("validate", "scan.npz").exit_code == 0
    assert call("validate", "scan.npz", "--strict").exit_code == 1


def test_several_files_are_one_json(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "good.npz", plain())
    write_scan(tmp_path / "bad.npz", plain(xcoords=None))
    done = call("validate", "good.npz", "bad.npz", "--json")
    files = json.loads(done.stdout)["files"]
    assert done.exit_code == 1
    assert [file["fit"] for file in files] == [True, False]
    assert files[1]["findings"][0]["clause"] == "NPZ-001"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_undecided(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain())
    (tmp_path / "scan.npz").chmod(0)
    assert call("validate", "scan.npz").exit_code == 2


def test_a_folder_stands_for_its_files_in_order_of_name(call: Call, tmp_path: Path) -> None:
    (tmp_path / "night").mkdir()
    for name in ("c.npz", "a.npz", "b.npz"):
        write_scan(tmp_path / "night" / name, plain())
    (tmp_path / "night" / "notes.txt").touch()
    done = call("validate", "night")
    assert done.exit_code == 0
    *files, summary = [line for line in done.stdout.splitlines() if line[0] != " "]
    assert [line.partition(":")[0] for line in files] == [f"night/{c}.npz" for c in "abc"]
    assert summary.startswith("3 files, ")
    assert summary.endswith(" clauses about files each, 0 violations, 0 warnings")
    assert call("validate", "night/[a-c].npz").stdout == done.stdout
    assert call("validate", "night", "night/b.npz").stdout == done.stdout


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("absent", ["absent.npz", "empty"])
def test_what_is_missing_does_not_stop_the_others(absent: str, strict: bool, call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_scan(tmp_path / "good.npz", plain())
    write_scan(tmp_path / "bad.npz", plain(xcoords=None))
    options = ["--strict"] * strict
    done = call("validate", absent, "good.npz", *options)
    assert done.exit_code == 2
    assert "good.npz: fit for training" in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{absent}: ")
    worse = call("validate", "bad.npz", absent, "good.npz", *options)
    assert worse.exit_code == 1
    assert worse.stderr == done.stderr


def test_what_is_missing_is_named_in_json(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "good.npz", plain())
    done = call("validate", "good.npz", "absent.npz", "--json")
    assert json.loads(done.stdout)["unread"] == ["absent.npz: no such file"]
    assert [file["file"] for file in json.loads(done.stdout)["files"]] == ["good.npz"]


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("", "FILE"),
        ("absent.npz", "absent.npz: no such file"),
        ("absent.npz gone.npz", "gone.npz: no such file"),
        (".", ".: this folder holds no .npz file"),
        ("/dev/null", "/dev/null: no regular file"),
        ("held.npz/scan.npz", "held.npz/scan.npz: no such file"),
        (f"{'long' * 70}.npz", "long" * 70),
        ("held.npz --bogus", "--bogus"),
        ("held.npz --json=x", "--json"),
    ],
)
def test_wrong_usage_examines_nothing(
    options: str, value: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "held" in options:
        (tmp_path / "held.npz").touch()
    monkeypatch.setattr("conformance.files.examine.examine", None)
    call("validate", *options.split()).refuses(value)


def test_a_folder_stands_for_foreign_scans_too(call: Call, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    (tmp_path / "night").mkdir()
    with h5py.File(tmp_path / "night" / "b.hdf5", "w") as file:
        file["dp"] = np.ones((5, 8, 8))
    with h5py.File(tmp_path / "night" / "other.h5", "w") as file:
        file["spectrum"] = np.ones(5)
    (tmp_path / "night" / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    write_scan(tmp_path / "night" / "a.npz", plain())
    files = json.loads(call("validate", "night", "--json").stdout)["files"]
    assert [one["file"] for one in files] == ["night/a.npz", "night/b.hdf5"]


def test_several_processes_say_the_same(call: Call, tmp_path: Path) -> None:
    for number in range(4):
        write_scan(tmp_path / f"{number}.npz", plain(xcoords=None) if number == 2 else plain())
    (tmp_path / "torn.npz").write_bytes((tmp_path / "0.npz").read_bytes()[:-300])
    alone, several = (call("validate", ".", "--jobs", jobs) for jobs in ("0", "2"))
    assert several == alone
    assert alone.exit_code == 1


def test_junit_counts_files(call: Call, tmp_path: Path) -> None:
    from xml.etree import ElementTree

    write_scan(tmp_path / "good.npz", plain())
    write_scan(tmp_path / "bad\x02.npz", plain(xcoords=None))
    assert call("validate", "good.npz", "bad\x02.npz", "gone.npz", "--junit", "report.xml").exit_code == 1
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    assert [one.get("name") for one in suite] == ["good.npz", "bad?.npz", "gone.npz"]
    assert [[part.tag for part in one] for one in suite] == [[], ["failure"], ["error"]]
    assert suite[1][0].get("type") == "NPZ-001"
    call("validate", "good.npz", "--junit", "no/report.xml").refuses("no/report.xml")


def test_sarif_names_clause_file_and_array(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "bad night.npz", plain(xcoords=None))
    assert call("validate", "bad night.npz", "gone.npz", "--sarif", "report.sarif").exit_code == 1
    held = json.loads((tmp_path / "report.sarif").read_text())
    (run,) = held["runs"]
    first = run["results"][0]
    assert (held["version"], first["ruleId"], first["level"]) == ("2.1.0", "NPZ-001", "error")
    (place,) = first["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "bad%20night.npz"
    assert place["physicalLocation"]["region"] == {"startLine": 1}
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "xcoords"
    assert {one["ruleId"] for one in run["results"]} == {one["id"] for one in run["tool"]["driver"]["rules"]}
    assert not run["invocations"][0]["executionSuccessful"]
    again = call("validate", "bad night.npz", "--sarif", "-")
    assert first["partialFingerprints"]["fileClauseArray/v1"] in again.stdout


@pytest.mark.parametrize("option", ["--junit=a.xml", "--sarif=a.sarif", "--jobs=2"])
def test_reports_of_many_go_without_fix(option: str, call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain())
    call("validate", "scan.npz", "--fix", "out.npz", option).refuses(option.partition("=")[0])
    assert [one.name for one in tmp_path.iterdir()] == ["scan.npz"]


def bomb(path: Path) -> None:
    """1 GiB of zeros in 1 MiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("diff3d.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (65536, 64, 64)})
        for _ in range(64):
            member.write(bytes(1 << 24))


def lying(path: Path) -> None:
    """A header that promises more than the member holds."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 64, 64)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("diff3d.npy", stream.getvalue() + bytes(64))


def twice(path: Path) -> None:
    """Two members of one name."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2):
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.ones(3))
            with pytest.warns(UserWarning, match="Duplicate name") if number else contextlib.nullcontext():
                archive.writestr("xcoords.npy", stream.getvalue())


def pickled(path: Path) -> None:
    """An array that only unpickling could read."""
    np.savez(path, **plain() | {"xcoords": np.array([{}] * 20, dtype=object)})


def endless(path: Path) -> None:
    """A header that is no header."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xcoords.npy", b"\x93NUMPY\x01\x00\xff\xff" + b"[" * 65535)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("make", [bomb, lying, twice, pickled, endless], ids=lambda make: make.__name__)
def test_hostile_files_are_refused_within_small_memory(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "scan.npz")
    before = sorted(tmp_path.iterdir())
    script = (
        "import re, sys; from conformance.commands.cli import main; sys.argv = ['x', 'validate', 'scan.npz']\n"
        "try: main()\n"
        # ru_maxrss would be that of the process which started this one, where that was larger.
        "finally: print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert "violation" in done.stdout
    assert int(done.stdout.split()[-1]) < 200
    assert sorted(tmp_path.iterdir()) == before
