"""Adapters of released packages are small, say what they translate, and claim what they have."""

from __future__ import annotations

import ast

import pytest

from conformance.contract.stages import METHODS, OPTIONAL_METHODS, ROWS, Stage
from tests.peers.__main__ import PEERS
from tests.peers.page import HERE, Judged, convention_of, package_of, page

METHODS_KNOWN = OPTIONAL_METHODS.union(*METHODS.values()) | {"name", "stages"}


def module(peer: str) -> ast.Module:
    return ast.parse((HERE / peer / "adapter.py").read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Top-level packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.parametrize("peer", PEERS)
def test_an_adapter_needs_nothing_of_the_suite_nor_of_another_peer(peer: str) -> None:
    others = {package_of(one).partition("-")[0].lower() for one in PEERS if one != peer}
    names = {name.lower() for name in imported(module(peer))}
    assert not names & ({"conformance", "ptycho_ref", "ptycho_torch", "tests"} | others)


@pytest.mark.parametrize("peer", PEERS)
def test_an_adapter_claims_what_it_has(peer: str) -> None:
    for one in [node for node in module(peer).body if isinstance(node, ast.ClassDef) and not node.bases]:
        own = {node.name for node in one.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}
        assert own <= METHODS_KNOWN, one.name
        text = ast.unparse(one)
        claimed = {stage for stage in Stage if f"'{stage}'" in text.partition("def ")[0]}
        assert claimed
        rows = [ROWS[stage] for stage in claimed if ROWS[stage].alone not in own]
        assert {method for row in rows for method in row.required} <= own, one.name


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_is_pinned_and_says_what_it_translates(peer: str) -> None:
    lines = (HERE / peer / "requirements.txt").read_text(encoding="utf-8").split()
    assert "==" in lines[-1]
    assert convention_of(peer)
    assert (HERE / peer / "confirm.py").exists()


def test_the_page_tells_what_is_as_declared() -> None:
    cells = [
        {"clause": clause, "outcome": outcome, "reason": "differs as stated"}
        for clause, outcome in (("PAT-002", "DECLARED"), ("REA-011", "DECLARED"), ("PAT-001", "PASS"))
    ]
    counts = {"DECLARED": 2, "PASS": 1}
    result = {"denominators": [{"adapter": "one", "counts": counts}], "causes": [], "cells": cells}
    result["translators"] = {"one": ["positions [y, x]", "intensities"], "other": ["an FFT of the norm backward"]}
    text = page([Judged(PEERS[0], "package", "1.0", "2026-01-01", results=[result])])
    assert "`one` as its adapter states:\n\n- differs as stated (PAT-002, REA-011)\n" in text
    assert "| 1 | 2 | 0 | 0 | nothing |" in text
    assert "Translated for `one`, as it states: positions [y, x]; intensities\n" in text
    assert "backward" not in text


def test_the_page_names_every_peer() -> None:
    text = (HERE.parents[1] / "specs" / "peers.md").read_text(encoding="utf-8")
    for peer in PEERS:
        assert package_of(peer) in text, peer


def result_of(name: str, failed: int) -> dict[str, object]:
    counts = {"adapter": name, "counts": {"PASS": 3, "FAIL": failed}}
    return {"denominators": [counts], "causes": [], "cells": []}


def test_the_page_begins_with_the_worst_and_ends_with_what_cannot_be_installed() -> None:
    there = [
        Judged("cdtools", "cdtools-py", "1", "today", results=[result_of("mild", 1)], confirmed=["it does"]),
        Judged("abtem", "abtem", "", "today", absent="no wheel"),
        Judged("ptychi", "ptychi", "1", "today", results=[result_of("poor", 7), result_of("good", 0)]),
    ]
    text = page(there)
    assert text.index("| poor |") < text.index("| mild |")
    assert text.index("## ptychi 1") < text.index("## cdtools-py 1")
    assert "- it does" in text
    assert text.endswith("- abtem: no wheel\n")
