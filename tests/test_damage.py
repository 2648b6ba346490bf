"""Damage reaches every part of a file, in every way, and is the same for equal seeds."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

from conformance.scans.damage import damages, flips, regions


def archive() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, first=np.arange(40.0), second=np.arange(40.0) + 7, third=np.ones((3, 5)))
    return stream.getvalue()


CONTENTS = {"an archive": archive(), "text": b'{"a": 1, "b": [2, 3]}', "one byte": b"x"}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_damage_differs_from_the_file_and_follows_its_seed(content: bytes) -> None:
    first, second = (list(damages(content, np.random.default_rng(5))) for _ in range(2))
    assert first == second
    assert all(damaged != content for _, damaged in first)
    assert len({damaged for _, damaged in first}) > min(len(content), 20)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_regions_cover_a_file(content: bytes) -> None:
    parts = regions(content)
    assert (parts[0].start, parts[-1].stop) == (0, len(content))
    assert all(one.stop == other.start for one, other in itertools.pairwise(parts))


def test_every_part_of_an_archive_is_damaged_in_every_way() -> None:
    told = [what for what, _ in damages(archive(), np.random.default_rng(2))]
    for part in regions(archive()):
        for way in ("cut", "flipped", "overwritten", "zeroed", "without", "twice"):
            assert any(way in what and part.what in what for what in told), (way, part)
    assert any("the values of first.npy and the values of second.npy exchanged" in what for what in told)


def test_flips_change_one_bit() -> None:
    content = archive()
    for _, flipped in flips(content, np.random.default_rng(3), 50):
        assert (int.from_bytes(content) ^ int.from_bytes(flipped)).bit_count() == 1
