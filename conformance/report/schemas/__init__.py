"""JSON Schemas of what the commands write and read, made from the types; the files beside this module are published.

``python -m conformance.report.schemas`` writes them anew.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from conformance.failures.expected import ExpectedFailure
from conformance.failures.record import Arguments, CapsuleRecord
from conformance.report.conversion_result import ConversionResult
from conformance.report.diagnosis_result import DiagnosisResult
from conformance.report.run_result import RunResult
from conformance.report.seeds_result import SeedsResult
from conformance.report.validation_result import ValidationResult
from conformance.runs.fleet_ledger import FleetLine
from conformance.runs.history import HistoryLine
from conformance.runs.ledger import SeedLine

FOLDER = Path(__file__).parent


class ExpectedFailures(msgspec.Struct):
    """A list of expected failures, in TOML.

    Attributes
    ----------
    expected : tuple of ExpectedFailure
        The tables ``[[expected]]``; other tables are passed over.
    """

    expected: tuple[ExpectedFailure, ...] = ()


PUBLISHED: Mapping[str, type[msgspec.Struct]] = {
    "run": RunResult,
    "validate": ValidationResult,
    "diagnose": DiagnosisResult,
    "convert": ConversionResult,
    "seeds": SeedsResult,
    "seed": SeedLine,
    "fleet": FleetLine,
    "history": HistoryLine,
    "capsule": CapsuleRecord,
    "arguments": Arguments,
    "expected": ExpectedFailures,
}
"""By the name of the file: ``run --json``, ``validate --json``, ``diagnose --json``, ``convert --json``,
``run --seeds --json``, a line of ``run --resume``, a line of ``validate --resume``, a line of ``run --history``,
the files ``capsule.json`` and
``arguments.json`` of a capsule, and the list of ``run --expected``."""


def schema_of(name: str) -> dict[str, Any]:
    """Return a schema of :data:`PUBLISHED`, with the words of the types' own docstrings."""
    made: dict[str, Any] = msgspec.json.schema(PUBLISHED[name], schema_hook=_path)
    for part in made["$defs"].values():
        _describe(part)
    whole: dict[str, Any] = made["$defs"].pop(PUBLISHED[name].__name__)
    said = whole["properties"].get("schema", {}).get("enum", [f"ptycho-conformance.{name}/1"])
    head: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ptycho-conformance:{name}:{said[0].rpartition('/')[2]}",
    }
    return head | whole | {"title": said[0]} | ({"$defs": made["$defs"]} if made["$defs"] else {})


def text_of(name: str) -> str:
    """Return the text of a published file."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def _path(kind: type) -> dict[str, Any]:
    return {"type": "string", "minLength": 1}


def _describe(part: dict[str, Any]) -> None:
    """Spread a docstring over the type and its fields."""
    if "description" not in part:
        return
    text, _, fields = inspect.cleandoc(part["description"]).partition("\n\nAttributes\n----------\n")
    part["description"] = _plain(text)
    for name, told in _fields(fields):
        if name in part.get("properties", {}):
            part["properties"][name] = {"description": told} | part["properties"][name]


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for block in re.split(r"\n(?=\S)", text):
        names, *lines = block.split("\n")
        if lines:
            for name in names.partition(" : ")[0].split(", "):
                yield name, _plain("\n".join(lines))


def _plain(text: str) -> str:
    return " ".join(re.sub(r":\w+:|`", "", text).split())
