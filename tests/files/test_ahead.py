"""Reading ahead: order, errors after the blocks before them, and an end without a thread left."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from conformance.files.ahead import read_ahead
from conformance.files.formats.values import Values
from conformance.files.pace import heard_by, told
from conformance.files.stack import content_of, layout_of


def _numbers(count: int, broken_at: int = -1) -> Iterator[int]:
    for number in range(count):
        if number == broken_at:
            raise OSError("the disk is gone")
        told("numbers", number, count)
        yield number


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_blocks_come_in_their_order(count: int) -> None:
    assert list(read_ahead(_numbers(count))) == list(range(count))


@pytest.mark.parametrize("broken_at", [0, 1, 2, 9])
def test_an_error_comes_after_the_blocks_before_it(broken_at: int) -> None:
    seen: list[int] = []
    with pytest.raises(OSError, match="the disk is gone"):
        seen.extend(read_ahead(_numbers(10, broken_at)))
    assert seen == list(range(broken_at))


def test_no_thread_is_left_by_who_stops_early() -> None:
    before = threading.active_count()
    ahead = read_ahead(_numbers(1000))
    assert [next(ahead), next(ahead), next(ahead)] == [0, 1, 2]
    ahead.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_few_blocks_wait() -> None:
    made: list[int] = []
    ahead = read_ahead(made.append(k) or k for k in range(100))  # type: ignore[func-returns-value]
    used = [next(ahead) for _ in range(5)]
    assert used == [0, 1, 2, 3, 4]
    assert len(made) <= 8


def test_the_listener_is_told_in_the_thread_too() -> None:
    heard: list[int] = []
    with heard_by(lambda name, done, total: heard.append(done)):
        list(read_ahead(_numbers(20)))
    assert heard == list(range(20))


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "i4", "f2", "<f4", ">f4", "f8"])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("odd", ["none", "negative", "nan", "infinite"])
def test_one_look_sees_what_a_plain_one_sees(dtype: str, legacy: bool, odd: str) -> None:
    rng = np.random.default_rng(3)
    frames = rng.poisson(4.0, (23, 10, 12)).astype(dtype)
    if odd == "negative" and frames.dtype.kind != "u":
        frames[4, 3, 2] = -1
    if odd in ("nan", "infinite") and frames.dtype.kind == "f":
        frames[4, 3, 2] = np.nan if odd == "nan" else np.inf
    stored = np.ascontiguousarray(np.moveaxis(frames, 0, -1)) if legacy else frames
    content = content_of(Values("diff3d", stored), layout_of(stored.shape, 23))
    survey = content.survey
    assert survey is not None
    plain = frames.astype(np.float64)
    finite = np.where(np.isfinite(plain), plain, 0.0)
    np.testing.assert_array_equal(survey.least, finite.min(axis=0))
    np.testing.assert_array_equal(survey.largest, finite.max(axis=0))
    np.testing.assert_allclose(survey.sums, finite.sum(axis=0))
    assert (content.non_finite is not None) == (not np.isfinite(plain).all())
    assert (content.negative is not None) == bool((plain < 0).any())
