"""Files of kinds that no list has: the ones that are cheap to make are told right, and none breaks the tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files.variants import Variant, all_variants, answered

_EVERY = 6


@pytest.mark.parametrize("one", all_variants()[::_EVERY], ids=lambda one: one.name)
def test_a_variant_is_not_called_what_it_is_not(one: Variant, tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="HDF5 files need h5py")
    outcome, said = answered(one, one.make(tmp_path))
    assert outcome in ("HELPED", "VAGUE", "SILENT"), said
