"""``python -m tests.hostile``: the corpus over ``validate`` and both readers, and what came of it, kind by kind."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.hostile.corpus import EITHER, Hostile, corpus
from tests.hostile.readers import HEADROOM, READERS, Reader, Seen, attempt

MOST_SECONDS = 1.0


def judged(files: Iterable[Hostile], readers: Mapping[str, Reader]) -> Iterator[tuple[Hostile, dict[str, Seen]]]:
    """Yield every file with what each reader made of it."""
    for hostile in files:
        folder = Path(tempfile.mkdtemp(prefix="hostile-"))
        try:
            path = folder / "scan.npz"
            hostile.make(path)
            yield hostile, {name: attempt(read, path) for name, read in readers.items()}
        finally:
            shutil.rmtree(folder)


def complaints(hostile: Hostile, seen: Mapping[str, Seen]) -> Iterator[str]:
    """Yield a sentence for everything that must not be."""
    for name, one in seen.items():
        if one.outcome in ("foreign", "killed"):
            yield f"{name}: {one.outcome}: {one.told}"
        if one.seconds > MOST_SECONDS:
            yield f"{name}: took {one.seconds:.1f} s ({one.outcome})"
        if one.grown > HEADROOM:
            yield f"{name}: grew by {one.grown >> 20} MB ({one.outcome})"
        if hostile.expected != EITHER and one.outcome != hostile.expected:
            yield f"{name}: {one.outcome}, expected {hostile.expected}: {one.told}"
    if len({one.outcome for one in seen.values()}) > 1:
        yield "readers disagree: " + ", ".join(f"{name} {one.outcome} ({one.told[:90]})" for name, one in seen.items())
    if len({one.digest for one in seen.values() if one.digest}) > 1:
        yield "readers read other numbers"


def main() -> int:
    """Run the corpus; 1 when something must not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="seed of the corpus")
    parser.add_argument("--kind", nargs="+", help="only kinds that contain one of these words")
    parser.add_argument("--reader", nargs="+", choices=READERS, default=list(READERS))
    chosen = parser.parse_args()
    readers = {name: READERS[name]() for name in chosen.reader}
    files = [one for one in corpus(chosen.seed) if not chosen.kind or any(word in one.kind for word in chosen.kind)]
    table: dict[str, list[dict[str, Seen]]] = defaultdict(list)
    wrong: list[str] = []
    for hostile, seen in judged(files, readers):
        table[hostile.kind].append(seen)
        found = [f"{hostile.kind}, {hostile.what}: {sentence}" for sentence in complaints(hostile, seen)]
        wrong += found
        print("".join(f"{one}\n" for one in found), end="", flush=True)
    _print(table, list(readers))
    print(f"{len(files)} files, {len(readers)} readers, {len(wrong)} complaints")
    return 1 if wrong else 0


def _print(table: Mapping[str, list[dict[str, Seen]]], readers: list[str]) -> None:
    print(
        f"{'kind':24}{'files':>6}{'fit':>7}{'warned':>7}{'refused':>8}{'unread':>7}{'foreign':>8}{'slowest':>9}{'growth':>9}"
    )
    whole = [row for rows in table.values() for row in rows]
    for kind, judged_files in [*table.items(), ("all", whole)]:
        seen = [row[name] for row in judged_files for name in readers]
        counts = Counter("warned" if one.outcome == "fit" and one.warned else one.outcome for one in seen)
        bad = counts["foreign"] + counts["killed"]
        slowest, grown = max(one.seconds for one in seen), max(one.grown for one in seen)
        told = "".join(f"{counts[n]:>{w}}" for n, w in (("fit", 7), ("warned", 7), ("refused", 8), ("unread", 7)))
        print(f"{kind:24}{len(judged_files):>6}{told}{bad:>8}{slowest:>7.2f} s{grown >> 20:>6} MB")


if __name__ == "__main__":
    sys.exit(main())
