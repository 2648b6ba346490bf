"""What a backend that lives elsewhere does to lists and settings of everyone is done here, and the other way round."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.process_state import restored
from conformance.backends.remote.adapter import RemoteAdapter
from conformance.backends.remote.description import read_description

REQUEST = BatchRequest(GroupRequest(8, 1, 1, 1, seed=0), batch_size=1)
ADAPTER = """
import logging
import numpy as np


class Meddling:
    name = "meddling"
    stages = ("dataset", "physics")

    def batches(self, paths, request):
        yield {"images": np.zeros(1)}
        paths.pop()
        yield {"images": np.zeros(1)}
        paths[:] = [str(one) for one in paths]

    def patches(self, obj, centres_xy, N):
        obj.append(centres_xy)
        raise ValueError("no")

    def noisy(self, amplitude, seed):
        return [np.geterr()["over"], np.get_printoptions()["precision"], logging.getLogger().level]

    def transform(self, name, x):
        return np.broadcast_to(np.float64(x), (4, 1))

    def simulate(self, patches, probe):
        np.seterr(divide="raise")
        np.set_printoptions(precision=3)
        logging.getLogger().setLevel(33)
"""


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteAdapter]:
    folder = tmp_path_factory.mktemp("backend")
    (folder / "meddling_adapter.py").write_text(ADAPTER)
    (folder / "meddling.toml").write_text(f'adapter = "meddling_adapter:Meddling"\npython = "{sys.executable}"\n')
    made = RemoteAdapter(read_description(folder / "meddling.toml"))
    yield made
    made.end()


def test_a_list_is_changed_while_its_data_set_is_gone_through(adapter: RemoteAdapter) -> None:
    paths = [Path("a.npz"), Path("b.npz"), Path("c.npz")]
    seen = [list(paths) for _ in adapter.batches(paths, REQUEST)]
    assert [len(one) for one in seen] == [3, 2]
    assert [repr(one) for one in paths] == ["'a.npz'", "'b.npz'"]


def test_a_list_is_changed_by_a_call_that_is_refused(adapter: RemoteAdapter) -> None:
    given = [1.0]
    with pytest.raises(ValueError, match="no"):
        adapter.patches(given, 2.0, 8)
    assert given == [1.0, 2.0]


def test_what_is_repeated_along_an_axis_stays_what_it_was(adapter: RemoteAdapter) -> None:
    first = adapter.transform("t", 3.0)
    adapter.transform("t", 7.0)
    assert first.tolist() == [[3.0]] * 4


def test_settings_are_one(adapter: RemoteAdapter) -> None:
    with restored():
        np.seterr(over="raise")
        np.set_printoptions(precision=5)
        logging.getLogger().setLevel(22)
        assert adapter.noisy(None, 0) == ["raise", 5, 22]
        adapter.simulate(None, None)
        assert np.geterr()["divide"] == "raise"
        assert np.get_printoptions()["precision"] == 3
        assert logging.getLogger().level == 33
    assert adapter.noisy(None, 0)[1:] == [np.get_printoptions()["precision"], logging.getLogger().level]
