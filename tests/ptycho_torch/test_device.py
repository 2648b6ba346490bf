"""What is run on a GPU, run on the CPU: on sizes that measure nothing."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.torch
SMALL = {"side": 8, "modes": 2, "height": 40, "width": 50, "patches": 12, "batch": 5, "repeats": 1}


@pytest.fixture
def device() -> Any:
    from benchmarks import device

    return device


def test_everything_is_told_in_two_tables(device: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert device.main(["--device", "cpu", "--tests"], device.Sizes(**SMALL)) == 0
    said = capsys.readouterr().out.splitlines()
    stages = [line for line in said if "| agree |" in line]
    assert len(stages) == len(device.STAGES)
    assert all(int(line.split("|")[3].replace(",", "")) > 0 for line in stages)
    ratios = [line for line in said if line.endswith(") |")]
    assert [line.split("|")[1].split(",")[0].strip() for line in ratios] == [
        "12 patches 8 x 8",
        "12 patches 8 x 8",
        "forward model of 12 frames",
        "gradient of 12 frames to the object",
        "3 batches of 5 groups",
        "3 batches of 5 groups",
    ]


@pytest.mark.night
def test_a_device_that_computes_otherwise_is_told(
    device: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = device.on_devices("cpu")
    amplitude = second.adapter.simulate
    second.adapter.simulate = lambda patches, probe: amplitude(patches, probe) * 1.0001
    monkeypatch.setattr(device, "on_devices", lambda _: (first, second))
    assert device.main(["--device", "cpu", "--tests"], device.Sizes(**SMALL)) == 1
    (physics,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| physics")]
    assert "values differ" in physics


def test_a_device_that_is_not_there_is_no_result(device: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert device.main(["--device", "cuda"]) == 3
    assert "none of cuda is here" in capsys.readouterr().err


def test_tests_run_on_the_device_that_was_asked_for(device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    class Done:
        returncode = 1

    monkeypatch.setattr(device.subprocess, "run", lambda command, **_: asked.append(command) or Done())
    assert device.run_tests("cuda", ["tests/ptycho_torch"]) == 1
    assert asked[0][2:] == ["pytest", "-q", "-m", "torch", "--ptycho-device", "cuda", "tests/ptycho_torch"]


def test_gradients_are_the_same_on_every_device(device: Any) -> None:
    import numpy as np
    import torch

    names = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu", "cpu")
    seen, expected = (
        device.Waves(name, device.Sizes(**SMALL), np.random.default_rng(7)).gradient().cpu().numpy() for name in names
    )
    np.testing.assert_allclose(seen, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert np.abs(expected).max() > 0
