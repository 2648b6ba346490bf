"""Many files: one bad one costs itself, what is done stays done, a cluster says what this machine says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.commands.on_each import scans_of
from conformance.runs.fleet import Fleet, done_by, usual_jobs
from conformance.runs.fleet_task import Arguments, Done, FleetTask
from conformance.scans.specimens import Recipe, make_specimen, write_scan
from tests.commands.calling import Call

FILES = 6


def plain(**changes: Any) -> dict[str, Any]:
    return dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays) | changes


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A folder of sound scans, one that breaks the contract and one that is torn."""
    folder = tmp_path / "night"
    folder.mkdir()
    for number in range(FILES):
        write_scan(folder / f"{number}.npz", plain(xcoords=None) if number == 2 else plain())
    (folder / "torn.npz").write_bytes((folder / "0.npz").read_bytes()[:-300])
    return folder


def killing(arguments: Arguments) -> dict[str, Any]:
    """Ends its process over one name, as a library does over a hostile file; fails over another."""
    if "kill" in arguments[-1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"exit_code": 0, "document": {"files": [arguments[-1]]}, "said": ""}


def tasks_of(*names: str) -> list[FleetTask]:
    return [FleetTask("validate", (name,)) for name in names]


def heard(fleet: Fleet, tasks: list[FleetTask]) -> list[Done]:
    return list(done_by(fleet, tasks, killing, lambda done: None))


def test_a_process_that_is_killed_costs_its_file_alone(tmp_path: Path) -> None:
    done = heard(Fleet(2), tasks_of("a", "kill", "b", "c", "kill too", "d"))
    assert [one.task.inputs[0] for one in done] == ["a", "kill", "b", "c", "kill too", "d"]
    assert [one.document is None for one in done] == [False, True, False, False, True, False]
    assert all("SIGKILL" in one.said for one in done if one.document is None)


def test_one_file_needs_no_process_and_many_share_the_processors() -> None:
    cores = len(os.sched_getaffinity(0))
    assert [usual_jobs(files) for files in (1, 2, 1000)] == [0, min(2, cores), cores]


def test_what_is_done_and_unchanged_is_not_done_again(call: Call, night: Path, tmp_path: Path) -> None:
    first = call("validate", "night", "--resume", "kept.jsonl", "--json")
    lines = (tmp_path / "kept.jsonl").read_text().splitlines()
    assert len(lines) == FILES + 1
    again = call("validate", "night", "--resume", "kept.jsonl", "--json")
    assert again == first
    assert (tmp_path / "kept.jsonl").read_text().splitlines() == lines
    write_scan(night / "1.npz", plain(ycoords=None))
    changed = call("validate", "night", "--resume", "kept.jsonl", "--json")
    assert len((tmp_path / "kept.jsonl").read_text().splitlines()) == len(lines) + 1
    assert [file["fit"] for file in json.loads(changed.stdout)["files"]][:3] == [True, False, False]


def test_half_a_line_is_passed_over_and_another_file_refused(call: Call, night: Path, tmp_path: Path) -> None:
    call("validate", "night", "--resume", "kept.jsonl", "--jobs", "0")
    whole = (tmp_path / "kept.jsonl").read_text()
    (tmp_path / "kept.jsonl").write_text(whole[:-40])
    assert call("validate", "night", "--resume", "kept.jsonl", "--jobs", "0").exit_code == 1
    (tmp_path / "other.jsonl").write_text('{"something": "else"}\n')
    call("validate", "night", "--resume", "other.jsonl").refuses("other.jsonl: line 1")


def test_a_row_a_file(call: Call, night: Path, tmp_path: Path) -> None:
    done = call("validate", "night", "--summary", "--html", "page.html")
    assert done.exit_code == 1
    *rows, total = done.stdout.splitlines()
    assert len(rows) == FILES + 1
    assert total.startswith(f"{FILES + 1} files")
    assert "NPZ-001 xcoords" in rows[2]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<section") == FILES + 1
    assert "torn.npz" in page
    assert "http" not in page.replace("http-equiv", "")


