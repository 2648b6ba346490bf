"""Loaders, workers, pinned memory, and several processes over one store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles, listing
from tests.ptycho_torch.test_dataset import equal, stacked

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.torch,
    # PyTorch's threads exist in every process that has computed anything; its own loader forks all the same.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def dataset(files: ScanFiles, asked: Request, tmp_path: Path) -> Any:
    from ptycho_torch.dataset import PtychoDataset

    return PtychoDataset(files.paths, asked(), tmp_path / "store")


def loaded(data: Any, **more: Any) -> list[Any]:
    from torch.utils.data import DataLoader

    return list(DataLoader(data, **({"batch_size": 4} | more)))


def whole(batches: list[Any]) -> Any:
    import torch

    from ptycho_torch.batch import Batch

    fields, probes, scalings = zip(*batches, strict=True)
    return Batch(torch.cat(fields), torch.cat(probes), torch.cat(scalings))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_plain_loader_gets_whole_batches(dataset: Any, workers: int) -> None:
    from ptycho_torch.batch import Batch

    batches = loaded(dataset, num_workers=workers)
    assert [len(batch.scaling) for batch in batches] == [4, 4, 4, 4, 4, 1]
    assert all(isinstance(batch, Batch) for batch in batches)
    assert equal(whole(batches), dataset[:])


def test_spawned_workers_open_the_store_themselves(dataset: Any) -> None:
    assert equal(whole(loaded(dataset, num_workers=1, multiprocessing_context="spawn")), dataset[:])


@pytest.mark.parametrize("collate", [list, lambda batch: batch])
def test_other_ways_to_collate(dataset: Any, collate: Any) -> None:
    batches = loaded(dataset, collate_fn=collate)
    assert equal(whole([tuple(batch) for batch in batches]), dataset[:])


def test_a_seeded_shuffle(dataset: Any) -> None:
    import torch

    orders = []
    for _ in range(2):
        batches = loaded(dataset, shuffle=True, generator=torch.Generator().manual_seed(5))
        orders.append(whole(batches).fields["coords_global"])
    assert torch.equal(*orders)
    plain = dataset[:].fields["coords_global"]
    assert not torch.equal(orders[0], plain)
    assert sorted(map(tuple, orders[0].flatten(1).tolist())) == sorted(map(tuple, plain.flatten(1).tolist()))


def test_subsets_and_data_sets_end_to_end(dataset: Any, files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    import torch
    from torch.utils.data import ConcatDataset, Subset, random_split

    from ptycho_torch.dataset import PtychoDataset

    assert equal(whole(loaded(Subset(dataset, [20, 3, 9, 1, 0]))), dataset[[20, 3, 9, 1, 0]])
    parts = random_split(dataset, [15, 6], generator=torch.Generator().manual_seed(2))
    for part in parts:
        assert equal(whole(loaded(part)), dataset[list(part.indices)])
    other = PtychoDataset(files.paths, asked(probe_scale=2.0), tmp_path / "other")
    together = loaded(ConcatDataset([dataset, other]), batch_size=42)
    assert equal(together[0], stacked([*dataset, *other]))


def test_rows_without_batching(dataset: Any) -> None:
    rows = loaded(dataset, batch_size=None, collate_fn=lambda row: row)
    assert equal(stacked(rows), dataset[:])


def test_what_is_pinned_can_be_pinned(dataset: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pinning writes into memory of the same strides, which fails where one place stands for several entries."""
    import torch

    pinned = []

    def pin(values: Any, *_: Any) -> Any:
        steps = zip(values.stride(), values.shape, strict=True)
        assert values.numel() == 0 or all(step or size == 1 for step, size in steps)
        pinned.append(values)
        return values.clone()

    batch = dataset[[0, 9, 20, 1]]
    alone = dataset[[8, 9]]
    assert 0 in alone.probe.stride()
    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    monkeypatch.setattr(type(batch.fields), "pin_memory", lambda fields: fields.apply(pin))
    for one in (batch, alone, dataset[3], dataset[[]]):
        assert equal(one.pin_memory(), one)
    assert len(pinned) == 4 * 12


def test_pinned_batches_on_a_gpu(dataset: Any) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    for workers in (0, 2):
        for batch in loaded(dataset, pin_memory=True, num_workers=workers):
            assert all(values.is_pinned() for values in (*batch.fields.values(), batch.probe, batch.scaling))
            assert equal(batch.to("cuda", non_blocking=True).to("cpu"), batch)


def test_a_worker_of_a_rebuilt_store_says_so(dataset: Any, files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    import pickle

    from ptycho_torch.dataset import PtychoDataset
    from ptycho_torch.errors import StaleStore

    sent = pickle.dumps(dataset)
    assert len(sent) < 2000
    assert equal(pickle.loads(sent)[:], dataset[:])
    PtychoDataset(files.paths, asked(probe_scale=2.0), tmp_path / "store", rebuild=True)
    with pytest.raises(StaleStore, match="the store was rebuilt since"):
        pickle.loads(sent)


def program(name: str, *arguments: Any, launcher: tuple[str, ...] = ()) -> Any:
    """Run a program beside this file, and return the JSON it writes."""
    command = [sys.executable, *launcher, "-m" if not launcher else "--module", f"tests.ptycho_torch.{name}"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((Path(arguments[-1]) / "result.json").read_text())


@pytest.mark.night
def test_ranks_of_torchrun_share_the_rows(files: ScanFiles, tmp_path: Path) -> None:
    import torch

    if not torch.distributed.is_available():
        pytest.skip("this PyTorch has no torch.distributed")
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    ranks = program("ranks", *files.paths[:2], tmp_path, launcher=launcher)
    assert ranks[0]["build"] == ranks[1]["build"]
    rows = [{tuple(row) for row in rank["rows"]} for rank in ranks]
    assert [len(rank["rows"]) for rank in ranks] == [16, 16]
    assert not rows[0] & rows[1]
    assert rows[0] | rows[1] == {(k, m) for k, M in enumerate((23, 9)) for m in range(M)}
    assert listing(tmp_path) == ["result.json", "scans", "store"]


@pytest.mark.parametrize("small", [0, 1 << 16, 1 << 40])
def test_batches_travel_unchanged(dataset: Any, monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    import copy
    import pickle

    from ptycho_torch.batch import Batch

    monkeypatch.setattr("ptycho_torch.batch._SMALL", small)
    for rows in (slice(None), slice(8, 10), 4, []):
        batch = dataset[rows]
        for sent in (pickle.loads(pickle.dumps(batch)), copy.deepcopy(batch)):
            assert isinstance(sent, Batch)
            assert equal(sent, batch)
            assert sent.fields.batch_size == batch.fields.batch_size
            assert (0 in sent.probe.stride()) == (0 in batch.probe.stride()) or rows == []
            for values in (sent.scaling, *sent.fields.values()):
                values.fill_(1)
        assert equal(batch, dataset[rows])
