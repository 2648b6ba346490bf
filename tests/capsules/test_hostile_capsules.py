"""Capsules of unknown origin: damaged or hostile ones cannot run, and import nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.failures.replay import Verdict
from conformance.failures.replaying import replayed

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.night]


def edit(name: str, **changes: Any) -> Callable[[Path], None]:
    """Change keys of a JSON file of a capsule, and make its checksum right again."""

    def change(folder: Path) -> None:
        record = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(record | changes))
        resealed(folder)

    return change


def resealed(folder: Path) -> None:
    record = json.loads((folder / "capsule.json").read_text())
    for name in record["files"]:
        if (folder / name).is_file():
            record["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    record["seal"] = ""
    record["seal"] = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    (folder / "capsule.json").write_text(json.dumps(record))


def replaced(name: str, content: bytes | None, *, sealed: bool = False) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        if sealed:
            resealed(folder)

    return change


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("sprung"),))


def trapped(folder: Path) -> None:
    with np.load(folder / "input.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["xcoords"] = np.array([Trap()], dtype=object)
    np.savez(folder / "input.npz", **arrays)
    resealed(folder)


def linked(folder: Path) -> None:
    shutil.move(folder / "input.npz", folder.parent / "elsewhere.npz")
    (folder / "input.npz").symlink_to(folder.parent / "elsewhere.npz")


def as_folder(folder: Path) -> None:
    (folder / "arguments.json").unlink()
    (folder / "arguments.json").mkdir()


HOSTILE = {
    "no capsule.json": replaced("capsule.json", None),
    "no arguments": replaced("arguments.json", None),
    "arguments that are a folder": as_folder,
    "no input": replaced("input.npz", None),
    "input cut short": lambda folder: (folder / "input.npz").write_bytes((folder / "input.npz").read_bytes()[:-50]),
    "input cut short, sealed again": replaced("input.npz", b"PK\x03\x04", sealed=True),
    "input with an object": trapped,
    "input that is a link": linked,
    "JSON that is none": replaced("capsule.json", b"{'a': 1}"),
    "JSON in another encoding": replaced("capsule.json", "ψ".encode("utf-16")),
    "JSON too deep": replaced("capsule.json", b"[" * 100_000),
    "JSON that is a list": replaced("capsule.json", b"[]"),
    "another schema": edit("capsule.json", schema="ptycho-conformance.capsule/99"),
    "outcome of no kind": edit("capsule.json", outcome="MAYBE"),
    "clauses of numbers": edit("capsule.json", clauses=[1]),
    "no clauses": edit("capsule.json", clauses=[]),
    "files that are text": edit("capsule.json", files="input.npz"),
    "inputs outside the folder": edit(
        "capsule.json", inputs=[{"name": "../../etc/passwd", "sha256": "0", "made": True, "kept": True}]
    ),
    "inputs that are not there": edit(
        "capsule.json", inputs=[{"name": "07-scan.npz", "sha256": "0", "made": True, "kept": True}]
    ),
    "an input that ends in a line break": edit(
        "capsule.json", inputs=[{"name": "07-scan.npz\n", "sha256": "0", "made": True, "kept": False}]
    ),
    "an input of another kind": edit("capsule.json", inputs=["07-scan.npz"]),
    "a key that no capsule has": edit("capsule.json", owner="me"),
    "a key of no encoding": edit("capsule.json", **{"\udc80": 1}),
    "an outcome of no encoding": edit("capsule.json", outcome="\udc80"),
    "three runs": edit("capsule.json", runs=3),
    "true runs": edit("capsule.json", runs=True),
    "replays by a number": edit("capsule.json", replays=1),
    "a checksum that is none": edit("capsule.json", files={"notes.txt": None}),
    "a check outside the suite": edit("capsule.json", check="os.py::system"),
    "a check by a path": edit("capsule.json", check="../evil.py::test_evil"),
    "a module that is no check": edit("capsule.json", check="conftest.py::pytest_runtest_setup"),
    "a function that is no check": edit("capsule.json", check="grouping/test_members.py::test_nothing"),
    "an attribute of a function": edit("capsule.json", check="grouping/test_members.py::check.__globals__"),
    "a number for a check": edit("capsule.json", check=3),
    "no arguments at all": edit("arguments.json", drawn=[]),
    "an argument of another name": edit("arguments.json", drawn={"evidence": 3}),
    "an argument that is a path": edit("arguments.json", drawn={"case": {"path": "/etc/passwd"}}),
    "a cache beside another file": edit(
        "arguments.json", drawn={"case": {"GroupRequest": {"N": 8, "dataset_path": "/tmp/x"}}}
    ),
    "a scan for a check without one": edit(
        "arguments.json", specimen={"scan": {"name": "x", "path": "/dev/zero", "bytes": 0, "sha256": ""}}
    ),
    "a scan at a place that is none": edit(
        "arguments.json", specimen={"scan": {"name": "x", "path": "\0", "bytes": 0, "sha256": ""}}
    ),
    "an argument beside them": edit("arguments.json", more=[]),
    "a scan without a name": edit("arguments.json", specimen={"scan": {}}),
    "a scan that is a number": edit("arguments.json", specimen=3),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_damaged_or_hostile_capsule_cannot_run(
    capsule: Path, change: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    change(capsule)
    (shown,) = replayed(capsule, ["ref"])
    assert shown.verdict is Verdict.CANNOT_RUN
    assert shown.sentence
    assert not (tmp_path / "sprung").exists()


def test_a_capsule_imports_nothing_by_itself(capsule: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    edit("capsule.json", asked="evil:Adapter", adapter="\x1b[2Jevil")(capsule)
    (shown,) = replayed(capsule, [])
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "--adapter evil:Adapter" in shown.sentence
    assert "evil" not in sys.modules
    assert "\x1b" not in shown.line()
