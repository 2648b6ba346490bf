"""An adapter in another process behaves as in this one: values, memory, errors, warnings, side effects."""

from __future__ import annotations

import ast
import copy
import json
import os
import pickle
import random
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from conformance.adapter import GroupRequest
from conformance.backends.discovery import AdapterNotFound, MalformedAdapter, select
from conformance.backends.guard import AdapterBroke
from conformance.backends.remote import far_side, session
from conformance.backends.remote.adapter import RemoteAdapter
from conformance.backends.remote.description import MalformedBackend, at_python, read_description

SCHEMAS = Path(__file__).parents[2] / "specs" / "protocol" / "schemas"

ADAPTER = '''
import datetime, os, random, sys, warnings
import numpy as np


class Refused(ValueError):
    """Cannot be pickled: it asks for two arguments."""

    def __init__(self, what, remedy):
        super().__init__(f"{what} is refused; {remedy}")
        self.remedy = remedy


class Scan:
    def __init__(self, arrays):
        self.arrays = arrays


class Odd:
    name = "odd"
    stages = ("physics",)
    kept = np.arange(4.0)

    def assemble(self, arrays):
        return Scan(arrays)

    def arrays(self, scan):
        return scan.arrays

    def group(self, scan, request):
        return {"fields": [type(request).__name__, request.N, request.seed], "first": next(iter(scan.arrays))}

    def batches(self, paths, request):
        yield from ({"images": np.full(2, number)} for number in range(3))

    def simulate(self, patches, probe):
        return getattr(self, "_" + str(probe))(patches)

    def _writes(self, values):
        values *= 2
        return values

    def _doubles(self, values):
        self.kept[:] *= 2

    def _locks(self, values):
        locked = self.kept[:]
        locked.flags.writeable = False
        self.locked = getattr(self, "locked", locked)
        return self.locked

    def _shapes(self, values):
        if values is not None:
            self.kept.shape = values
        return self.kept

    def _views(self, values):
        return values[1:]

    def _keeps(self, values):
        return self.kept

    def _pops(self, values):
        values.pop("b")
        return None

    def _refuses(self, values):
        raise Refused("it", "Do otherwise.")

    def _warns(self, values):
        warnings.warn("mind", UserWarning)

    def _prints(self, values):
        print("above")
        os.write(1, b"below")

    def _moves(self, values):
        os.chdir("/")
        os.environ["MOVED"] = "yes"

    def _draws(self, values):
        return np.random.random(), random.random()

    def _dies(self, values):
        os._exit(7)

    def _describes(self, values):
        return [values.strides, values.flags.writeable, values.dtype.str, abs(values.sum())]

    def _unfinished(self, values):
        raise NotImplementedError("soon")

    def _falls(self, values):
        return datetime.tzinfo().utcoffset(None)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("backend")
    (made / "odd_adapter.py").write_text(ADAPTER)
    (made / "odd.toml").write_text(f'adapter = "odd_adapter:Odd"\npython = "{sys.executable}"\n')
    return made


@pytest.fixture(scope="module")
def adapter(folder: Path) -> Iterator[RemoteAdapter]:
    made = RemoteAdapter(read_description(folder / "odd.toml"))
    yield made
    made.end()


def test_nothing_of_this_project_is_loaded_over_there_and_python_3_8_reads_it() -> None:
    source = Path(far_side.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    imported |= {name.name for one in ast.walk(tree) if isinstance(one, ast.Import) for name in one.names}
    outside = {name for name in imported if name and name.partition(".")[0] not in sys.stdlib_module_names}
    assert outside == {"numpy"}


def test_an_argument_that_is_written_into_is_written_into(adapter: RemoteAdapter) -> None:
    values = np.arange(3.0)
    assert adapter.simulate(values, "writes") is values
    assert values.tolist() == [0, 2, 4]


def test_a_result_that_lies_in_an_argument_lies_in_it(adapter: RemoteAdapter) -> None:
    values = np.arange(3.0)
    assert np.shares_memory(adapter.simulate(values, "views"), values)


def test_a_result_that_is_kept_is_kept(adapter: RemoteAdapter) -> None:
    first = adapter.simulate(None, "keeps")
    first[:] = 77
    assert adapter.simulate(None, "keeps").tolist() == [77] * 4


@pytest.mark.parametrize("between", [1, 3, 9])
@pytest.mark.parametrize("way", ["keeps", "locks"])
def test_a_result_that_is_held_here_is_seen_to_change(way: str, between: int, adapter: RemoteAdapter) -> None:
    first = adapter.simulate(None, way)
    before = first.copy()
    for step in ("writes", "doubles", "writes"):
        for _ in range(1 if step == "doubles" else between):
            adapter.simulate(3, step)
    assert adapter.simulate(None, way) is first
    assert first.tolist() == (2 * before).tolist()


def test_a_result_that_is_given_again_crosses_once(adapter: RemoteAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    unpacked = session.unpacked

    def unpacking(payload: Any) -> Any:
        sizes.append(len(payload))
        return unpacked(payload)

    monkeypatch.setattr(session, "unpacked", unpacking)
    first = adapter.simulate(None, "keeps")
    assert adapter.simulate(None, "keeps") is first
    assert sizes[1] <= sizes[0] - first.nbytes


@pytest.mark.parametrize("between", [0, 9])
def test_a_result_that_has_another_shape_is_given_with_it(between: int, adapter: RemoteAdapter) -> None:
    first = adapter.simulate(None, "keeps")
    assert first.shape == (4,)
    try:
        for _ in range(between):
            adapter.simulate(3, "writes")
        assert adapter.simulate((2, 2), "shapes").shape == (2, 2)
        assert adapter.simulate(None, "keeps").shape == (2, 2)
    finally:
        assert adapter.simulate((4,), "shapes").shape == (4,)


def test_a_result_that_is_changed_and_let_go_is_changed(adapter: RemoteAdapter) -> None:
    adapter.simulate(None, "keeps")[:] = 78
    assert adapter.simulate(None, "keeps").tolist() == [78] * 4


def test_an_argument_that_is_held_on_to_is_held_on_to(adapter: RemoteAdapter) -> None:
    values = {"a": np.arange(3.0)}
    scan = adapter.assemble(values)
    values["a"][0] = 5
    assert adapter.arrays(scan)["a"][0] == 5


def test_entries_that_are_taken_from_an_argument_are_taken(adapter: RemoteAdapter) -> None:
    values = {"a": 1, "b": 2}
    adapter.simulate(values, "pops")
    assert values == {"a": 1}


@pytest.mark.parametrize(
    "values",
    [
        np.arange(24.0).reshape(4, 6)[::2, ::-1],
        np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
        np.arange(5, dtype=">c8"),
        np.broadcast_to(np.float32(3), (4, 4)),
        np.float64(2.5),
    ],
    ids=["strided", "Fortran", "big-endian", "repeated", "scalar"],
)
def test_arrays_lie_there_as_they_lie_here(values: Any, adapter: RemoteAdapter) -> None:
    strides, writable, dtype, total = adapter.simulate(values, "describes")
    assert (strides, dtype, total) == (values.strides, values.dtype.str, abs(values.sum()))
    assert writable == values.flags.writeable


def test_requests_scans_and_batches(adapter: RemoteAdapter) -> None:
    scan = adapter.assemble({"xcoords": np.arange(3.0)})
    grouped = adapter.group(scan, GroupRequest(N=8, seed=3))
    assert grouped == {"fields": ["GroupRequest", 8, 3], "first": "xcoords"}
    assert [one["images"].tolist() for one in adapter.batches([], None)] == [[0, 0], [1, 1], [2, 2]]


def test_an_error_is_what_it_was_and_crosses_as_it_did(adapter: RemoteAdapter) -> None:
    with pytest.raises(ValueError, match="it is refused; Do otherwise") as caught:
        adapter.simulate(None, "refuses")
    error: Any = caught.value
    assert (type(error).__name__, error.remedy) == ("Refused", "Do otherwise.")
    with pytest.raises(TypeError):
        pickle.loads(pickle.dumps(error))
    with pytest.raises(TypeError):
        copy.copy(error)
    with pytest.raises(NotImplementedError, match="soon"):
        adapter.simulate(None, "unfinished")
    with pytest.raises(RuntimeError, match="NotImplementedError: a tzinfo") as caught:
        adapter.simulate(None, "falls")
    assert not isinstance(caught.value, NotImplementedError)


def test_warnings_and_prints_are_passed_on(adapter: RemoteAdapter, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapter.simulate(None, "warns")
    assert [(type(one.message).__name__, str(one.message)) for one in caught] == [("UserWarning", "mind")]
    adapter.simulate(None, "prints")
    said = capfd.readouterr().out
    assert "above" in said
    assert "below" in said


def test_what_it_does_to_the_process_is_done_here(adapter: RemoteAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVED", "no")
    monkeypatch.chdir(Path.cwd())
    adapter.simulate(None, "moves")
    assert (os.environ["MOVED"], Path.cwd()) == ("yes", Path("/"))


def test_global_generators_are_one(adapter: RemoteAdapter) -> None:
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        drawn = []
        for there in (True, False):
            random.seed(3)
            np.random.seed(4)  # noqa: NPY002
            here = np.random.random, random.random
            drawn.append(adapter.simulate(None, "draws") if there else tuple(one() for one in here))
        assert drawn[0] == drawn[1]
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002


def test_a_glance_at_the_generators_shows_all_that_is_drawn() -> None:
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    drawing = (random.random, np.random.random, np.random.standard_normal, lambda: random.gauss(0, 1), random.random)
    try:
        for draw in (*drawing, *drawing):
            held = far_side.of_python(), far_side.of_numpy()
            draw()
            name, keys, *rest = np.random.get_state()  # noqa: NPY002
            assert (far_side.of_python(), far_side.of_numpy()) != held
            assert (far_side.of_python(), far_side.of_numpy()) == (random.getstate(), (name, keys.tobytes(), *rest))
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002


def test_a_scan_of_a_process_that_died_is_made_again(adapter: RemoteAdapter) -> None:
    scan = adapter.assemble({"a": np.arange(3.0)})
    with pytest.raises(AdapterBroke, match="simulate: its process ended with status 7"):
        adapter.simulate(None, "dies")
    assert adapter.arrays(scan)["a"].tolist() == [0, 1, 2]


def test_messages_keep_to_their_schemas(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {
        name: json.loads((SCHEMAS / f"{name}.json").read_text()) for name in ("value", "question", "answer", "hello")
    }
    known: Any = Registry().with_resources([(one["$id"], Resource.from_contents(one)) for one in held.values()])
    said: list[tuple[str, dict[str, Any]]] = []
    packed, unpacked = session.packed, session.unpacked

    def packing(message: dict[str, Any], buffers: Any) -> Any:
        made = packed(message, buffers)
        said.append(("question", unpacked(b"".join(made))[0]))
        return made

    def unpacking(payload: bytes) -> Any:
        found = unpacked(payload)
        said.append(("answer", found[0]))
        return found

    monkeypatch.setattr(session, "packed", packing)
    monkeypatch.setattr(session, "unpacked", unpacking)
    adapter = RemoteAdapter(read_description(folder / "odd.toml"))
    test_an_argument_that_is_held_on_to_is_held_on_to(adapter)
    test_entries_that_are_taken_from_an_argument_are_taken(adapter)
    test_a_result_that_lies_in_an_argument_lies_in_it(adapter)
    test_requests_scans_and_batches(adapter)
    test_an_error_is_what_it_was_and_crosses_as_it_did(adapter)
    adapter.end()
    assert len(said) > 20
    for kind, message in [*said, ("hello", said[1][1]["value"])]:
        Draft202012Validator(held[kind], registry=known).validate(message)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('adapter = "a:B"\ncolour = 1', "the key 'colour' is unknown"),
        ("adapter = 7", "adapter must be a text"),
        ('adapter = "a:B"\npython = "/no/such/python"', "there is no such program"),
        ('adapter = "a:B"\npython = "python3"\ncommand = ["x"]', "a python or a command, not both"),
        ('name = "x"', "needs an adapter"),
        ("name = ", "no TOML"),
        ('adapter = "a:B"\nlimits = {seconds = -1}', "limits must be"),
        ('adapter = "a:B"\nfolder = "nowhere"', "there is no such folder"),
        ('command = ["python3", "{exchange}"]\nexchange = "nowhere"', "there is no such folder"),
        ('command = ["python3", "{descriptor}"]\nexchange = "."', "a command that names {exchange}"),
    ],
)
def test_a_description_that_cannot_be_used_is_told(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "backend.toml"
    path.write_text(text)
    with pytest.raises(MalformedBackend, match=what):
        read_description(path)
    with pytest.raises(AdapterNotFound, match=what):
        select([str(path)])


def test_an_interpreter_that_is_none_is_told() -> None:
    with pytest.raises(MalformedBackend, match="there is no such program"):
        at_python("a:B", "/no/such/python")
    with pytest.raises(MalformedAdapter, match="its process ended with status"):
        select(["a:B@/bin/true"])
