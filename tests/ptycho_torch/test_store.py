"""The store: what it costs, when it is reused, when it is refused, and what it never does."""

from __future__ import annotations

import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles, listing, three_scans, write

pytestmark = pytest.mark.torch


def frames_on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("frames-*"))


def opened(paths: Any, request: Any, folder: Path, **more: Any) -> Any:
    from ptycho_torch.dataset import PtychoDataset

    return PtychoDataset(paths, request, folder, **more)


def images(dataset: Any) -> Any:
    return dataset[:].fields["images"].numpy()


def test_an_uncompressed_file_costs_nothing(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    opened(files.paths[::2], asked(), tmp_path / "store")
    assert frames_on_disk(tmp_path / "store") == 0


@pytest.mark.parametrize("gridsize", [1, 2])
def test_a_compressed_file_costs_its_frames_once(
    files: ScanFiles, asked: Request, tmp_path: Path, gridsize: int
) -> None:
    from ptycho_torch.grouping import Grouping

    grouping = Grouping(gridsize=gridsize, K=9, nsamples=40, seed=1, enable_oversampling=True)
    opened(files.paths[1], asked(grouping), tmp_path / "store")
    own = files.frames(1).nbytes
    assert own <= frames_on_disk(tmp_path / "store") <= own + 128


STORED: dict[str, tuple[Callable[[Any], Any], Any, bool]] = {
    "float64": (lambda frames: frames.astype(np.float64) * (1 + 1e-9), np.savez, True),
    "float16": (lambda frames: frames.astype(np.float16), np.savez, True),
    "big-endian": (lambda frames: frames.astype(">f4"), np.savez, True),
    "uint16": (lambda frames: np.round(frames).astype(np.uint16), np.savez, True),
    "int32 compressed": (lambda frames: np.round(frames).astype(np.int32), np.savez_compressed, False),
    "float64 compressed": (lambda frames: frames.astype(np.float64) * (1 + 1e-9), np.savez_compressed, False),
    "fortran": (np.asfortranarray, np.savez, False),
    "legacy": (lambda frames: np.ascontiguousarray(frames.transpose(1, 2, 0)), np.savez, False),
    "legacy compressed": (lambda frames: np.ascontiguousarray(frames.transpose(1, 2, 0)), np.savez_compressed, False),
    "strided": (lambda frames: frames.repeat(2, axis=0)[::2], np.savez, True),
}


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("name", ["diff3d", "diffraction"])
def test_frames_are_the_same_however_they_are_stored(kind: str, name: str, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import ContractWarning

    stored, save, in_place = STORED[kind]
    first, _, last = three_scans()
    scans = [dict(arrays) for arrays in (first, last)]
    for arrays in scans:
        arrays[name] = stored(arrays.pop("diff3d"))
    paths = [write(tmp_path / f"{number}.npz", arrays, save) for number, arrays in enumerate(scans)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContractWarning)
        dataset = opened(paths, asked(), tmp_path / "store")
    assert (frames_on_disk(tmp_path / "store") == 0) == in_place
    # Rows of both scans in one batch, and of one alone.
    for rows in (range(14), [9, 2, 11, 3, 13], [8, 12]):
        fields = dataset[list(rows)].fields
        for row, (experiment, members) in enumerate(zip(fields["experiment_id"], fields["nn_indices"], strict=True)):
            held = scans[int(experiment)][name]
            held = held.transpose(2, 0, 1) if "legacy" in kind else held
            expected = held[members.numpy()].astype(np.float32)
            np.testing.assert_array_equal(fields["images"][row].numpy(), expected)


def test_unpacked_frames_are_not_copied(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("frames were written twice")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np.lib.format, "open_memmap", refuse)
        opened(files.paths, asked(), tmp_path / "store")
    assert listing(tmp_path / "store") == ["frames-1.npy", "manifest.json", "points", "probes", "rows"]


def test_a_stack_under_both_names_is_kept_once(asked: Request, tmp_path: Path) -> None:
    arrays = three_scans()[2]
    arrays["diffraction"] = arrays["diff3d"].copy()
    path = write(tmp_path / "both.npz", arrays, np.savez_compressed)
    dataset = opened(path, asked(), tmp_path / "store")
    assert listing(tmp_path / "store") == ["frames-0.npy", "manifest.json", "points", "probes", "rows"]
    np.testing.assert_array_equal(images(dataset), arrays["diff3d"][dataset.rows["nn_indices"].numpy()])


def test_the_manifest(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.neighbours import NeighbourRule

    rule = NeighbourRule("4_quadrant", max_distance=4.5)
    dataset = opened(files.paths, asked(rule, seed=3), tmp_path / "store")
    manifest = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert manifest["schema"] == "ptycho_torch.store/1"
    assert manifest["profile"] == {"scale_contract_version": "legacy_v1", "measurement_domain": "normalized_amplitude"}
    assert manifest["request"]["grouping"]["max_distance"] == 4.5
    assert [source["file"]["path"] for source in manifest["sources"]] == [str(path) for path in files.paths]
    assert [len(source["file"]["blake2b"]) for source in manifest["sources"]] == [32, 32, 32]
    assert [source.points for source in dataset.sources] == [23, 9, 70]
    assert [source.modes for source in dataset.sources] == [1, 3, 2]
    seeded = [len(set(dataset.rows["center_scan_id"][dataset.rows["experiment_id"] == k].tolist())) for k in range(3)]
    assert [source.rows for source in dataset.sources] == seeded
    assert [points + dropped for points, dropped in zip(seeded, dataset.dropped, strict=True)] == [23, 9, 70]
    assert sum(dataset.dropped) > 0


def test_metadata_belong_to_their_scan(asked: Request, tmp_path: Path) -> None:
    scans = three_scans()
    scans[1]["_metadata"] = np.array(json.dumps({"sample": "b"}))
    files = ScanFiles(tmp_path / "scans", scans)
    dataset = opened(files.paths, asked(), tmp_path / "store")
    assert [source.metadata for source in dataset.sources] == [None, {"sample": "b"}, None]


def test_drops_are_counted_before_anything_is_written(
    files: ScanFiles, asked: Request, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptycho_torch import store
    from ptycho_torch.neighbours import NeighbourRule

    seen: list[Any] = []

    def build(folder: Path, planned: Any, *_: Any) -> None:
        seen.append(([one.dropped for one in planned], [len(one.members) for one in planned], folder.exists()))
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "build", build)
    with caplog.at_level(logging.INFO, "ptycho_torch"), pytest.raises(KeyboardInterrupt):
        opened(files.paths[::2], asked(NeighbourRule("Min_dist", max_distance=2.5, repeats=2)), tmp_path / "store")
    ((dropped, formed, exists),) = seen
    assert not exists
    assert [drop + groups // 2 for drop, groups in zip(dropped, formed, strict=True)] == [23, 70]
    assert f"{dropped[0]} of 23 points find too few neighbours" in caplog.text
    assert listing(tmp_path) == ["scans"]


def test_a_scan_without_groups_is_warned_of(asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import ContractWarning
    from ptycho_torch.neighbours import NeighbourRule

    scans = three_scans()
    scans[1]["xcoords"] = scans[1]["xcoords"] * 100
    files = ScanFiles(tmp_path / "scans", scans)
    with pytest.warns(ContractWarning, match=r"b\.npz: no point seeds a group, 9 were dropped"):
        dataset = opened(files.paths, asked(NeighbourRule("Min_dist")), tmp_path / "store")
    assert dataset.dropped[1] == 9
    assert set(dataset.rows["experiment_id"].tolist()) == {0, 2}
    fields = dataset[:].fields
    for experiment, members, frames in zip(
        fields["experiment_id"], fields["nn_indices"], fields["images"], strict=True
    ):
        np.testing.assert_array_equal(frames.numpy(), files.frames(int(experiment))[members.numpy()])


def test_a_rule_that_drops_everything_is_refused(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import ContractWarning, Refusal
    from ptycho_torch.neighbours import NeighbourRule

    request = asked(NeighbourRule("Min_dist", max_distance=1e-3))
    with pytest.warns(ContractWarning), pytest.raises(Refusal, match="no point seeds a group: 32 were dropped"):
        opened(files.paths[:2], request, tmp_path / "store")
    assert listing(tmp_path) == ["scans"]


@pytest.mark.parametrize("normalize", ["Batch", "Group", "None"])
def test_dark_frames(asked: Request, tmp_path: Path, normalize: str) -> None:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.grouping import Grouping

    scans = three_scans()
    scans[0]["diff3d"][4] = 0
    scans[2]["diff3d"][:] = 0
    files = ScanFiles(tmp_path / "scans", scans)
    request = asked(Grouping(nsamples=100), normalize=normalize)
    if normalize == "None":
        opened(files.paths, request, tmp_path / "store")
        return
    if normalize == "Batch":
        scales = opened(files.paths[:2], request, tmp_path / "two")[:].fields["rms_scaling_constant"]
        assert np.isfinite(scales.numpy()).all()
    with pytest.raises(Refusal) as caught:
        opened(files.paths, request, tmp_path / "store")
    assert (caught.value.clause, caught.value.file) == ("NRM-007", files.paths[2 if normalize == "Batch" else 0])
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("more", "clause", "array"),
    [
        ({"normalize": "Each"}, "DAT-021", "normalize"),
        ({"probe_scale": 0.0}, "DAT-010", "probe_scale"),
        ({"probe_scale": float("nan")}, "DAT-010", "probe_scale"),
    ],
)
def test_requests_that_make_no_sense(
    files: ScanFiles, asked: Request, tmp_path: Path, more: Any, clause: str, array: str
) -> None:
    from ptycho_torch.errors import Refusal

    with pytest.raises(Refusal) as caught:
        opened(files.paths, asked(**more), tmp_path / "store")
    assert (caught.value.clause, caught.value.array) == (clause, array)
    assert listing(tmp_path) == ["scans"]


def test_a_dark_probe_has_no_gauge(asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import Refusal

    scans = three_scans()
    scans[1]["probeGuess"] = scans[1]["probeGuess"] * 0
    files = ScanFiles(tmp_path / "scans", scans)
    with pytest.raises(Refusal) as caught:
        opened(files.paths, asked(), tmp_path / "store")
    assert (caught.value.clause, caught.value.file) == ("DAT-010", files.paths[1])
    assert listing(tmp_path) == ["scans"]
    opened(files.paths, asked(probe_normalize=False), tmp_path / "store")


def test_a_request_from_the_settings(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.neighbours import NeighbourRule
    from ptycho_torch.settings import DataSettings
    from ptycho_torch.store import StoreRequest

    data = DataSettings(N=8, K=7, n_subsample=3, subsample_seed=5, max_neighbor_distance=4.0, normalize="Group")
    made = StoreRequest.from_settings(data)
    rule = NeighbourRule("Nearest", 2, 7, 0.0, 4.0, 30, (0.1, 0.9), (0.1, 0.9), 3)
    assert made == asked(rule, N=8, seed=5, normalize="Group")
    assert len(opened(files.paths[2], made, tmp_path / "store")) % 3 == 0
    with pytest.raises(Refusal) as caught:
        StoreRequest.from_settings(DataSettings(grid_size=(2, 1)))
    assert caught.value.clause == "CFG-020"


def test_reopening_reads_no_source(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch import building, manifest

    first = opened(files.paths, asked(), tmp_path / "store")
    before = listing(tmp_path / "store")

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a source was read")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "_checksum", forbidden)
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


def rewritten(files: ScanFiles, number: int) -> None:
    """Write other frames of the same size, as a pipeline that runs again would."""
    arrays = dict(files.scans[number])
    arrays["diff3d"] = arrays["diff3d"][::-1] * np.float32(3)
    files.scans[number] = arrays
    write(files.paths[number], arrays, np.savez_compressed if number == 1 else np.savez)
    later = files.paths[number].stat().st_mtime_ns + 10**9
    os.utime(files.paths[number], ns=(later, later))


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
    import pickle

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


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no rows": lambda store: shutil.rmtree(store / "rows"),
    "no probes": lambda store: (store / "probes" / "probe.memmap").unlink(),
    "frames cut off": lambda store: cut(store / "frames-1.npy"),
    "frames gone": lambda store: (store / "frames-1.npy").unlink(),
    "rows cut off": lambda store: cut(store / "rows" / "nn_indices.memmap"),
    "points too long": lambda store: lengthen(store / "points" / "positions.memmap"),
    "manifest cut off": lambda store: cut(store / "manifest.json"),
    "manifest empty": lambda store: os.truncate(store / "manifest.json", 0),
    "manifest of another kind": lambda store: (store / "manifest.json").write_text("[1, 2]") and None,
    "manifest without sources": lambda store: changed_manifest(store, sources=None),
    "manifest with strange sources": lambda store: changed_manifest(store, sources=[{"path": "a"}]),
    "other schema": lambda store: changed_manifest(store, schema="ptycho_torch.store/0"),
    "other profile": lambda store: changed_manifest(
        store, profile={"scale_contract_version": "ci_intensity_v2", "measurement_domain": "count_intensity"}
    ),
}


def changed_manifest(store: Path, **changes: Any) -> None:
    file = store / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_refused_then_rebuilt(files: ScanFiles, asked: Request, tmp_path: Path, damage: str) -> None:
    from ptycho_torch.errors import StaleStore

    expected = images(opened(files.paths, asked(), tmp_path / "store"))
    DAMAGES[damage](tmp_path / "store")
    with pytest.raises(StaleStore, match="rebuild=True, or delete its folder") as caught:
        opened(files.paths, asked(), tmp_path / "store")
    assert caught.value.file == tmp_path / "store"
    np.testing.assert_array_equal(images(opened(files.paths, asked(), tmp_path / "store", rebuild=True)), expected)
    assert listing(tmp_path) == ["scans", "store"]


@pytest.mark.parametrize("value", [-1, 23, 2**31 - 1])
def test_an_index_that_leaves_its_scan_is_no_frame(
    files: ScanFiles, asked: Request, tmp_path: Path, value: int
) -> None:
    from ptycho_torch.errors import StaleStore

    opened(files.paths, asked(), tmp_path / "store")
    members = np.memmap(tmp_path / "store" / "rows" / "nn_indices.memmap", dtype=np.int32, mode="r+")
    members[5] = value
    members.flush()
    dataset = opened(files.paths, asked(), tmp_path / "store")
    dataset[0]
    with pytest.raises(StaleStore, match="an index leaves its scan"):
        dataset[1]


@pytest.mark.parametrize("value", [-1, 3, 2**31 - 1])
@pytest.mark.parametrize("rows", [[1], [0, 1], [1, 0]])
def test_an_experiment_that_is_no_scan(
    files: ScanFiles, asked: Request, tmp_path: Path, value: int, rows: list[int]
) -> None:
    from ptycho_torch.errors import StaleStore

    opened(files.paths, asked(), tmp_path / "store")
    experiments = np.memmap(tmp_path / "store" / "rows" / "experiment_id.memmap", dtype=np.int32, mode="r+")
    experiments[1] = value
    experiments.flush()
    dataset = opened(files.paths, asked(), tmp_path / "store")
    dataset[[0, 20]]
    with pytest.raises(StaleStore, match="it names no scan"):
        dataset[rows]


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


def test_sides_that_differ_are_refused_before_anything_is_written(
    files: ScanFiles, asked: Request, tmp_path: Path
) -> None:
    from conformance.scans.specimens import Recipe, make_specimen
    from ptycho_torch.errors import Refusal

    wide = write(tmp_path / "scans" / "wide.npz", dict(make_specimen(Recipe(M=9, N=10, seed=1)).arrays))
    for paths, request in (([*files.paths, wide], asked()), (files.paths, asked(N=10))):
        with pytest.raises(Refusal) as caught:
            opened(paths, request, tmp_path / "store")
        assert caught.value.clause == "DAT-018"
    assert listing(tmp_path) == ["scans"]


@pytest.mark.parametrize("broken", ["NaN", "negative", "no probe", "cut off", "few positions"])
def test_a_refused_scan_leaves_nothing_behind(asked: Request, tmp_path: Path, broken: str) -> None:
    from ptycho_torch.errors import Refusal

    files = ScanFiles(tmp_path / "scans", three_scans())
    arrays = dict(files.scans[2])
    if broken in ("NaN", "negative"):
        arrays["diff3d"][60, 3, 4] = np.nan if broken == "NaN" else -1
    elif broken == "no probe":
        del arrays["probeGuess"]
    elif broken == "few positions":
        arrays["xcoords"], arrays["ycoords"] = arrays["xcoords"][:-1], arrays["ycoords"][:-1]
    write(files.paths[2], arrays)
    if broken == "cut off":
        cut(files.paths[2])
    with pytest.raises(Refusal) as caught:
        opened(files.paths, asked(), tmp_path / "store")
    assert caught.value.file == files.paths[2]
    assert listing(tmp_path) == ["scans"]


def test_surplus_positions_are_dropped(asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import ContractWarning
    from ptycho_torch.grouping import Grouping

    arrays = three_scans()[0]
    arrays["diff3d"] = arrays["diff3d"][:17]
    path = write(tmp_path / "surplus.npz", arrays)
    with pytest.warns(ContractWarning, match="6 trailing positions have no frame"):
        dataset = opened([path], asked(Grouping(gridsize=2, K=5, nsamples=17, seed=1)), tmp_path / "store")
    assert dataset.sources[0].points == 17
    fields = dataset[:].fields
    members = fields["nn_indices"].numpy()
    assert members.max() < 17
    np.testing.assert_array_equal(fields["images"].numpy(), arrays["diff3d"][members])
    positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
    np.testing.assert_array_equal(fields["coords_global"][:, :, 0].numpy(), positions[members])


def test_progress_is_shown_when_asked_for(
    files: ScanFiles, asked: Request, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(files.paths, asked(), tmp_path / "quiet")
    assert capsys.readouterr() == ("", "")
    opened(files.paths, asked(), tmp_path / "loud", progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "102/102" in err


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
