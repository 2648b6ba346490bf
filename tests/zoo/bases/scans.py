"""Bases of liars about scans, in files and in memory."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Array, Arrays, Held, Liar, Misreading, stack_of


class Peeking(Liar):
    """Refuses or changes what it loads after a look at the archive itself."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path) as archive:
            held = {name: archive[name] for name in archive.files if self.wanted(name)}
        return self.looked(scan, held, path)

    def wanted(self, name: str) -> bool:
        """Whether a member is looked at."""
        return False

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        """Return the scan, another one, or raise."""
        raise NotImplementedError

    def again(self, scan: Any, **changes: Any) -> Any:
        """Return the scan with arrays changed."""
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(held | changes)


def held_by(right: Any, scan: Any) -> Arrays:
    """Arrays of a scan that are there."""
    return {name: values for name, values in right.arrays(scan).items() if values is not None}


class ChangingScans(Liar):
    """Changes the arrays of every scan that it takes, from a file or from memory."""

    def load(self, path: Path) -> Any:
        return self._changed(self.right.load(path))

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        return self._changed(self.right.assemble(arrays))

    def _changed(self, scan: Any) -> Any:
        held = held_by(self.right, scan)
        changes = self.altered(held)
        return self.right.assemble(held | changes) if changes else scan

    def altered(self, held: Arrays) -> Arrays:
        """Return the arrays to replace, or none."""
        raise NotImplementedError


class Restacking(Misreading):
    """Changes the stack as it is stored."""

    def altered(self, members: Arrays) -> Arrays:
        return members | {stack_of(members): self.stack(members[stack_of(members)])}

    def stack(self, stored: Array) -> Array:
        """Return the changed stack."""
        raise NotImplementedError


class Rebuilding(Liar):
    """Changes the arrays of a scan that was made rightly."""

    def rebuilt(self, scan: Any, **changes: Array) -> Any:
        """Return a scan with some arrays replaced."""
        held = {name: values for name, values in Held(self.right, scan).arrays.items() if values is not None}
        return self.right.assemble(held | changes)
