"""Arrays that are laid aside come back as they were."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import numpy as np
import pytest

from conformance.backends.kept import Kept, bytes_of
from conformance.checks.conduct.laid_aside import Store


@pytest.mark.parametrize("dtype", ["<c8", ">f8", "uint8", "bool", "<U7"])
def test_large_arrays_come_back_from_the_file_and_small_ones_stay(dtype: str) -> None:
    large = np.arange(80_000).reshape(400, 200).astype(dtype)
    small, other = np.arange(3), object()
    found = Store().aside({"large": large, "small": small, "group": {"Y": large.T}, "N": 8, "none": None, "it": other})
    assert list(found) == ["large", "small", "group", "N", "none", "it"]
    for back, expected in ((found["large"], large), (found["group"]["Y"], large.T)):
        assert (back.dtype, back.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(back, expected)
        assert back.flags.writeable
    assert found["large"] is not found["large"]
    assert found["small"] is small
    assert (found["N"], found["none"], found["it"]) == (8, None, other)


def test_the_file_goes_with_what_lies_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Store().aside({"large": np.zeros(100_000)})
        assert not found["large"].any()
        del found
        gc.collect()
    assert not list(tmp_path.iterdir())


def test_what_does_not_fit_on_the_disk_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    store, values = Store(), np.arange(100_000)

    def full(*_: object) -> int:
        raise OSError(28, "no space left")

    monkeypatch.setattr(store._file, "write", full, raising=False)
    assert store.aside({"large": values})["large"] is values


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    kept = Kept[int](10)
    for key, size in (("a", 4), ("b", 4)):
        kept.keep(key, size, size)
    assert kept.get("a") == 4
    kept.keep("c", 7, 6)
    assert [kept.get(key) for key in "abc"] == [4, None, 7]
    kept.keep("d", 1, 1000)
    assert [kept.get(key) for key in "acd"] == [None, None, 1]
    assert bytes_of({"x": np.zeros(5), "nothing": None}) == 40
