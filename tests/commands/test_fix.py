"""What ``validate --fix`` says and ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.scans.specimens import write_scan
from tests.commands.calling import Call
from tests.files.scans import sound
from tests.files.written import tike


def broken(**changes: Any) -> dict[str, Any]:
    arrays = sound(2)
    return arrays | {"probeGuess": arrays["probeGuess"][None, None]} | changes


def test_a_fixed_file_ends_with_zero_and_says_what_was_done(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "in.npz", broken())
    done = call("validate", "in.npz", "--fix", "out.npz")
    assert done.exit_code == 0
    for part in (
        "probeGuess: drop-unit-axes",
        "-> (32, 32) complex64",
        "out.npz: written",
        "out.npz: fit for training",
    ):
        assert part in done.stdout
    again = call("validate", "out.npz", "--fix", "again.npz")
    assert again.exit_code == 0
    assert "nothing was changed; again.npz is a copy, byte for byte" in again.stdout
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "out.npz").read_bytes()


def test_what_is_left_ends_with_one_and_says_which_option_helps(call: Call, tmp_path: Path) -> None:
    arrays = broken()
    write_scan(tmp_path / "in.npz", arrays | {"objectGuess": np.stack([arrays["objectGuess"]] * 2)})
    done = call("validate", "in.npz", "--fix", "out.npz")
    assert done.exit_code == 1
    assert (tmp_path / "out.npz").is_file()
    assert "Fixes: 1 with --layers product" in done.stdout
    assert call("validate", "out.npz", "--fix", "whole.npz", "--layers", "product").exit_code == 0


def test_plain_validate_offers_fixes(call: Call, tmp_path: Path) -> None:
    arrays = broken()
    arrays["diff3d"][3] = 0
    write_scan(tmp_path / "in.npz", arrays)
    assert "Fixes: 1 by --fix OUT alone, 1 with --drop-frames" in call("validate", "in.npz").stdout
    (file,) = json.loads(call("validate", "in.npz", "--json").stdout)["files"]
    fixes = {one["clause"]: one["fix"] for one in file["findings"] if one["fix"]}
    assert fixes["NPZ-025"]["op"] == "drop-unit-axes"
    assert fixes["NPZ-025"]["before"] == {"shape": [1, 1, 32, 32]}
    assert fixes["NPZ-025"]["after"] == {"shape": [32, 32]}
    assert fixes["FIL-003"]["option"] == "--drop-frames"
    assert fixes["FIL-003"]["arguments"] == {"rows": [3]}


def test_a_dry_run_shows_the_arrays_and_writes_nothing(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "in.npz", broken())
    done = call("validate", "in.npz", "--fix", "out.npz", "--dry-run")
    assert done.exit_code == 0
    assert "(1, 1, 32, 32) complex64  -> (32, 32) complex64" in done.stdout
    assert "out.npz: nothing was written" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]


def test_json_tells_the_fixes(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "in.npz", broken())
    told = json.loads(call("validate", "in.npz", "--fix", "out.npz", "--json").stdout)
    assert told["fixed"]["written"]
    assert [fix["op"] for fix in told["fixed"]["fixes"]] == ["drop-unit-axes"]
    assert told["files"][0]["fit"]


def test_a_file_of_another_tool_is_referred_to_convert(call: Call, tmp_path: Path) -> None:
    tike(tmp_path / "in.npz", sound(2))
    done = call("validate", "in.npz", "--fix", "out.npz")
    assert done.exit_code == 1
    assert "ptycho-conformance convert in.npz" in done.stdout
    assert not (tmp_path / "out.npz").exists()


def test_a_damaged_file_is_not_mended(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "whole.npz", broken())
    (tmp_path / "in.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:-99])
    done = call("validate", "in.npz", "--fix", "out.npz")
    assert done.exit_code == 1
    assert "NPZ-033" in done.stdout
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("absent.npz --fix out.npz", "absent.npz: no such file"),
        ("in.npz in.npz --fix out.npz", "--fix takes one FILE"),
        (". --fix out.npz", "--fix takes one FILE"),
        ("in.npz --fix in.npz", "it is the file that is read"),
        ("in.npz --fix in.npz --force", "it is the file that is read"),
        ("in.npz --fix there.npz", "there.npz: it exists; --force replaces it"),
        ("in.npz --fix out.h5", "out.h5: a scan file is written as .npz"),
        ("in.npz --fix gone/out.npz", "there is no folder gone"),
        ("in.npz --intensity", "--intensity goes with --fix OUT"),
        ("in.npz --dry-run", "--dry-run goes with --fix OUT"),
        ("in.npz --force", "--force goes with --fix OUT"),
        ("in.npz --fix out.npz --unit m", "--unit needs --object-pixel"),
        ("in.npz --fix out.npz --object-pixel 1e-8", "--object-pixel needs --unit"),
        ("in.npz --fix out.npz --unit mile --object-pixel 1e-8", "--unit 'mile' is unknown; choose m, mm, um, nm"),
        ("in.npz --fix out.npz --unit m --object-pixel 0", "--object-pixel 0.0"),
        ("in.npz --fix out.npz --origin 3", "--origin '3' is no pair of numbers"),
        ("in.npz --fix out.npz --origin 3,nan", "--origin '3,nan' is no pair of numbers"),
        ("in.npz --fix out.npz --layers sum", "--layers 'sum' is unknown; choose product, complex or polar"),
    ],
)
def test_wrong_usage_reads_nothing(
    options: str, value: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scan(tmp_path / "in.npz", broken())
    (tmp_path / "there.npz").touch()

    def looked(*_: Any) -> None:
        pytest.fail("a file was read")

    monkeypatch.setattr("conformance.files.examine.examine", looked)
    call("validate", *options.split()).refuses(value)
    assert {path.name for path in tmp_path.iterdir()} == {"in.npz", "there.npz"}


def test_force_replaces_another_file(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "in.npz", broken())
    (tmp_path / "out.npz").write_text("before")
    assert call("validate", "in.npz", "--fix", "out.npz", "--force").exit_code == 0
    assert (tmp_path / "out.npz").read_bytes()[:2] == b"PK"
