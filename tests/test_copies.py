"""Guards that both backends hold a copy of: neither may import the other, and a mend of one is owed to both."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPIES = ("atomic", "crossing", "npy_header", "stored_text", "unpacking", "zip_directory")


@pytest.mark.parametrize("module", COPIES)
def test_copies_are_the_same_to_the_letter(module: str) -> None:
    ref, torch = (
        (ROOT / package / f"{module}.py").read_text(encoding="utf-8").replace(package, "")
        for package in ("ptycho_ref", "ptycho_torch")
    )
    assert ref == torch
