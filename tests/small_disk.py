"""A file system of a few kilobytes, or one that is read-only, in which a command runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_BLOCK = 4096


@dataclass(frozen=True)
class Ran:
    """A command that ran on the disk, and the files that it left there."""

    exit_code: int
    stdout: str
    stderr: str
    left: Mapping[str, str]

    def blames(self, *words: str) -> None:
        """Assert that one sentence says what is wrong, with these words, and no traceback."""
        assert "Traceback" not in self.stderr
        said = self.stderr.splitlines()
        assert [line for line in said if all(word in line for word in words)], said


@cache
def _refused() -> str:
    """Why no file system can be mounted here; empty where that can be done."""
    try:
        done = subprocess.run(
            _inside("mount", "-t", "tmpfs", "tmpfs", "/mnt"), capture_output=True, text=True, check=False
        )
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""


def _inside(*command: str) -> list[str]:
    """Return a command that runs with mounts of its own, which end with it."""
    return ["unshare", "--map-root-user", "--mount", *command]


class SmallDisk:
    """A place where a disk is mounted for one command at a time.

    Parameters
    ----------
    place : Path
        An empty folder.
    """

    def __init__(self, place: Path) -> None:
        if _refused():
            pytest.skip(f"no file system can be mounted here: {_refused()}")
        self.place = place

    def run(
        self,
        *arguments: str,
        kept: Mapping[str, str],
        free: int = 0,
        read_only: bool = False,
        temporary: bool = False,
    ) -> Ran:
        """Run ``ptycho-conformance`` on a new disk.

        Parameters
        ----------
        *arguments : str
        kept : Mapping of str to str
            Files that lie there before.
        free : int
            Bytes that are free then.
        read_only : bool
        temporary : bool
            Whether temporary files lie there too.
        """
        asked = {"kept": dict(kept), "free": free, "read_only": read_only, "temporary": temporary}
        command = [sys.executable, "-m", "tests.small_disk", str(self.place), json.dumps(asked), *arguments]
        root = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            _inside(*command), capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": root}
        )
        assert done.returncode == 0, done.stderr
        return Ran(**json.loads(done.stdout))


def _main(place: Path, asked: Mapping[str, object], arguments: Sequence[str]) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={1 << 20}", "tmpfs", str(place)], check=True)
    kept = asked["kept"]
    assert isinstance(kept, dict)
    for name, text in kept.items():
        (place / name).write_text(text, encoding="utf-8")
    _fill(place / "filling", int(str(asked["free"])))
    if asked["read_only"]:
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    temporary = {"TMPDIR": str(place)} if asked["temporary"] else {}
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=place,
        env=os.environ | temporary,
        capture_output=True,
        text=True,
        check=False,
    )
    left = {
        str(one.relative_to(place)): one.read_text(encoding="utf-8", errors="replace")
        for one in place.rglob("*")
        if one.is_file() and one.name != "filling"
    }
    print(json.dumps({"exit_code": done.returncode, "stdout": done.stdout, "stderr": done.stderr, "left": left}))


def _fill(path: Path, free: int) -> None:
    there = os.statvfs(path.parent)
    with path.open("wb") as stream:
        stream.write(bytes(max(0, there.f_bavail * there.f_frsize - free) // _BLOCK * _BLOCK))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])
