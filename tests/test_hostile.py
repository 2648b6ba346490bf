"""A sample of the hostile corpus, and of fuzzed files, over readers, caches, stores and capsules."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.hostile.corpus import corpus
from tests.hostile.fuzz import TARGETS, executed, mutations

ROOT = Path(__file__).parents[1]
EXECUTIONS = 120
SAMPLED = ("structure", "path", "two stacks", "units", "name twice")


def test_the_corpus_is_large_and_the_same_for_a_seed() -> None:
    first, second = ([(one.kind, one.what, one.expected) for one in corpus(4)] for _ in range(2))
    assert first == second
    assert len(first) >= 600
    assert len({kind for kind, _, _ in first}) >= 20


@pytest.mark.night
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_sample_of_the_corpus_breaks_nothing() -> None:
    command = [sys.executable, "-m", "tests.hostile", "--reader", "validate", "ref", "--kind", *SAMPLED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 complaints" in done.stdout


@pytest.mark.torch
@pytest.mark.parametrize("kind", TARGETS)
def test_fuzzed_files_are_refused_or_give_the_same_numbers(kind: str, tmp_path: Path) -> None:
    if kind in ("torch", "store"):
        pytest.importorskip("torch")
        pytest.importorskip("tensordict")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for target in TARGETS[kind](tmp_path):
            mutated = mutations(target.sound, np.random.default_rng(5))
            seen = list(executed(target, mutated, tmp_path, lambda number: number >= EXECUTIONS))
            assert len(seen) == EXECUTIONS
            assert not [one.told for _, one in seen if one.outcome == "foreign"]
