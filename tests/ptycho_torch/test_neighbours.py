"""Neighbour rules, against loops that look at every pair of points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.torch

RASTER = np.array([(1.5 * column, 1.5 * row) for row in range(8) for column in range(8)])


@pytest.fixture
def scattered(rng: np.random.Generator) -> Any:
    """A wide scan, not centred, with 60 points at irregular distances."""
    return rng.uniform((40.0, -7.0), (55.0, 1.0), (60, 2))


def formed(positions: Any, seed: Any = 4, **rule: Any) -> Any:
    from ptycho_torch.neighbours import NeighbourRule, groups_by_rule

    return groups_by_rule(np.asarray(positions, dtype=np.float64), NeighbourRule(**rule), seed)


def distance(positions: Any, one: int, other: int) -> float:
    return float(np.hypot(*(positions[other] - positions[one])))


def pool_of(positions: Any, centre: int, K: int, low: float = 0.0, high: float = np.inf) -> set[int]:
    """The centre and the K nearest others at allowed distances."""
    others = [i for i in range(len(positions)) if i != centre and low <= distance(positions, centre, i) <= high]
    return {centre, *sorted(others, key=lambda i: distance(positions, centre, i))[:K]}


def quadrants_of(positions: Any, centre: int, K: int, low: float, high: float) -> list[set[int]]:
    """Candidates of the four quadrants in rows, smaller y first, smaller x first."""
    found: list[set[int]] = [set(), set(), set(), set()]
    for i in pool_of(positions, centre, K) - {centre}:
        dx, dy = positions[i] - positions[centre]
        if low <= distance(positions, centre, i) <= high and dx != 0 and dy != 0:
            found[2 * int(dy > 0) + int(dx > 0)].add(i)
    return found


def test_four_quadrants_on_a_raster() -> None:
    found = formed(RASTER, rule="4_quadrant")
    inner = [8 * row + column for row in range(1, 7) for column in range(1, 7)]
    assert found.centres.tolist() == inner
    assert found.dropped == 64 - 36
    for centre, members in zip(inner, found.members.tolist(), strict=True):
        assert members == [centre - 9, centre - 7, centre + 7, centre + 9]


def test_four_quadrants_on_any_scan(scattered: Any) -> None:
    found = formed(scattered, rule="4_quadrant", K_quadrant=12, min_distance=0.7, max_distance=2.6, repeats=3)
    expected, dropped = [], 0
    for centre in range(60):
        candidates = quadrants_of(scattered, centre, 12, 0.7, 2.6)
        if sum(not one for one in candidates) > 1:
            dropped += 1
            continue
        expected += [(centre, candidates)] * 3
    assert found.centres.tolist() == [centre for centre, _ in expected]
    assert found.dropped == dropped > 0
    stood_in = 0
    for members, (centre, candidates) in zip(found.members.tolist(), expected, strict=True):
        for member, candidate in zip(members, candidates, strict=True):
            assert member in (candidate or {centre})
        stood_in += centre in members
        assert len(set(members)) == 4
    assert stood_in, "no scan point had one empty quadrant: the scan shows nothing"


def test_every_candidate_of_a_quadrant_is_drawn(scattered: Any) -> None:
    found = formed(scattered, rule="4_quadrant", K_quadrant=20, max_distance=3.0, repeats=200)
    first = int(found.centres[0])
    for column, candidates in enumerate(quadrants_of(scattered, first, 20, 0.0, 3.0)):
        assert set(found.members[:200, column].tolist()) == (candidates or {first})


def test_nearest_draws_from_the_pool(scattered: Any) -> None:
    found = formed(scattered, rule="Nearest", K=5, repeats=60)
    assert found.dropped == 0
    assert found.centres.tolist() == np.repeat(np.arange(60), 60).tolist()
    for centre in range(60):
        rows = found.members[60 * centre : 60 * (centre + 1)].tolist()
        assert all(len(set(row)) == 4 for row in rows)
        assert {member for row in rows for member in row} == pool_of(scattered, centre, 5)


@pytest.mark.parametrize(("low", "high", "K"), [(0.0, 1.6, 6), (0.9, 2.1, 4), (1.2, 1.9, 30), (0.0, 1e9, 5)])
def test_distances_choose_the_pool(scattered: Any, low: float, high: float, K: int) -> None:
    found = formed(scattered, rule="Min_dist", K=K, min_distance=low, max_distance=high, repeats=150)
    pools = [pool_of(scattered, centre, K, low, high) for centre in range(60)]
    kept = [centre for centre in range(60) if len(pools[centre]) >= 4]
    assert found.centres.tolist() == np.repeat(kept, 150).tolist()
    assert found.dropped == 60 - len(kept)
    for place, centre in enumerate(kept):
        rows = found.members[150 * place : 150 * (place + 1)].tolist()
        assert all(len(set(row)) == 4 for row in rows)
        drawn = {member for row in rows for member in row}
        assert drawn <= pools[centre]
        if len(pools[centre]) < 10:
            assert drawn == pools[centre]


def test_both_distances_are_inclusive() -> None:
    raster = RASTER / 1.5 + (3.0, 7.0)
    found = formed(raster, rule="Min_dist", K=30, min_distance=1.0, max_distance=2.0, repeats=300)
    at = int(np.flatnonzero(found.centres.numpy() == 27)[0])
    drawn = {member for row in found.members[at : at + 300].tolist() for member in row}
    assert drawn == pool_of(raster, 27, 30, 1.0, 2.0)
    assert {distance(raster, 27, member) for member in drawn} >= {0.0, 1.0, 2.0}


def test_a_distance_of_the_scan_itself_is_within(rng: np.random.Generator) -> None:
    """The centre needs the point that lies at the very limit, however squares and roots are rounded."""
    for _ in range(60):
        centre, partner = rng.uniform(-50, 50, (2, 2))
        points = np.array([centre, centre + 1e-3, centre - 1e-3, partner])
        limit = distance(points, 0, 3)
        assert 0 in formed(points, rule="Min_dist", K=4, max_distance=limit).centres.tolist()
        assert 0 in formed(points, rule="Min_dist", K=4, min_distance=0.0, max_distance=limit * 1.01).centres.tolist()
        assert 0 not in formed(points, rule="Min_dist", K=4, max_distance=limit * (1 - 1e-12)).centres.tolist()


def test_bounds_give_indices_of_the_whole_scan(scattered: Any) -> None:
    x, y = scattered.T
    for rule in ("Nearest", "Min_dist", "4_quadrant"):
        found = formed(scattered, rule=rule, K=5, x_bounds=(0.4, 0.9), y_bounds=(0.0, 0.7), max_distance=50.0)
        inside = {
            i for i in range(60) if 0.4 <= (x[i] - x.min()) / np.ptp(x) <= 0.9 and (y[i] - y.min()) / np.ptp(y) <= 0.7
        }
        kept = set(found.centres.tolist())
        assert 0 < len(inside) < 60
        assert kept <= inside
        assert found.dropped == len(inside) - len(kept)
        if rule == "4_quadrant":
            continue
        assert kept == inside
        for centre, members in zip(found.centres.tolist(), found.members.tolist(), strict=True):
            assert set(members) <= pool_of(scattered, centre, 5)


def test_bounds_that_leave_out_the_head_of_the_scan() -> None:
    found = formed(RASTER, rule="Nearest", gridsize=1, y_bounds=(0.5, 1.0))
    assert found.centres.tolist() == list(range(32, 64))
    assert found.members[:, 0].tolist() == list(range(32, 64))


@pytest.mark.parametrize(("pitch", "origin"), [(0.7, 3.2), (1.1, -40.3), (1 / 3, 1e5), (2.5, 0.1)])
def test_columns_on_a_bound_are_inside(pitch: float, origin: float) -> None:
    raster = np.array([(origin + pitch * column, row) for row in range(3) for column in range(11)])
    found = formed(raster, gridsize=1, x_bounds=(0.1, 0.9))
    assert found.centres.tolist() == [11 * row + column for row in range(3) for column in range(1, 10)]


def test_an_axis_without_extent_excludes_nothing() -> None:
    line = np.stack([np.arange(9.0), np.full(9, 4.2)], axis=1)
    assert formed(line, gridsize=1, y_bounds=(0.3, 0.6)).centres.tolist() == list(range(9))
    assert formed(line, gridsize=1, x_bounds=(0.25, 0.6), y_bounds=(0.3, 0.6)).centres.tolist() == [2, 3, 4]
    assert formed(line[:1], gridsize=1, x_bounds=(0.3, 0.6)).centres.tolist() == [0]


def test_repeats_follow_each_other() -> None:
    found = formed(RASTER, gridsize=1, repeats=3, x_bounds=(0.9, 1.0))
    assert found.centres.tolist() == np.repeat(np.arange(7, 64, 8), 3).tolist()
    assert found.members.tolist() == [[centre] for centre in found.centres.tolist()]


def test_points_at_one_place_are_different_points() -> None:
    twice = np.repeat(RASTER[:16], 3, axis=0)
    for rule in ("Nearest", "Min_dist"):
        found = formed(twice, rule=rule, K=5, repeats=20)
        assert found.dropped == 0
        assert all(len(set(row)) == 4 for row in found.members.tolist())


def test_a_pool_beyond_the_scan_is_the_whole_scan() -> None:
    for rule in ("Nearest", "Min_dist"):
        found = formed(RASTER[:5], rule=rule, K=40, max_distance=100.0, repeats=80)
        members = found.members.tolist()
        assert {member for row in members for member in row} == set(range(5))
        assert all(len(set(row)) == 4 for row in members)


@pytest.mark.parametrize("rule", ["Nearest", "Min_dist", "4_quadrant"])
@pytest.mark.parametrize("M", [0, 1, 3])
def test_a_scan_smaller_than_a_group_is_dropped_whole(rule: Any, M: int) -> None:
    found = formed(RASTER[:M].reshape(M, 2), rule=rule)
    assert found.members.shape == (0, 4)
    assert found.centres.shape == (0,)
    assert found.dropped == M


@pytest.mark.parametrize("rule", ["Nearest", "Min_dist", "4_quadrant"])
def test_chunks_change_no_centre(rule: Any, scattered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = formed(scattered, rule=rule, K=5, max_distance=1.4)
    monkeypatch.setattr("ptycho_torch.neighbours._CHUNK", 40)
    pieces = formed(scattered, rule=rule, K=5, max_distance=1.4)
    assert pieces.centres.tolist() == whole.centres.tolist()
    assert (pieces.dropped, pieces.members.shape) == (whole.dropped, whole.members.shape)
    for centre, members in zip(pieces.centres.tolist(), pieces.members.tolist(), strict=True):
        assert len(set(members)) == 4
        assert all(distance(scattered, centre, member) <= 1.4 for member in members) or rule == "Nearest"


def test_seeds_and_generators(scattered: Any) -> None:
    import torch

    def drawn(seed: Any) -> Any:
        return formed(scattered, seed, rule="Nearest", K=8).members.tolist()

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)
    assert drawn(None) != drawn(None)
    generator = torch.Generator().manual_seed(5)
    assert drawn(generator) == drawn(5)
    assert drawn(generator) != drawn(5)
    before = torch.random.get_rng_state()
    drawn(1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_results_lie_on_the_device_asked_for() -> None:
    import torch

    from ptycho_torch.neighbours import NeighbourRule, groups_by_rule

    found = groups_by_rule(RASTER, NeighbourRule(), 1, "meta")
    assert found.members.device.type == found.centres.device.type == "meta"
    assert (found.members.dtype, found.centres.dtype) == (torch.int32, torch.int64)


@pytest.mark.parametrize(
    ("rule", "clause", "array"),
    [
        ({"rule": "Nearest_"}, "", "rule"),
        ({"gridsize": 0}, "GRP-026", "gridsize"),
        ({"repeats": 0}, "", "repeats"),
        ({"K": 3}, "GRP-014", "K"),
        ({"rule": "Min_dist", "K": 3}, "GRP-014", "K"),
        ({"rule": "4_quadrant", "gridsize": 3}, "", "gridsize"),
        ({"rule": "4_quadrant", "K_quadrant": 3}, "GRP-014", "K_quadrant"),
        ({"rule": "Min_dist", "min_distance": 4.0}, "", "min_distance"),
        ({"rule": "4_quadrant", "min_distance": -1.0}, "", "min_distance"),
        ({"rule": "Min_dist", "max_distance": float("nan")}, "", "min_distance"),
        ({"x_bounds": (0.5, 0.5)}, "", "x_bounds"),
        ({"y_bounds": (-0.1, 0.5)}, "", "y_bounds"),
        ({"y_bounds": (0.1, float("nan"))}, "", "y_bounds"),
    ],
)
def test_senseless_rules_are_refused(rule: Any, clause: str, array: str) -> None:
    from ptycho_torch.errors import Refusal

    with pytest.raises(Refusal) as caught:
        formed(RASTER, **rule)
    assert (caught.value.clause, caught.value.array) == (clause, array)
    assert caught.value.remedy
