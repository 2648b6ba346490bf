"""Fixes of files of people do what they claim, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files import variants_of_parts
from tests.files.mended import proven
from tests.files.variants import Variant, all_variants

PARTS = [one for one in all_variants() if one.name in variants_of_parts.VARIANTS]
REST = [one for one in all_variants() if one.name not in variants_of_parts.VARIANTS]


@pytest.mark.parametrize("one", PARTS, ids=lambda one: one.name)
def test_fixes_of_parts_keep_their_promises(one: Variant, tmp_path: Path) -> None:
    assert not [wrong for _, wrong in proven(one, tmp_path) if wrong]


@pytest.mark.night
@pytest.mark.parametrize("one", REST, ids=lambda one: one.name)
def test_fixes_of_all_else_keep_theirs(one: Variant, tmp_path: Path) -> None:
    assert not [wrong for _, wrong in proven(one, tmp_path) if wrong]
