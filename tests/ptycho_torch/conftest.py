"""Scans on disk for the tests of the PyTorch backend, which are left out where PyTorch is not installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.scans import ScanFiles, three_scans

Request = Callable[..., Any]


@pytest.fixture(autouse=True)
def _torch_is_there() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed; pip install 'ptycho-conformance[torch]'")
    pytest.importorskip("tensordict", reason="tensordict is not installed; pip install 'ptycho-conformance[torch]'")


@pytest.fixture
def files(tmp_path: Path) -> ScanFiles:
    """Three scans of unequal length, with one, three and two probe modes, the second compressed."""
    return ScanFiles(tmp_path / "scans", three_scans())


@pytest.fixture
def asked() -> Request:
    """Make a request of a store: groups of four by default, else as told."""

    def ask(grouping: Any = None, **more: Any) -> Any:
        from ptycho_torch.grouping import Grouping
        from ptycho_torch.store import StoreRequest

        chosen = Grouping(gridsize=2, K=5, nsamples=7, seed=3) if grouping is None else grouping
        return StoreRequest(chosen, **more)

    return ask


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
