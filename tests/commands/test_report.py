"""The documents for reviewers of a port hold what the contract, the checks and the backends hold now."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.commands.cli import ended
from conformance.contract.arrays import ARRAYS
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations, modules_of
from tests.commands.calling import Call

PORT = """
import numpy as np
from ptycho_ref.adapter import RefAdapter


class Port(RefAdapter):
    name = "port"

    def group(self, scan, request):
        found = dict(super().group(scan, request))
        found["coords_offsets"] = found["coords_offsets"].astype(np.float32)
        found["X_full"] = np.ascontiguousarray(np.moveaxis(found["X_full"], -1, 1))
        return found
"""
NAMES = ["data_contract.md", "test_blueprint.md", "torch_gap_matrix.md"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the documents, written twice from one run."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "ports.py").write_text(PORT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        patch.delitem(sys.modules, "ports", raising=False)
        _write_twice(folder)
        yield folder


def _write_twice(written: Path) -> None:
    adapters = ("--adapter", "ref", "--adapter", "ports:Port", "--no-frameworks")
    run = ("--stage", "coordinates", "--no-capsules", "--in-process", "--profile", "small")
    assert ended(["run", *adapters, *run, "--json", "r.json"]) == 1
    for folder in ("docs", "again"):
        assert ended(["report", folder, *adapters, "--gridsize", "2", "--run", "r.json"]) == 0
        assert sorted(path.name for path in (written / folder).iterdir()) == NAMES


def test_documents_are_current(written: Path) -> None:
    texts = {name: (written / "docs" / name).read_text(encoding="utf-8") for name in NAMES}
    assert texts == {name: (written / "again" / name).read_text(encoding="utf-8") for name in NAMES}
    contract = texts["data_contract.md"]
    assert [f"`{one.name}`" in contract and one.clause in contract for one in ARRAYS] == [True] * len(ARRAYS)
    assert sum(line.startswith("| `") for line in contract.splitlines()) == len(ARRAYS)
    blueprint = texts["test_blueprint.md"]
    modules = [module for stage in Stage for module in modules_of(stage)]
    assert all(f"{module.rpartition('.')[2]}.py`" in blueprint for module in modules)
    assert {clause for one in declarations() for clause in one.clauses if clause not in blueprint} == set()


def test_what_differs_is_named_tensor_by_tensor(written: Path) -> None:
    matrix = (written / "docs" / "torch_gap_matrix.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in matrix.splitlines() if line.startswith("| `")}
    assert rows["`coords_offsets`"].endswith("| dtype |")
    assert "order of axes, shape" in rows["`X_full`"]
    assert rows["`coords_nn`"].endswith("| - |")
    assert "- coordinates: " in matrix
    assert "| FAIL |" in matrix


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("report docs --adapter ref", "--adapter"),
        ("report docs --adapter ref --adapter nobody", "nobody"),
        ("report taken --adapter ref --adapter ref", "taken"),
        ("report docs --run absent.json", "absent.json"),
        ("report docs --run taken", "taken"),
        ("report docs --gridsize 9", "9"),
    ],
)
def test_wrong_usage_writes_nothing(options: str, value: str, call: Call, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("{}")
    call(*options.split()).refuses(value)
    assert not (tmp_path / "docs").exists()
