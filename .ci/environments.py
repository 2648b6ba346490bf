"""Judges the reference with the lowest versions that pyproject.toml allows, and with the newest on the newest Python.

Each environment is a virtual one of its own, made of the wheel of this checkout and used from an empty folder; nothing
is left behind. ``environments.py [lowest] [newest]`` makes those named; none named means both, side by side.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [
    Path(sys.executable),
    *Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin/python"),
]
LARGEST_MINOR = 30
NEAR_THE_SYSTEM = ("npz", "cache", "container", "dataset", "config")

Version = tuple[int, int]


class Failed(Exception):
    """A command of an environment ended badly; the text says which one and how."""


def lowest_python() -> Version:
    """Return what ``requires-python`` begins with."""
    major, minor = PROJECT["requires-python"].removeprefix(">=").split(".")[:2]
    return int(major), int(minor)


def lowest_versions() -> list[str]:
    """Return each dependency pinned to its lower bound.

    Raises
    ------
    Failed
        A dependency states no lower bound.
    """
    found = {one: re.fullmatch(r"([\w.-]+)>=([\w.]+)", one) for one in PROJECT["dependencies"]}
    unbounded = [one for one, match in found.items() if match is None]
    if unbounded:
        raise Failed(f"pyproject.toml: not of the form name>=version: {', '.join(unbounded)}")
    return [f"{match[1]}=={match[2]}" for match in found.values() if match]


def pythons() -> dict[Version, Path]:
    """Return the released Pythons of this machine, one of each minor version, the oldest first."""
    names = (shutil.which(f"python3.{minor}") for minor in range(LARGEST_MINOR))
    found: dict[Version, Path] = {}
    for python in [*PYTHONS, *(Path(name) for name in names if name)]:
        code = "import sys, venv, ensurepip; print(*sys.version_info[:2], sys.version_info.releaselevel)"
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            major, minor, level = done.stdout.split()
            if level == "final":
                found.setdefault((int(major), int(minor)), python)
    return dict(sorted(found.items()))


class Environment:
    """A virtual environment, and an empty folder in which its commands run."""

    def __init__(self, label: str, python: Path, folder: Path) -> None:
        self.label, self.empty, self.programs = label, folder / "empty", folder / "venv" / "bin"
        self.empty.mkdir(parents=True)
        self.told: list[str] = []
        # What the newest Python changes is how files, processes and tensors are handled; the tests do the arithmetic.
        self.stages = () if label.startswith("lowest") else [f"--stage={one}" for one in NEAR_THE_SYSTEM]
        self.run("venv", python, "-m", "venv", folder / "venv")

    def run(self, what: str, program: str | Path, *arguments: str | Path) -> str:
        """Run a command and return what it wrote.

        Raises
        ------
        Failed
            Its exit code is not 0.
        """
        started = time.monotonic()
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [str(self.programs / program), *map(str, arguments)],  # an absolute path stays what it is
            cwd=self.empty,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"{self.label}: {what} ended with exit code {done.returncode}\n{done.stdout[-4000:]}")
        self.told.append(f"{what} {time.monotonic() - started:.0f} s")
        return done.stdout

    def judge(self) -> str:
        """Run what a user would, the contract, and a stage of it by pytest; return a line that says what was done."""
        command = "ptycho-conformance"
        held = self.run("list", "python", "-m", "pip", "list", "--format=freeze").split()
        names = [re.split("[>=<]", one)[0].lower() for one in PROJECT["dependencies"]]
        versions = [one.replace("==", " ") for one in held if one.partition("==")[0].lower() in names]
        self.run("explain", command, "explain", "GRP-001")
        self.run("simulate", command, "simulate", "scan.npz")
        self.run("validate", command, "validate", "scan.npz")
        told = self.run("run", command, "run", "--adapter", "ref", "--no-capsules", *self.stages)
        checks = ("--pyargs", "conformance.checks.patches", "-m", "contract", "-p", "no:cacheprovider")
        if self.label.startswith("lowest"):
            # The environment of the tests has a new pytest.
            self.run("pytest", "python", "-m", "pytest", "-q", *checks)
        last = next((line for line in reversed(told.splitlines()) if line.startswith("ref: ")), told[-400:])
        return f"{self.label}: {', '.join(versions)}\n{self.label}: {last}\n{self.label}: {', '.join(self.told)}"


def lowest(wheel: Path, folder: Path) -> str:
    """Judge with the lowest versions, on the lowest Python where it is there."""
    version = lowest_python()
    python = pythons().get(version)
    if python is None:
        return f"lowest: skipped, this machine has no Python {version[0]}.{version[1]}"
    one = Environment(f"lowest (Python {version[0]}.{version[1]})", python, folder)
    one.run("install", "python", "-m", "pip", "install", "-q", *lowest_versions(), wheel)
    return one.judge()


def newest(wheel: Path, folder: Path) -> str:
    """Judge with the newest releases on the newest Python, where there is one above the lowest."""
    version, python = list(pythons().items())[-1]
    if version <= lowest_python():
        return f"newest: skipped, this machine has no Python newer than {version[0]}.{version[1]}"
    one = Environment(f"newest (Python {version[0]}.{version[1]})", python, folder)
    one.run("install", "python", "-m", "pip", "install", "-q", wheel)
    return one.judge()


def built(folder: Path) -> Path:
    """Build the wheel of this checkout."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"the wheel cannot be built\n{done.stderr[-4000:]}")
    return next(folder.glob("*.whl"))


def main(asked: list[str]) -> int:
    """Make the environments asked for; 0 when none failed, 1 when one did, 3 when there is none of that name."""
    kinds = {"lowest": lowest, "newest": newest}
    if set(asked) - set(kinds):
        print(f"no environment is called {', '.join(set(asked) - set(kinds))}; there are {', '.join(kinds)}")
        return 3
    failed = False
    with tempfile.TemporaryDirectory(prefix="environments-") as name, ThreadPoolExecutor() as pool:
        try:
            wheel = built(Path(name))
        except Failed as error:
            print(error)
            return 1
        for ended in [pool.submit(kinds[kind], wheel, Path(name) / kind) for kind in asked or kinds]:
            try:
                print(ended.result(), flush=True)
            except Failed as error:
                print(error, flush=True)
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
