"""Published schemas: they are what the types say, real outputs keep to them, and others do not."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from conformance.commands.cli import ended
from conformance.report.schemas import FOLDER, PUBLISHED, schema_of, text_of
from conformance.scans.specimens import Recipe, make_specimen, write_scan

pytestmark = pytest.mark.filterwarnings("ignore")

BACKEND = '''
from ptycho_ref.adapter import RefAdapter


class Wrong(RefAdapter):
    """Wrong in one method, broken in another by an error of no encoding."""

    name = "wrong"

    def configure(self, request):
        return dict(super().configure(request)) | {"N": 0}

    def bridge(self, request):
        raise ZeroDivisionError("\\udc80")
'''


class Output(NamedTuple):
    """A document of a real command, and the name of its schema."""

    schema: str
    document: Any


def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((FOLDER / f"{schema}.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which commands have written all that is published."""
    place = tmp_path_factory.mktemp("outputs")
    (place / "backend_of_schemas.py").write_text(BACKEND)
    frames = dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays)
    write_scan(place / "good.npz", frames)
    frames["diff3d"][3, 1, 6] = -1
    write_scan(place / "bad.npz", frames | {"xcoords": np.arange(20)})
    (place / "damaged.npz").write_bytes((place / "bad.npz").read_bytes()[:-40])
    stage = ("--stage", "config")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.syspath_prepend(place)
        ledger = ("--history", "runs.jsonl")
        both = ("--adapter", "ref", "--adapter", "backend_of_schemas:Wrong")
        assert ended(["run", *both, *stage, "--scan", "good.npz", "--json", "run.json", *ledger]) == 1
        updating = ("--expected", "expected.toml", "--update-expected", "--no-capsules")
        assert ended(["run", *both[2:], *stage, "--json", "none.json", *updating]) in (0, 1, 2)
        seeds = ("--seeds", "2", "--resume", "ledger.jsonl", "--no-capsules")
        assert ended(["run", *both[2:], *stage, "--json", "seeds.json", *seeds]) == 1
    return place


@pytest.fixture
def outputs(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[Output]:
    monkeypatch.chdir(folder)
    capsys.readouterr()
    ended(["validate", "good.npz", "bad.npz", "damaged.npz", "missing.npz", "--json"])
    validated = json.loads(capsys.readouterr().out)
    ended(["diagnose", "good.npz", "--json"])
    diagnosed = json.loads(capsys.readouterr().out)
    ended(["convert", "good.npz", "converted.npz", "--json", "--force"])
    converted = json.loads(capsys.readouterr().out)
    ended(["validate", "good.npz", "bad.npz", "--jobs", "0", "--resume", "fleet.jsonl"])

    def read(name: str) -> Any:
        return json.loads(Path(name).read_text(encoding="utf-8"))

    capsules = sorted(folder.glob("capsules/*/"))
    assert len(capsules) > 1
    return [
        Output("run", read("run.json")),
        Output("validate", validated),
        Output("diagnose", diagnosed),
        Output("convert", converted),
        *(Output("fleet", json.loads(line)) for line in Path("fleet.jsonl").read_text(encoding="utf-8").splitlines()),
        *(Output("history", json.loads(line)) for line in Path("runs.jsonl").read_text(encoding="utf-8").splitlines()),
        Output("seeds", read("seeds.json")),
        *(Output("seed", json.loads(line)) for line in Path("ledger.jsonl").read_text(encoding="utf-8").splitlines()),
        *(Output("capsule", read(f"{one}/capsule.json")) for one in capsules),
        *(Output("arguments", read(f"{one}/arguments.json")) for one in capsules),
        Output("expected", tomllib.loads(Path("expected.toml").read_text(encoding="utf-8"))),
    ]


def test_the_published_files_are_what_the_types_say() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(PUBLISHED)
    for name in PUBLISHED:
        told = "write it anew: python -m conformance.report.schemas"
        assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == text_of(name), told


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_schema_is_one_and_says_what_it_is_of(name: str) -> None:
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:ptycho-conformance:{name}:1"
    assert schema["title"] == f"ptycho-conformance.{name}/1"
    assert schema["description"]
    told = json.dumps(schema)
    assert "----" not in told
    assert "Attributes" not in told


def test_real_outputs_keep_to_their_schemas(outputs: list[Output]) -> None:
    assert {one.schema for one in outputs} == set(PUBLISHED)
    for one in outputs:
        validator(one.schema).validate(one.document)
        assert one.document.get("schema", schema_of(one.schema)["title"]) == schema_of(one.schema)["title"]
    by_name = {one.schema: one.document for one in outputs}
    assert {file["fit"] for file in by_name["validate"]["files"]} == {True, False}
    assert len(by_name["validate"]["unread"]) == 1
    assert by_name["run"]["agreements"]
    assert by_name["seeds"]["unexpected"]
    assert by_name["expected"]["expected"]
    for name in ("run", "validate", "diagnose", "seeds"):
        assert by_name[name]["contract"]


def test_wrong_outputs_do_not(outputs: list[Output]) -> None:
    for one in {one.schema: one for one in outputs}.values():
        schema = validator(one.schema)
        for wrong in wrongs(one, schema_of(one.schema)):
            assert not schema.is_valid(wrong), (one.schema, wrong)


def wrongs(one: Output, schema: dict[str, Any]) -> Iterator[Any]:
    """Documents that lack a key, have another type in one, or one too many, at the top and one floor below."""
    yield []
    for key in schema["required"]:
        yield {name: held for name, held in one.document.items() if name != key}
    if schema.get("additionalProperties") is False:
        yield one.document | {"owner": "me"}
    if "schema" in one.document:
        yield one.document | {"schema": one.document["schema"].replace("/1", "/2")}
    for key, held in one.document.items():
        if schema["properties"].get(key, {}):
            yield one.document | {key: 3 if isinstance(held, str | list | dict) else "three"}
        if isinstance(held, list) and held and isinstance(held[0], dict):
            spoilt = copy.deepcopy(one.document)
            spoilt[key][0].pop(next(iter(held[0])))
            yield spoilt


def test_schemas_are_shipped_with_the_package() -> None:
    from importlib.resources import files

    assert files("conformance.report.schemas").joinpath("run.json").is_file()
