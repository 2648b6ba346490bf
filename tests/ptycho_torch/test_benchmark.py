"""The benchmark runs, on sizes that measure nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def test_the_tables(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import torch_backend
    from ptycho_torch.dataset import PtychoDataset

    def built(path: Path, groups: int, folder: Path) -> Any:
        PtychoDataset(path, torch_backend.request(groups), folder)
        return torch_backend.Built(1.0, 0)

    monkeypatch.setattr(torch_backend, "built", built)
    torch_backend.main(torch_backend.Sizes(points=40, side=8, patches=5, repeats=1))
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    written = [row.split("|")[3].strip() for row in rows if "file," in row]
    assert written[:2] == ["**0.00 x**", "**0.00 x**"]
    assert all(1 <= float(one.strip("*x ")) < 1.05 for one in written[2:])
    assert len(rows) == 1 + 4 + 1 + 1 + 6 + 2
