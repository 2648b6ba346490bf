"""Arguments of a check survive as JSON and arrays, to the last bit, and nothing else comes back to life."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.adapter import BatchRequest, BridgeRequest, GroupRequest
from conformance.failures.encoding import Encoder, NotEncodable, decode
from conformance.failures.typed import Undecodable, parsed
from conformance.scans.drawn import GroupingCase
from conformance.scans.specimens import Recipe, Specimen, make_specimen

SPECIMEN = make_specimen(Recipe(M=7, N=8, modes=2, seed=3))


def there_and_back(value: Any) -> Any:
    encoder = Encoder()
    stored = json.dumps(encoder.encode(value, "value"), allow_nan=False)
    return decode(parsed(stored), encoder.arrays)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -7,
        2**63,
        0.1,
        -0.0,
        "night 4 · ψ",
        [1, [2.5, None]],
        (1, ("a", ())),
        {"a": {"b": [1]}, "c": (2,)},
        2 + 3j,
        GroupRequest(N=8, gridsize=2, K=6, nsamples=3, seed=5, amplitude_scale=0.25),
        BatchRequest(GroupRequest(N=8), batch_size=4, normalize="Group"),
        BridgeRequest("training", data={"N": 24, "grid_size": (2, 2)}),
        Recipe(M=4, N=8, pattern="spiral", truth="patches"),
    ],
    ids=repr,
)
def test_values_come_back_equal_and_of_their_type(value: Any) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, complex(-0.0, math.inf)])
def test_numbers_that_json_lacks_come_back(value: Any) -> None:
    assert there_and_back(value) == value


def test_nan_comes_back() -> None:
    assert math.isnan(there_and_back(math.nan))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=">i4").reshape(2, 3, 4),
        np.asfortranarray(np.linspace(0, 1, 12).reshape(3, 4)),
        np.moveaxis(np.arange(60, dtype=np.uint16).reshape(3, 4, 5), 0, 1).copy(order="K"),
        np.arange(20, dtype=np.float64)[::3],
        np.array(3.5, dtype=np.float32),
        np.zeros((0, 4), dtype=bool),
        np.array(["a", "ψψ"]),
        np.array([np.nan, -0.0, np.inf], dtype="<f2"),
    ],
    ids=lambda array: f"{array.dtype.str}-{array.shape}-{array.strides}",
)
def test_arrays_come_back_bit_by_bit_in_their_layout(array: np.ndarray[Any, Any]) -> None:
    back = there_and_back({"x": array})["x"]
    assert (back.dtype.str, back.shape) == (array.dtype.str, array.shape)
    assert back.tobytes() == array.tobytes()
    order = np.argsort([-stride for stride in np.abs(array.strides)], kind="stable")
    assert list(np.argsort([-stride for stride in back.strides], kind="stable")) == list(order)


def test_numpy_scalars_stay_scalars() -> None:
    back = there_and_back([np.float32(0.1), np.int16(-3)])
    assert [type(one) for one in back] == [np.float32, np.int16]
    assert back == [np.float32(0.1), np.int16(-3)]


def test_a_case_of_grouping_comes_back_and_its_arrays_read_as_a_scan() -> None:
    encoder = Encoder()
    case = GroupingCase(SPECIMEN, GroupRequest(N=8, seed=1))
    back = decode(encoder.encode(case, "case"), encoder.arrays)
    assert back.request == case.request
    assert back.specimen.name == SPECIMEN.name
    assert set(encoder.arrays) == set(SPECIMEN.arrays)
    for name, array in SPECIMEN.arrays.items():
        assert back.specimen.arrays[name].tobytes() == array.tobytes()


def test_two_scans_do_not_share_names() -> None:
    encoder = Encoder()
    other = make_specimen(Recipe(M=5, N=8, seed=4))
    back = decode(encoder.encode((SPECIMEN, other), "stored"), encoder.arrays)
    assert [one.M for one in back] == [7, 5]


@pytest.mark.parametrize(
    "value",
    [
        Path("scan.npz"),
        {1: 2},
        {3, 4},
        b"x",
        np.array([{}], dtype=object),
        GroupRequest(N=8, dataset_path=Path("a.npz")),
        Specimen("mine", SPECIMEN.arrays, consistent=False, path=Path("mine.npz")),
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_capsule_does_not_hold_is_refused(value: Any) -> None:
    with pytest.raises(NotEncodable, match="value"):
        Encoder().encode(value, "value")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"os.system": "true"}',
        '{"path": "/etc/passwd"}',
        '{"tuple": 3}',
        '{"tuple": [], "list": []}',
        '{"dict": [1]}',
        '{"array": "missing"}',
        '{"array": ["x"]}',
        '{"array": "x", "axes": [0, 0]}',
        '{"array": "x", "axes": [1, true]}',
        '{"float": "1"}',
        '{"complex": [1.0]}',
        '{"GroupRequest": {"N": "8"}}',
        '{"GroupRequest": {"N": true}}',
        '{"GroupRequest": {"N": 8, "dataset_path": "/tmp/x"}}',
        '{"GroupRequest": {"N": 8, "strategy": "other"}}',
        '{"GroupRequest": {"N": 8, "__class__": "x"}}',
        '{"GroupRequest": {}}',
        '{"GroupingCase": {"specimen": null, "request": null}}',
        '{"Specimen": {"name": "a", "consistent": true, "arrays": {"dict": {}}}}',
        '{"Specimen": {"name": "a", "consistent": true, "arrays": {"dict": {"xcoords": 3}}}}',
        '{"Specimen": {"name": "a", "consistent": true, "arrays": 3}}',
        "[" * 100_000,
        "NaN",
        "1e999999",
        "9" * 10_000,
        '"' + "x" * (1 << 23) + '"',
        "not json",
    ],
    ids=lambda text: text[:60],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Undecodable):
        decode(parsed(text), {"x": np.zeros((2, 3))})
