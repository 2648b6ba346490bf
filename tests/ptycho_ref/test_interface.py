"""What users of the reference backend call directly, beyond what an adapter shows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from conformance.scans.specimens import Recipe, make_specimen, write_scan
from ptycho_ref import legacy
from ptycho_ref.cache import dataset_checksum
from ptycho_ref.config import make_config
from ptycho_ref.container import PtychoDataContainer
from ptycho_ref.errors import MissingDependency
from ptycho_ref.rawdata import RawData
from ptycho_ref.splits import split_scan

SPECIMEN = make_specimen(Recipe(M=20, N=8, modes=2, seed=128))


@pytest.fixture
def scan() -> RawData:
    return RawData.from_arrays(SPECIMEN.arrays)


@pytest.fixture
def container(scan: RawData) -> PtychoDataContainer:
    grouped = scan.generate_grouped_data(8, 6, 7, gridsize=2, seed=3)
    return PtychoDataContainer(grouped, scan.probeGuess)


def test_every_constructor_holds_the_same(scan: RawData, tmp_path: Path) -> None:
    a = SPECIMEN.arrays
    positions = [a[name] for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start")]
    named = RawData(*positions, a["diff3d"], a["probeGuess"], a["scan_index"], a["objectGuess"])
    write_scan(tmp_path / "a.npz", a)
    write_scan(tmp_path / "b.npz", a)
    for other in (named, *RawData.from_files(tmp_path / "a.npz", tmp_path / "b.npz")):
        for name, values in scan.arrays().items():
            np.testing.assert_array_equal(other.arrays()[name], values)


def test_without_position_correction_the_start_is_the_position() -> None:
    a = SPECIMEN.arrays
    scan = RawData.from_coords_without_pc(a["xcoords"], a["ycoords"], a["diff3d"], a["probeGuess"])
    np.testing.assert_array_equal(scan.xcoords_start, a["xcoords"])
    np.testing.assert_array_equal(scan.ycoords_start, a["ycoords"])


def test_a_subset_knows_where_it_came_from(scan: RawData) -> None:
    part = scan.subset([3, 11, 4])
    np.testing.assert_array_equal(part.sample_indices, [3, 11, 4])
    np.testing.assert_array_equal(part.diff3d, scan.diff3d[[3, 11, 4]])
    np.testing.assert_array_equal(part.probeGuess, scan.probeGuess)


def test_the_parts_of_a_split_are_grouped_apart(scan: RawData) -> None:
    train, test = split_scan(scan, 0.7, "random", seed=2)
    held = [{tuple(row) for row in part.arrays()["diff3d"].reshape(len(part), -1)} for part in (train, test)]
    assert not held[0] & held[1]
    assert train.generate_grouped_data(8, 5, 4, gridsize=2, seed=1)["nn_indices"].max() < len(train)


def test_the_checksum_of_the_groups_cache() -> None:
    x, y = np.array([0.0, 1, 2]), np.array([0.0, 0, 1])
    assert dataset_checksum(x, y) == "7803f989d5e363b5ce55dea035a80919"


def test_gridsize_may_come_from_the_configuration(scan: RawData) -> None:
    with legacy.scoped():
        legacy.update_legacy(make_config("training", {"gridsize": 3, "N": 8}, {}))
        assert scan.generate_grouped_data(8, 10, 4, seed=1)["nn_indices"].shape == (4, 9)
        assert scan.generate_grouped_data(8, 10, 4, seed=1, gridsize=2)["nn_indices"].shape == (4, 4)
    assert scan.generate_grouped_data(8, 10, 4, seed=1)["nn_indices"].shape == (4, 1)


def test_a_container_straight_from_a_scan(scan: RawData, container: PtychoDataContainer) -> None:
    direct = PtychoDataContainer.from_raw_data_without_pc(scan, 8, 6, 7, 2, 3)
    for name, values in container.arrays().items():
        np.testing.assert_array_equal(direct.arrays()[name], values)


def test_lengths_and_shapes_make_no_tensors(container: PtychoDataContainer) -> None:
    before = set(sys.modules)
    assert len(container) == 7
    assert container.shape == (7, 8, 8, 4)
    assert not {name.partition(".")[0] for name in set(sys.modules) - before} & {"tensorflow", "torch"}


def test_without_tensorflow_the_container_says_what_to_install(
    container: PtychoDataContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingDependency, match=r"pip install 'ptycho-conformance\[tensorflow\]'") as caught:
        container.tensors()
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, RuntimeError)


@pytest.mark.tensorflow
def test_a_tf_dataset_of_scaled_batches(container: PtychoDataContainer) -> None:
    pytest.importorskip("tensorflow")
    from ptycho_ref.tensors import as_tf_dataset

    nphotons = 1e6
    scale = np.sqrt(nphotons) / 4
    batches = list(as_tf_dataset(container, 3, nphotons))
    assert [len(inputs[0]) for inputs, _ in batches] == [3, 3, 1]
    frames = np.concatenate([inputs[0].numpy() for inputs, _ in batches])
    np.testing.assert_allclose(frames, container.X * scale, rtol=1e-6)
    np.testing.assert_allclose(
        np.concatenate([targets[2].numpy() for _, targets in batches]), (container.X * scale) ** 2, rtol=1e-5
    )
    np.testing.assert_array_equal(
        np.concatenate([targets[0].numpy() for _, targets in batches]), container.Y_I[..., :1]
    )
    for seed in (1, 2):
        turned = as_tf_dataset(container, 3, nphotons, shuffle=True, seed=seed)
        rows = np.concatenate([inputs[0].numpy() for inputs, _ in turned])
        order = np.random.default_rng(seed).permutation(7)
        np.testing.assert_allclose(rows, container.X[order] * scale, rtol=1e-6)
