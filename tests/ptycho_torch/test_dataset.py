"""Rows and batches, against loops in double precision over the arrays that were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles

pytestmark = pytest.mark.torch

SHUFFLED = [20, 0, 9, 13, 1, 8, 14, 7]


@pytest.fixture
def dataset(files: ScanFiles, asked: Request, tmp_path: Path) -> Any:
    from ptycho_torch.dataset import PtychoDataset

    return PtychoDataset(files.paths, asked(), tmp_path / "store")


def equal(one: Any, other: Any) -> bool:
    """Whether batches agree in every field, dtypes and shapes included."""
    import torch

    same = set(one.fields.keys()) == set(other.fields.keys())
    pairs = [(values, other.fields[name]) for name, values in one.fields.items()]
    pairs += [(one.probe, other.probe), (one.scaling, other.scaling)]
    return same and all(a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b) for a, b in pairs)


def stacked(rows: list[Any]) -> Any:
    import torch

    from ptycho_torch.batch import Batch

    fields, probes, scalings = zip(*rows, strict=True)
    return Batch(torch.stack(fields), torch.stack(probes), torch.stack(scalings))


@pytest.mark.parametrize("rows", [SHUFFLED, [3], [0, 1, 2, 3, 4, 5, 6], list(range(21))])
def test_a_batch_holds_what_was_written(dataset: Any, files: ScanFiles, rows: list[int]) -> None:
    fields, probe, scaling = dataset.__getitems__(rows)
    assert tuple(probe.shape) == (len(rows), 4, 3, 8, 8)
    assert tuple(scaling.shape) == (len(rows), 1, 1, 1)
    for place, row in enumerate(rows):
        experiment, members = int(fields["experiment_id"][place]), fields["nn_indices"][place].numpy()
        assert experiment == row // 7
        assert len(set(members.tolist())) == 4
        np.testing.assert_array_equal(fields["images"][place].numpy(), files.frames(experiment)[members])
        positions = files.positions(experiment)[members]
        centre = sum(positions) / 4
        np.testing.assert_array_equal(fields["coords_global"][place, :, 0].numpy(), positions)
        np.testing.assert_allclose(fields["coords_center"][place, 0, 0].numpy(), centre, rtol=1e-14)
        np.testing.assert_allclose(fields["coords_relative"][place, :, 0].numpy(), centre - positions, atol=1e-5)
        own = files.scans[experiment]["probeGuess"].reshape(-1, 8, 8).astype(np.complex128)
        gauge = 1 / (4.0 * np.abs(own).mean())
        assert scaling[place].item() == pytest.approx(gauge, rel=1e-6)
        for channel in range(4):
            np.testing.assert_allclose(probe[place, channel, : len(own)].numpy(), own * gauge, rtol=1e-5, atol=1e-6)
            assert not probe[place, channel, len(own) :].numpy().any()


def test_dtypes_and_shapes_of_the_fields(dataset: Any) -> None:
    fields, probe, scaling = dataset[2:12]
    held = {name: (str(values.dtype).removeprefix("torch."), tuple(values.shape)) for name, values in fields.items()}
    assert held == {
        "images": ("float32", (10, 4, 8, 8)),
        "coords_global": ("float64", (10, 4, 1, 2)),
        "coords_center": ("float64", (10, 1, 1, 2)),
        "coords_relative": ("float32", (10, 4, 1, 2)),
        "nn_indices": ("int32", (10, 4)),
        "experiment_id": ("int32", (10,)),
        "center_scan_id": ("int64", (10,)),
        "rms_scaling_constant": ("float32", (10, 1, 1, 1)),
        "physics_scaling_constant": ("float32", (10, 1, 1, 1)),
        "bad_pixels": ("bool", (10, 8, 8)),
    }
    assert (str(probe.dtype), str(scaling.dtype)) == ("torch.complex64", "torch.float32")
    assert tuple(fields.batch_size) == (10,)


@pytest.mark.parametrize("normalize", ["Batch", "Group", "None"])
def test_data_scales(files: ScanFiles, asked: Request, tmp_path: Path, normalize: str) -> None:
    from ptycho_torch.dataset import PtychoDataset

    dataset = PtychoDataset(files.paths, asked(normalize=normalize), tmp_path / "store")
    fields = dataset[SHUFFLED].fields
    everything = dataset[:].fields
    for place, row in enumerate(SHUFFLED):
        experiment = row // 7
        rows = everything["nn_indices"][7 * experiment : 7 * experiment + 7].numpy()
        chosen = rows if normalize == "Batch" else rows[row % 7 : row % 7 + 1]
        frames = files.frames(experiment)[chosen].astype(np.float64)
        energy = (frames**2).sum(axis=(2, 3)).mean() if normalize != "None" else 1.0
        rms = np.sqrt(16 / energy) if normalize != "None" else 1.0
        assert fields["rms_scaling_constant"][place].item() == pytest.approx(rms, rel=1e-6)
        assert fields["physics_scaling_constant"][place].item() == pytest.approx(1 / energy, rel=1e-6)


def test_one_scan_alone_has_its_own_modes(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.dataset import PtychoDataset

    for number, modes in enumerate((1, 3, 2)):
        dataset = PtychoDataset(files.paths[number], asked(probe_normalize=False), tmp_path / str(number))
        _, probe, scaling = dataset[:]
        assert tuple(probe.shape) == (7, 4, modes, 8, 8)
        own = files.scans[number]["probeGuess"].reshape(modes, 8, 8)
        np.testing.assert_array_equal(probe.numpy(), np.broadcast_to(own, probe.shape))
        assert (scaling.numpy() == 1).all()


def test_rows_are_the_batch_without_its_axis(dataset: Any) -> None:
    batch = dataset.__getitems__(SHUFFLED)
    row = dataset[9]
    assert tuple(row.fields.batch_size) == ()
    assert tuple(row.fields["images"].shape) == (4, 8, 8)
    assert tuple(row.fields["experiment_id"].shape) == ()
    assert tuple(row.probe.shape) == (4, 3, 8, 8)
    assert tuple(row.scaling.shape) == (1, 1, 1)
    assert equal(stacked([dataset[row] for row in SHUFFLED]), batch)


def test_numbers_of_rows(dataset: Any) -> None:
    import torch

    batch = dataset.__getitems__(SHUFFLED)
    for rows in (
        tuple(SHUFFLED),
        np.array(SHUFFLED),
        np.array(SHUFFLED, dtype=np.uint8),
        torch.tensor(SHUFFLED),
        torch.tensor(SHUFFLED, dtype=torch.int16),
        [torch.tensor(row) for row in SHUFFLED],
        [np.int32(row) for row in SHUFFLED],
        [row - 21 for row in SHUFFLED],
    ):
        assert equal(dataset[rows], batch)
        assert equal(dataset.__getitems__(rows), batch)
    for row in (np.int64(9), torch.tensor(9), np.array(9), 9 - 21, np.int8(-12)):
        assert equal(dataset[row], dataset[9])
    assert equal(dataset[torch.tensor([9])], dataset[[9]])
    assert equal(dataset[np.array([9])], dataset[9:10])
    assert equal(dataset[-3:], dataset[[18, 19, 20]])
    assert equal(dataset[15:2:-4], dataset[[15, 11, 7, 3]])
    mask = np.zeros(21, dtype=bool)
    mask[[3, 11]] = True
    assert equal(dataset[mask], dataset[[3, 11]])
    assert equal(dataset[torch.from_numpy(mask)], dataset[[3, 11]])
    assert equal(dataset[range(4, 9)], dataset[4:9])


def test_rows_may_repeat(dataset: Any) -> None:
    batch = dataset[[4, 4, 16, 4]]
    assert equal(batch, stacked([dataset[row] for row in (4, 4, 16, 4)]))


@pytest.mark.parametrize("rows", [[], slice(5, 5), slice(30, 40), range(0), np.empty(0, dtype=np.int64)])
def test_no_rows_are_an_empty_batch(dataset: Any, rows: Any) -> None:
    fields, probe, scaling = dataset[rows]
    assert tuple(fields["images"].shape) == (0, 4, 8, 8)
    assert tuple(fields["coords_relative"].shape) == (0, 4, 1, 2)
    assert tuple(probe.shape) == (0, 4, 3, 8, 8)
    assert tuple(scaling.shape) == (0, 1, 1, 1)


@pytest.mark.parametrize("rows", [21, -22, 10**9, [0, 21], [-22, 3], np.array([2**40])])
def test_rows_that_are_not_there(dataset: Any, rows: Any) -> None:
    with pytest.raises(IndexError):
        dataset[rows]


@pytest.mark.parametrize("rows", [[0.5], [[1, 2]], ["a"], np.zeros(20, dtype=bool)])
def test_what_is_no_row_number(dataset: Any, rows: Any) -> None:
    with pytest.raises(IndexError, match="rows are chosen by integers"):
        dataset[rows]


@pytest.mark.parametrize("row", [0.5, "a", None])
def test_what_is_no_index_at_all(dataset: Any, row: Any) -> None:
    with pytest.raises((TypeError, IndexError)):
        dataset[row]


def test_iteration_ends(dataset: Any) -> None:
    rows = list(dataset)
    assert len(rows) == len(dataset) == 21
    assert equal(stacked(rows), dataset[:])


def test_batches_in_order_and_permuted(dataset: Any) -> None:
    import torch

    whole = dataset[:]
    in_order = list(dataset.batches(4))
    assert [len(batch.scaling) for batch in in_order] == [4, 4, 4, 4, 4, 1]
    assert torch.equal(torch.cat([batch.fields["images"] for batch in in_order]), whole.fields["images"])
    before = torch.random.get_rng_state()
    for seed in (8, 9):
        order = torch.randperm(21, generator=torch.Generator().manual_seed(seed))
        assert sorted(order.tolist()) == list(range(21))
        for generator in (seed, torch.Generator().manual_seed(seed)):
            turned = list(dataset.batches(5, generator=generator))
            assert equal(stacked([row for batch in turned for row in split(batch)]), dataset[order])
    assert torch.equal(torch.random.get_rng_state(), before)


def split(batch: Any) -> list[Any]:
    from ptycho_torch.batch import Batch

    return [Batch(batch.fields[row], batch.probe[row], batch.scaling[row]) for row in range(len(batch.scaling))]


def test_groups_of_a_rule_tell_their_centres(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.dataset import PtychoDataset
    from ptycho_torch.neighbours import NeighbourRule, groups_by_rule

    rule = NeighbourRule("Nearest", K=5, repeats=2, x_bounds=(0.5, 1.0))
    dataset = PtychoDataset(files.paths, asked(rule, seed=6), tmp_path / "store")
    fields = dataset[:].fields
    for experiment in range(3):
        own = fields["experiment_id"] == experiment
        expected = groups_by_rule(files.positions(experiment), rule, 6)
        np.testing.assert_array_equal(fields["nn_indices"][own].numpy(), expected.members.numpy())
        np.testing.assert_array_equal(fields["center_scan_id"][own].numpy(), expected.centres.numpy())
        assert 0 < len(expected.centres) < 2 * len(files.frames(experiment))


def test_what_a_grouping_cannot_tell_is_minus_one(dataset: Any) -> None:
    assert set(dataset[:].fields["center_scan_id"].tolist()) == {-1}


def test_the_device_asked_for(files: ScanFiles, asked: Request, tmp_path: Path, dataset: Any) -> None:
    from ptycho_torch.dataset import PtychoDataset

    away = PtychoDataset(files.paths, asked(), tmp_path / "store", device="meta")
    for fields, probe, scaling in (away[SHUFFLED], away[3], dataset[SHUFFLED].to("meta"), next(away.batches(4))):
        assert {values.device.type for values in (*fields.values(), probe, scaling)} == {"meta"}
    assert tuple(away[SHUFFLED].probe.shape) == (8, 4, 3, 8, 8)
    assert equal(dataset[SHUFFLED].to("cpu"), dataset[SHUFFLED])
    assert dataset[SHUFFLED].to("cpu").probe.stride() == dataset[SHUFFLED].probe.stride()


def test_a_batch_is_a_tuple_of_three(dataset: Any) -> None:
    from tensordict import TensorDict

    batch = dataset[SHUFFLED]
    assert isinstance(batch, tuple)
    fields, probe, scaling = batch
    assert isinstance(fields, TensorDict)
    assert batch.fields is fields
    assert batch.probe is probe
    assert batch.scaling is scaling
