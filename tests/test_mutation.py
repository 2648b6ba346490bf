"""The mutation runner: its mutants, and the fates of a few of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mutmut", reason="mutmut is not installed (pip install ptycho-conformance[dev])")
pytest.importorskip("coverage", reason="coverage is not installed (pip install mutmut)")

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.report import Excuse, Row, equivalents, row, stale, table

ROOT = Path(__file__).resolve().parents[1]
TOY = '''"""A toy."""

import numpy as np

LIMIT: int = 3


def bounded(x: float, y: float = 2.0) -> float:
    """Say nothing."""
    if x < 0:
        raise ValueError(f"x is {x + 1}")
    return np.arctan2(x, y, dtype=float) * 2


def __repr__() -> str:
    return "toy" + "s"
'''


@pytest.fixture(scope="module")
def toys() -> dict[str, Mutant]:
    return {mutant.now: mutant for mutant in mutants_of("toy", TOY)}


def test_mutants_change_what_the_contract_speaks_of(toys: dict[str, Mutant]) -> None:
    assert set(toys) == {
        "LIMIT: int = 4",
        "def bounded(x: float, y: float = 3.0) -> float:",
        "if x <= 0:",
        "if x < 1:",
        "return np.arctan2(x, y, dtype=float) / 2",
        "return np.arctan2(x, y, dtype=float) * 3",
        "return np.arctan2(x, y, dtype=None) * 2",
        "return np.arctan2(x, y, ) * 2",
    }


def test_a_mutant_knows_where_it_is(toys: dict[str, Mutant]) -> None:
    inner, outer = toys["if x <= 0:"], toys["LIMIT: int = 4"]
    assert (inner.function, inner.was, inner.first, inner.last) == ("bounded", "if x < 0:", 10, 10)
    assert not inner.at_import
    assert (outer.function, outer.at_import) == ("", True)
    assert toys["def bounded(x: float, y: float = 3.0) -> float:"].at_import


def test_a_mutant_is_the_module_with_one_change(toys: dict[str, Mutant]) -> None:
    for mutant in toys.values():
        assert mutant.source.replace(mutant.now, mutant.was) == TOY


def test_two_values_are_exchanged() -> None:
    changed = {mutant.now for mutant in mutants_of("toy", "def f(x, y):\n    return g(x, y), h(x, x), [y, x]\n")}
    assert {"return g(y, x), h(x, x), [y, x]", "return g(x, y), h(x, x), [x, y]"} <= changed


def record(fate: str, now: str) -> dict[str, str]:
    return {"module": "toy", "function": "f", "was": "x < 0", "now": now, "fate": fate}


def test_the_score_leaves_equivalent_mutants_out() -> None:
    records = [record("fail", "a"), record("error", "b"), record("timeout", "c"), record("survived", "d")]
    records += [record("survived", "e"), record("unreached", "f"), record("survived", "g")]
    listed = {
        ("toy", "f", "x < 0", "e"): Excuse("same", "no difference"),
        ("toy", "f", "x < 0", "g"): Excuse("silent", "no clause"),
    }
    judged = row("toy", records, listed)
    assert (judged.mutants, judged.killed, judged.equivalent, judged.holes) == (7, 3, 1, 2)
    assert judged.score == pytest.approx(3 / 6)
    assert "50.0 %" in table([judged])


def test_a_module_without_mutants_has_no_holes() -> None:
    assert Row("toy", 0, {}, {}).score == 1.0


def test_an_entry_that_is_killed_is_out_of_date() -> None:
    killed, alive = ("toy", "f", "x < 0", "a"), ("toy", "f", "x < 0", "b")
    elsewhere = ("other", "f", "x < 0", "a")
    records = [record("fail", "a"), record("survived", "b")]
    assert stale(records, dict.fromkeys((killed, alive, elsewhere), Excuse("same", "why")), ["toy"]) == [killed]


def test_the_list_of_equivalents_gives_reasons() -> None:
    assert all(excuse.why.strip() for excuse in equivalents().values())


def test_an_entry_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text(
        '[[equivalent]]\nmodule = "m"\nfunction = "f"\nwas = "a"\nnow = "b"\nkind = "same"\n', encoding="utf-8"
    )
    with pytest.raises(ValueError, match="why"):
        equivalents(path)
    path.write_text(path.read_text(encoding="utf-8") + 'why = "w"\n', encoding="utf-8")
    assert equivalents(path) == {("m", "f", "a", "b"): Excuse("same", "w")}


def test_a_freedom_that_the_contract_does_not_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "equivalents.toml"
    entry = '[[equivalent]]\nmodule = "m"\nfunction = "f"\nwas = "a"\nnow = "b"\nkind = "open"\nwhy = "{why}"\n'
    path.write_text(entry.format(why="GRP-003 leaves the order open"), encoding="utf-8")
    with pytest.raises(ValueError, match="left to backends"):
        equivalents(path)
    path.write_text(entry.format(why="GRP-011 leaves the order open"), encoding="utf-8")
    assert len(equivalents(path)) == 1


SCRIPT = """
import json, sys, tempfile
from dataclasses import replace
from pathlib import Path
from conformance.engine.catalogue import declarations
from tests.mutation.backend import REF, frozen_copy
from tests.mutation.execution import Laboratory
from tests.mutation.mutants import Mutant, mutants_of

checks = [one for one in declarations() if one.name.endswith("test_offsets_of_any_scan")]
package = Path("ptycho_ref").resolve()
source = REF.source(package, "coordinates").read_text(encoding="utf-8")
made = {one.now: one for one in mutants_of("ptycho_ref.coordinates", source)}
broken = made["offsets = absolute.mean(axis=4, keepdims=True)"]
shifted = replace(broken, source=source.replace("keepdims=True)", "keepdims=True) + 1"))
same = replace(broken, source=source + "# The same.\\n")
endless = replace(broken, source=source.replace("    absolute = ", "    while True: pass\\n    absolute = "))
elsewhere = replace(broken, first=1, last=1)
with tempfile.TemporaryDirectory() as folder:
    original = frozen_copy(package, Path(folder) / "original")
    laboratory = Laboratory(REF, original, Path(folder), checks=checks)
    fates = {}
    for name, mutant in {"broken": broken, "shifted": shifted, "same": same, "elsewhere": elsewhere}.items():
        fates[name] = [one.fate for one in laboratory.results([mutant])]
    laboratory.patience = 0.2
    fates["endless"] = [one.fate for one in laboratory.results([endless])]
    left = sorted(path.name for path in Path(folder).glob("mutant-*"))
print(json.dumps([fates, left]))
"""


@pytest.mark.night
def test_mutants_meet_their_fates() -> None:
    # In a process of its own: mutants are children of one that holds no backend and no threads.
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    fates, left = json.loads(done.stdout)
    assert fates == {
        "broken": ["error"],
        "shifted": ["fail"],
        "same": ["survived"],
        "elsewhere": ["unreached"],
        "endless": ["timeout"],
    }
    assert left == []
