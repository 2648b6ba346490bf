"""Folders in which the right backend repeats a call of a liar."""

from __future__ import annotations

import shutil
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np


class Sandbox:
    """The folders that a call works in: copied before it ran where it may write, else only looked at."""

    def __init__(self, folder: Path, turns: int, *, copying: bool) -> None:
        self.folder, self.turns, self.copying = folder, turns, copying
        self.watched: list[Path] = []
        self._before: dict[str, tuple[int, int]] = {}

    def watch(self, path: Path) -> None:
        place = path if path.is_dir() else path.parent
        if place in self.watched or not place.is_dir():
            return
        for turn in range(self.turns if self.copying else 0):
            shutil.copytree(place, self._copy(len(self.watched), turn))
        self.watched.append(place)
        self._before = self._listed()

    def _listed(self) -> dict[str, tuple[int, int]]:
        found = [(path, path.stat()) for place in self.watched for path in place.rglob("*")]
        return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found if not path.is_dir()}

    def touched(self) -> list[str]:
        """Names of files that came, went or changed where none may."""
        if self.copying:
            return []
        return sorted(Path(name).name for name, _ in self._listed().items() ^ self._before.items())

    def _copy(self, number: int, turn: int) -> Path:
        return self.folder / f"{turn}-{number}"

    def copies(self, turn: int) -> list[Path]:
        return [self._copy(number, turn) for number in range(len(self.watched) if self.copying else 0)]

    def renamed(self, turn: int) -> dict[str, str]:
        return {str(copy): str(place) for copy, place in zip(self.copies(turn), self.watched, strict=False)}

    def sandboxed(self, given: Any, turn: int) -> Any:
        """Fresh copies of pristine arguments, whose paths lead into the copied folders."""
        if isinstance(given, np.ndarray):
            return given.copy()
        if isinstance(given, Path):
            return self._moved(given, turn)
        if is_dataclass(given) and not isinstance(given, type):
            return replace(given, **{name: self.sandboxed(value, turn) for name, value in vars(given).items()})
        if type(given) is dict:
            return {name: self.sandboxed(value, turn) for name, value in given.items()}
        if type(given) in (list, tuple):
            return type(given)(self.sandboxed(value, turn) for value in given)
        return given

    def _moved(self, path: Path, turn: int) -> Path:
        for number, place in enumerate(self.watched if self.copying else []):
            if path == place or place in path.parents:
                return self._copy(number, turn) / path.relative_to(place)
        return path

    def close(self) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
