"""What a store holds beside frames, and the requests and scans of which none is made."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles, listing, three_scans, write
from tests.ptycho_torch.stores import cut, opened

pytestmark = pytest.mark.torch


def test_the_manifest(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.neighbours import NeighbourRule

    rule = NeighbourRule("4_quadrant", max_distance=4.5)
    dataset = opened(files.paths, asked(rule, seed=3), tmp_path / "store")
    manifest = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert manifest["schema"] == "ptycho_torch.store/3"
    assert manifest["channels"] == 4
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
    files: ScanFiles, asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptycho_torch import store
    from ptycho_torch.neighbours import NeighbourRule

    seen: list[Any] = []

    def build(folder: Path, planned: Any, *_: Any) -> None:
        seen.append(([one.dropped for one in planned], [len(one.members) for one in planned], folder.exists()))
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "build", build)
    logger, told = logging.getLogger("ptycho_torch"), io.StringIO()
    monkeypatch.setattr(logger, "handlers", [logging.StreamHandler(told)])
    logger.setLevel(logging.INFO)
    with pytest.raises(KeyboardInterrupt):
        opened(files.paths[::2], asked(NeighbourRule("Min_dist", max_distance=2.5, repeats=2)), tmp_path / "store")
    logger.setLevel(logging.NOTSET)
    ((dropped, formed, exists),) = seen
    assert not exists
    assert [drop + groups // 2 for drop, groups in zip(dropped, formed, strict=True)] == [23, 70]
    assert f"{dropped[0]} of 23 points find too few neighbours" in told.getvalue()
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
    if normalize != "Group":
        scales = opened(files.paths[:2], request, tmp_path / "two")[:].fields["rms_scaling_constant"]
        assert np.isfinite(scales.numpy()).all()
    with pytest.raises(Refusal) as caught:
        opened(files.paths, request, tmp_path / "store")
    assert (caught.value.clause, caught.value.file) == ("NRM-007", files.paths[0 if normalize == "Group" else 2])
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


def test_masks_belong_to_their_scan_and_a_changed_one_makes_the_store_stale(asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import StaleStore

    scans = three_scans()
    mask = np.zeros(scans[1]["diff3d"].shape[1:], dtype=bool)
    mask[2, 3:] = True
    scans[1]["bad_pixels"] = mask
    files = ScanFiles(tmp_path / "scans", scans)
    fields = opened(files.paths, asked(), tmp_path / "store")[:].fields
    for experiment, marked in ((0, 0), (1, int(mask.sum())), (2, 0)):
        own = fields["bad_pixels"][fields["experiment_id"] == experiment].numpy()
        assert (own.sum(axis=(1, 2)) == marked).all()
    scans[1]["bad_pixels"] = mask.T
    write(files.paths[1], scans[1])
    with pytest.raises(StaleStore, match="has changed since it was made"):
        opened(files.paths, asked(), tmp_path / "store")