def test_diagnose_each(call: Call, night: Path, tmp_path: Path) -> None:
    done = call("diagnose", "night/0.npz", "night/2.npz", "night/torn.npz", "--each", "--json", "--resume", "d.jsonl")
    said = json.loads(done.stdout)
    assert done.exit_code == 2
    assert [one["file"] for one in said["files"]] == ["night/0.npz"]
    assert [line.partition(":")[0] for line in said["unread"]] == ["night/2.npz", "night/torn.npz"]
    rows = call("diagnose", "night", "--each", "--jobs", "0").stdout.splitlines()
    assert len(rows) == FILES + 2


def test_convert_each(call: Call, night: Path, tmp_path: Path) -> None:
    done = call(
        "convert", "night", "out", "--each", "--resume", "c.jsonl", "--html", "c.html", "--packed", "--jobs", "2"
    )
    assert done.exit_code == 2
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [f"{n}.npz" for n in (0, 1, 3, 4, 5)]
    stamps = {one: one.stat().st_mtime_ns for one in (tmp_path / "out").iterdir()}
    (tmp_path / "out" / "3.npz").unlink()
    again = call("convert", "night", "out", "--each", "--resume", "c.jsonl", "--json", "--packed")
    assert len(json.loads(again.stdout)["files"]) == FILES - 1
    now = {one: one.stat().st_mtime_ns for one in (tmp_path / "out").iterdir()}
    assert {one for one in now if now[one] != stamps[one]} == {tmp_path / "out" / "3.npz"}
    refused = call("convert", "night/0.npz", "out", "--each")
    assert refused.exit_code == 2
    assert "out/0.npz exists" in refused.stdout


def test_pairs_are_one_scan() -> None:
    files = [Path(f"night/{name}") for name in ("a_dp.h5", "a_para.h5", "b_dp.h5", "c.npz", "d_para.h5")]
    assert [(name, len(parts)) for name, parts in scans_of(files)] == [("a", 2), ("b_dp", 1), ("c", 1), ("d_para", 1)]


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("diagnose night/0.npz --jobs 2", "--jobs goes with --each"),
        ("convert night/0.npz out.npz --html page.html", "--html goes with --each"),
        ("validate night --jobs 2 --scheduler tcp://127.0.0.1:1", "--jobs goes without --scheduler"),
        ("convert night/0.npz night/1.npz night/0.npz --each", "night/0.npz"),
        ("validate night/0.npz --fix out.npz --resume kept.jsonl", "--resume goes without --fix"),
    ],
)
def test_wrong_usage(options: str, value: str, call: Call, night: Path) -> None:
    call(*options.split()).refuses(value)


CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit="1GiB") as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """Address of a cluster of two workers, in processes of their own."""
    pytest.importorskip("distributed", reason="a cluster needs dask.distributed")
    (tmp_path / "cluster.py").write_text(CLUSTER)
    with (tmp_path / "cluster.txt").open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "cluster.py"],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            yield process.stdout.readline().strip()
            process.stdin.close()


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_says_the_same(call: Call, night: Path, scheduler: str) -> None:
    here = json.loads(call("validate", str(night), "--json").stdout)
    there = call("validate", "night", "--json", "--scheduler", scheduler)
    assert there.exit_code == 1, there.stderr
    assert json.loads(there.stdout) == here
    killed = heard(Fleet(0, scheduler), tasks_of("a", "kill", "b", "c"))
    assert [one.document is None for one in killed] == [False, True, False, False]
    assert "SIGKILL" in killed[1].said


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_said(call: Call, night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="a cluster needs dask.distributed")
    monkeypatch.setattr("conformance.runs.cluster._SECONDS_TO_REACH", 1)
    done = call("validate", "night", "--scheduler", "tcp://127.0.0.1:9")
    assert done.exit_code == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr


def test_frames_are_read_with_signs_of_life(tmp_path: Path) -> None:
    from conformance.files.examine import examine
    from conformance.files.pace import heard_by

    write_scan(tmp_path / "scan.npz", plain())
    told: list[tuple[str, int, int]] = []
    with heard_by(lambda *one: told.append(one)):
        examine(tmp_path / "scan.npz")
    assert ("diff3d", 20, 20) in told
    count = len(told)
    examine(tmp_path / "scan.npz")
    assert len(told) == count
    assert np.isfinite(count)
