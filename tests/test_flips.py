"""Bits flipped in caches, stores and manifests, a few of each; ``python -m tests.hostile.flips`` flips a thousand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.hostile.flips import FOREIGN, OTHER, Target, flipped, main


def test_no_flipped_bit_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "12", "--seed", "5"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert len(table) >= 3
    assert all(line.split(" | ")[1] == "12" for line in table[2:])


def test_what_is_served_or_foreign_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "values"
    file.write_bytes(bytes(40))
    rng = np.random.default_rng(3)
    assert flipped(Target("a reader that believes", file, file.read_bytes), 9, rng) == {OTHER: 9}

    def strict() -> bytes:
        if any(file.read_bytes()):
            raise ZeroDivisionError
        return b""

    assert flipped(Target("a reader that fails", file, strict), 9, rng) == {FOREIGN: 9}
    assert flipped(Target("a reader that refuses", file, strict, (ZeroDivisionError,)), 9, rng)["refused"] == 9
