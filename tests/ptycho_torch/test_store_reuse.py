"""When a store is reused, and when it is refused: its sources, its request, its folder."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles, listing
from tests.ptycho_torch.stores import images, opened, rewritten

pytestmark = pytest.mark.torch


def test_reopening_reads_no_source(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch import building, fingerprint

    first = opened(files.paths, asked(), tmp_path / "store")
    before = listing(tmp_path / "store")

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a source was read")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "checksum", forbidden)
        patch.setattr(building.Scan, "load", forbidden)
        patch.setattr(building.Scan, "outline", forbidden)
        again = opened(files.paths, asked(), tmp_path / "store")
        again.__setstate__(again.__getstate__())
    np.testing.assert_array_equal(images(again), images(first))
    assert listing(tmp_path / "store") == before


def test_without_a_seed_the_stored_groups_come_back(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    import torch

    from ptycho_torch.grouping import Grouping

    for number, seed in enumerate((None, torch.Generator().manual_seed(3))):
        grouping = Grouping(gridsize=2, K=7, nsamples=90, seed=seed, enable_oversampling=True)
        rows = [opened(files.paths, asked(grouping), tmp_path / str(number)).rows["nn_indices"] for _ in range(2)]
        assert torch.equal(rows[0], rows[1])
        other = opened(files.paths, asked(grouping), tmp_path / f"{number}b").rows["nn_indices"]
        assert not torch.equal(rows[0], other)


def test_a_touched_source_is_the_same_source(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    first = opened(files.paths, asked(), tmp_path / "store")
    expected = images(first)
    for path in files.paths:
        os.utime(path, ns=(1, 1))
    np.testing.assert_array_equal(images(opened(files.paths, asked(), tmp_path / "store")), expected)
    np.testing.assert_array_equal(images(first), expected)


@pytest.mark.parametrize("number", [0, 1])
def test_a_changed_source_is_refused_then_rebuilt(
    files: ScanFiles, asked: Request, tmp_path: Path, number: int
) -> None:
    from ptycho_torch.errors import StaleStore

    opened(files.paths, asked(), tmp_path / "store")
    rewritten(files, number)
    with pytest.raises(StaleStore, match="rebuild=True") as caught:
        opened(files.paths, asked(), tmp_path / "store")
    assert files.paths[number].name in str(caught.value)
    assert (caught.value.clause, caught.value.file) == ("DAT-017", tmp_path / "store")
    fields = opened(files.paths, asked(), tmp_path / "store", rebuild=True)[:].fields
    own = fields["experiment_id"] == number
    expected = files.frames(number)[fields["nn_indices"][own].numpy()]
    np.testing.assert_array_equal(fields["images"][own].numpy(), expected)
    assert listing(tmp_path) == ["scans", "store"]


def test_a_source_that_changes_under_an_open_data_set_is_noticed(
    files: ScanFiles, asked: Request, tmp_path: Path
) -> None:

    from ptycho_torch.errors import StaleStore

    dataset = opened(files.paths, asked(), tmp_path / "store")
    sent = pickle.dumps(dataset)
    rewritten(files, 0)
    with pytest.raises(StaleStore, match=r"m\.npz has changed or gone"):
        dataset[0]
    with pytest.raises(StaleStore, match=r"m\.npz has changed or gone"):
        dataset[[20, 3]]
    with pytest.raises(StaleStore, match=r"m\.npz has changed or gone"):
        pickle.loads(sent)[:]
    # What the store holds itself does not depend on the source any more.
    assert int(dataset[8].fields["experiment_id"]) == 1
    files.paths[2].unlink()
    with pytest.raises(StaleStore, match=r"z\.npz has changed or gone"):
        dataset[-1]


def test_a_source_that_changes_during_the_build_is_refused(
    files: ScanFiles, asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptycho_torch import building
    from ptycho_torch.errors import Refusal

    kept = building._kept_frames

    def changing(*given: Any) -> Any:
        rewritten(files, 0)
        return kept(*given)

    monkeypatch.setattr(building, "_kept_frames", changing)
    with pytest.raises(Refusal, match=r"m\.npz.*changed while the store was built"):
        opened(files.paths, asked(), tmp_path / "store")
    assert listing(tmp_path) == ["scans"]


def test_every_part_of_a_request_counts(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import StaleStore
    from ptycho_torch.grouping import Grouping
    from ptycho_torch.neighbours import NeighbourRule

    opened(files.paths, asked(), tmp_path / "store")
    others = {
        "grouping": asked(NeighbourRule()),
        "grouping.seed": asked(Grouping(gridsize=2, K=5, nsamples=7, seed=4)),
        "grouping.K": asked(Grouping(gridsize=2, K=6, nsamples=7, seed=3)),
        "N": asked(N=8),
        "seed": asked(seed=1),
        "probe_scale": asked(probe_scale=3.0),
        "probe_normalize": asked(probe_normalize=False),
        "normalize": asked(normalize="Group"),
    }
    for name, request in others.items():
        with pytest.raises(StaleStore, match=rf"other values of .*{name}.*rebuild=True"):
            opened(files.paths, request, tmp_path / "store")
    for paths in (files.paths[:2], files.paths[::-1], [*files.paths, files.paths[0]]):
        with pytest.raises(StaleStore, match="other files"):
            opened(paths, asked(), tmp_path / "store")
    assert len(opened(files.paths[::-1], asked(), tmp_path / "store", rebuild=True)) == 21


def test_asking_for_a_rebuild_keeps_a_store_that_fits(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    first = opened(files.paths, asked(), tmp_path / "store", rebuild=True)
    again = opened(files.paths, asked(), tmp_path / "store", rebuild=True)
    assert again._build == first._build


def test_other_peoples_files_are_never_lost(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import Refusal, StaleStore

    for rebuild in (False, True):
        with pytest.raises(Refusal, match="no store") as caught:
            opened(files.paths, asked(), files.folder, rebuild=rebuild)
        assert not isinstance(caught.value, StaleStore)
        with pytest.raises(Refusal, match="no store"):
            opened(files.paths, asked(), files.paths[0], rebuild=rebuild)
    assert listing(files.folder) == ["b.npz", "m.npz", "z.npz"]
    opened(files.paths, asked(), tmp_path / "store")
    (tmp_path / "store" / "notes.txt").write_text("beamtime 12")
    opened(files.paths, asked(), tmp_path / "store")
    with pytest.raises(Refusal, match=r"notes\.txt in it is no part of the store"):
        opened(files.paths, asked(seed=1), tmp_path / "store", rebuild=True)
    assert (tmp_path / "store" / "notes.txt").exists()


def test_an_empty_folder_and_missing_parents_are_filled(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "store")
    for folder in (tmp_path / "empty", tmp_path / "a" / "b" / "store", tmp_path / "link"):
        assert len(opened(files.paths, asked(), folder)) == 21
    assert listing(tmp_path) == ["a", "disk", "empty", "link", "scans"]
    assert (tmp_path / "disk" / "store" / "manifest.json").exists()


def test_folders_and_lists_of_files(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.store import source_files

    (files.folder / ".hidden.npz").write_text("a leftover of some other tool")
    (files.folder / "a.npz").mkdir()
    (files.folder / "b.g2k5.groups_cache.npz").write_text("groups")
    in_order = [files.folder / name for name in ("b.npz", "m.npz", "z.npz")]
    assert source_files(files.folder) == source_files([str(files.folder)]) == in_order
    assert source_files(str(files.paths[2])) == [files.paths[2]]
    assert source_files(files.paths) == files.paths
    with pytest.raises(FileNotFoundError, match=r"gone\.npz: no such scan file"):
        source_files([files.paths[0], tmp_path / "gone.npz"])
    for nothing in ([], tmp_path):
        with pytest.raises(Refusal) as caught:
            source_files(nothing)
        assert caught.value.clause == "DAT-018"


def test_a_store_opens_where_nothing_can_be_written(
    files: ScanFiles, asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptycho_torch import store

    expected = images(opened(files.paths, asked(), tmp_path / "store"))

    def forbidden(*_: Any, **__: Any) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(store, "FileLock", forbidden)
    np.testing.assert_array_equal(images(opened(files.paths, asked(), tmp_path / "store")), expected)
    (tmp_path / ".store.building-1234").mkdir()
    np.testing.assert_array_equal(images(opened(files.paths, asked(), tmp_path / "store")), expected)


def test_writing_to_a_data_set_never_reaches_the_store(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    before = images(opened(files.paths, asked(), tmp_path / "store")).copy()
    dataset = opened(files.paths, asked(), tmp_path / "store")
    dataset.rows["nn_indices"].zero_()
    for batch in (dataset[:4], dataset[[1, 12]]):
        for values in (*batch.fields.values(), batch.scaling):
            values.zero_()
    np.testing.assert_array_equal(images(opened(files.paths, asked(), tmp_path / "store")), before)
