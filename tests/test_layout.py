"""Layouts are recorded, and every change that a review must see makes a short readable diff."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from conformance.backends.discovery import select
from conformance.backends.layout import as_text, layout_of, layout_text, side_by_side, tensor_layouts
from conformance.backends.subject import Subject
from conformance.pytest_plugin.snapshot import LayoutSnapshotExtension
from tests.program import command

SIZES = {"B": 3, "C": 4, "N": 8, "P": 2, "M": 23, "H": 30, "W": 41}


@pytest.fixture
def kept(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(LayoutSnapshotExtension)


@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_layouts_of_the_reference(gridsize: int, kept: SnapshotAssertion, tmp_path: Path) -> None:
    assert layout_text(Subject(select(["ref"])[0], tmp_path), gridsize) == kept


@pytest.fixture
def torch_subject(tmp_path: Path) -> Subject:
    pytest.importorskip("torch")
    pytest.importorskip("tensordict")
    return Subject(select(["torch"], ["cpu"])[0], tmp_path / "torch")


@pytest.mark.torch
@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_layouts_of_the_torch_backend(gridsize: int, kept: SnapshotAssertion, torch_subject: Subject) -> None:
    assert layout_text(torch_subject, gridsize) == kept


@pytest.mark.torch
@pytest.mark.parametrize("gridsize", [1, 2])
def test_layouts_side_by_side(gridsize: int, kept: SnapshotAssertion, torch_subject: Subject, tmp_path: Path) -> None:
    subjects = [Subject(select(["ref"])[0], tmp_path / "ref"), torch_subject]
    assert side_by_side(subjects, gridsize) == kept


@pytest.mark.torch
@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_tensor_layouts_of_the_torch_backend(gridsize: int, kept: SnapshotAssertion, torch_subject: Subject) -> None:
    assert as_text("torch", gridsize, tensor_layouts(torch_subject, gridsize)) == kept


@pytest.mark.tensorflow
@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_tensor_layouts_of_the_reference(gridsize: int, kept: SnapshotAssertion, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    subject = Subject(select(["ref"])[0], tmp_path)
    assert as_text("ref", gridsize, tensor_layouts(subject, gridsize)) == kept


def frames() -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).uniform(1, 2, (3, 8, 8, 4)).astype(np.float32)


def one_value(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    values[1, 2, 3, 1] += 1
    return values


CHANGES: dict[str, tuple[Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]], str]] = {
    "another dtype": (lambda v: v.astype(np.float64), "float64"),
    "another shape": (lambda v: v[:, :, :, :3], "(3, 8, 8, 3)"),
    "channels first": (lambda v: np.ascontiguousarray(np.moveaxis(v, -1, 1)), "group channel row column"),
    "Fortran order": (np.asfortranarray, "F little"),
    "a strided view": (lambda v: np.concatenate([v, v])[::2], "strided"),
    "another byte order": (lambda v: v.astype(">f4"), "C big"),
    "rows and columns exchanged": (lambda v: np.ascontiguousarray(v.swapaxes(1, 2)), "mark"),
    "channels in another order": (lambda v: v[..., [0, 2, 1, 3]].copy(), "mark"),
    "another scale": (lambda v: v * np.float32(1.01), "rms"),
    "another sign": (np.negative, "mark"),
    "one value": (one_value, "mark"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_one_line_of_diff(change: str) -> None:
    alter, shown = CHANGES[change]
    before = as_text("a", 2, iter([("grouped", [layout_of("X", frames(), SIZES), layout_of("Y", None, SIZES)])]))
    after = as_text("a", 2, iter([("grouped", [layout_of("X", alter(frames()), SIZES), layout_of("Y", None, SIZES)])]))
    changed = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
    assert len(changed) == 2
    assert shown in changed[1]


def test_rounding_is_no_change() -> None:
    values = frames()
    nudged = np.nextafter(values, np.float32(9))
    assert layout_of("X", values, SIZES).line() == layout_of("X", nudged, SIZES).line()


def test_tensors_never_pass_as_they_are(kept: SnapshotAssertion) -> None:
    with pytest.raises(TypeError, match=r"conformance\.backends\.layout"):
        LayoutSnapshotExtension().serialize(frames())


def test_the_command_prints_what_the_snapshots_hold(tmp_path: Path) -> None:
    done = command("layout", "--adapter", "ref", "--gridsize", "2")
    assert done.returncode == 0
    assert done.stdout == layout_text(Subject(select(["ref"])[0], tmp_path), 2)
    assert command("layout", "--adapter", "nobody").returncode == 3
