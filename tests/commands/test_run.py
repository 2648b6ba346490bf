"""What ``run`` refuses before any check runs, and what it leaves out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.commands.calling import Call
from tests.program import command


def test_a_missing_scan_is_left_out_when_it_may_be() -> None:
    done = command("run", "--adapter", "ref", "--stage", "config", "--scan", "absent.npz", "--if-present")
    assert done.returncode == 0
    assert "absent.npz is not there" in done.stderr


@pytest.fixture
def files(tmp_path: Path) -> Path:
    np.savez(tmp_path / "no-scan.npz", a=np.ones(3))
    (tmp_path / "text.npz").write_text("this is no archive")
    (tmp_path / "broken.toml").write_text("[[expected")
    (tmp_path / "empty.toml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("--stage groping", "groping"),
        ("--adapter nobody", "nobody"),
        ("--adapter nowhere:Nobody", "nowhere"),
        ("--adapter os:Nobody", "Nobody"),
        ("--adapter ref --scan absent.npz", "absent.npz"),
        ("--adapter ref --scan .", "."),
        ("--adapter ref --scan text.npz", "text.npz"),
        ("--adapter ref --scan no-scan.npz", "no-scan.npz"),
        ("--adapter ref --expected absent.toml", "absent.toml"),
        ("--adapter ref --expected broken.toml", "broken.toml"),
        ("--adapter ref --update-expected", "--update-expected"),
        ("--adapter ref --json absent/result.json", "absent/result.json"),
        ("--adapter ref --json .", "--json ."),
        ("--adapter ref --json text.npz/result.json", "text.npz/result.json"),
        ("--adapter ref --markdown absent/gaps.md", "absent/gaps.md"),
        ("--adapter ref --markdown .", "--markdown ."),
        ("--adapter ref --profile foo", "foo"),
        ("--adapter ref --seeds 2 --profile foo", "foo"),
        ("--adapter ref --jobs=-1", "-1"),
        ("--adapter ref --minutes 0", "--minutes 0"),
        ("--adapter ref --minutes nan", "--minutes nan"),
        ("--adapter ref --minutes 1 --seeds 2", "--minutes"),
        ("--adapter ref --minutes 1 --expected empty.toml --update-expected", "--minutes"),
        ("--adapter ref --jobs many", "many"),
        ("--adapter ref --seeds 0", "0"),
        ("--adapter ref --seed=-1", "-1"),
        ("--adapter ref --seeds 2 --seed 1", "--seed"),
        ("--adapter ref --seeds 2 --scan no-scan.npz", "--scan"),
        ("--adapter ref --seeds 2 --markdown gaps.md", "--markdown"),
        ("--adapter ref --resume seeds.jsonl", "--resume"),
        ("--adapter ref --bogus", "--bogus"),
        ("--adapter ref scan.npz", "scan.npz"),
    ],
)
def test_wrong_usage_runs_nothing(options: str, value: str, call: Call, files: Path) -> None:
    before = sorted(files.iterdir())
    call("run", *options.split()).refuses(value)
    assert sorted(files.iterdir()) == before
