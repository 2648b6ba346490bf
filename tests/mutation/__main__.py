"""``python -m tests.mutation ptycho_ref.grouping``: the mutants of one module, in minutes."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / ".mutation"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, report; 0 when no mutant lives that is not listed as equivalent, 1 otherwise, 3 for wrong usage."""
    options = _parser().parse_args(arguments)
    # One thread each: two mutants run at the same time, and a forked child has no worker threads.
    os.environ["OMP_NUM_THREADS"] = "1"
    from tests.mutation.backend import BACKENDS

    known = {f"{backend.package}.{module}": backend for backend in BACKENDS for module in backend.modules}
    wanted = list(known) if options.all else options.modules
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        print(f"unknown: {', '.join(unknown) or 'no module named'}; known are {', '.join(known)}", file=sys.stderr)
        return 3
    records = []
    for backend in BACKENDS:
        modules = [name for name in wanted if known[name] is backend]
        if modules:
            records += _judged(backend, modules, options)
    return _report(wanted, records, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as ptycho_ref.grouping")
    parser.add_argument("--all", action="store_true", help="every module of both backends")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at the same time (default 2)")
    parser.add_argument(
        "--budget",
        type=float,
        default=2.5,
        help="seconds of checks of other stages that it must outlive",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table and every survivor to a file")
    parser.add_argument("--fresh", action="store_true", help="forget the results of earlier runs")
    parser.add_argument(
        "--open",
        action="store_true",
        help="run only what is new or lived before and is not listed; believe the rest although code has changed",
    )
    return parser


def _judged(backend: Any, modules: Sequence[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    from tests.mutation.backend import frozen_copy
    from tests.mutation.execution import Laboratory

    state = _fingerprint([ROOT / "conformance", ROOT / backend.package])
    found: list[dict[str, Any]] = []
    laboratory = None
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        original = frozen_copy(ROOT / backend.package, Path(folder) / "original")
        for name in modules:
            kept = {} if options.fresh else _kept(name, state, options.open)
            mutants = _numbered(name, backend.source(original, name).read_text(encoding="utf-8"))
            found += [kept[key] for key in mutants if key in kept]
            due = {key: mutant for key, mutant in mutants.items() if key not in kept}
            if due and laboratory is None:
                laboratory = Laboratory(backend, original, Path(folder), budget=options.budget, jobs=options.jobs)
                for check, reason in laboratory.reach.failing.items():
                    print(f"left out, {backend.package} as it is does not pass it: {check}: {reason}", file=sys.stderr)
            found += _run(laboratory, name, due, state) if due else []
    return found


def _run(laboratory: Any, name: str, due: dict[str, Any], state: str) -> list[dict[str, Any]]:
    from tests.mutation.report import lived

    started = time.monotonic()
    keys = {id(mutant): key for key, mutant in due.items()}
    found = []
    with _results_file(name).open("a", encoding="utf-8") as file:
        for result in laboratory.results(due.values()):
            mutant = result.mutant
            record = {
                "id": keys[id(mutant)],
                "state": state,
                **dict(zip(("module", "function", "was", "now"), mutant.key, strict=True)),
                "line": mutant.first,
                "fate": result.fate,
                "by": result.by,
                "reason": result.reason,
            }
            found.append(record)
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
    alive = sum(lived(record) for record in found)
    print(f"{name}: {len(due)} run, {alive} of them live, {time.monotonic() - started:.0f} s", flush=True)
    return found


def _numbered(name: str, source: str) -> dict[str, Any]:
    """Mutants by an id that outlives changes elsewhere in the file."""
    from tests.mutation.mutants import mutants_of

    found: dict[str, Any] = {}
    for mutant in mutants_of(name, source):
        text = "\0".join(mutant.key)
        turn = 0
        while (key := hashlib.sha256(f"{text}\0{turn}".encode()).hexdigest()[:16]) in found:
            turn += 1
        found[key] = mutant
    return found


def _results_file(name: str) -> Path:
    RESULTS.mkdir(exist_ok=True)
    return RESULTS / f"{name}.jsonl"


def _kept(name: str, state: str, open_only: bool) -> dict[str, dict[str, Any]]:
    file = _results_file(name)
    if not file.exists():
        return {}
    records = {record["id"]: record for record in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    from tests.mutation.report import equivalents, key_of, lived

    listed = equivalents()
    return {
        key: record
        for key, record in records.items()
        if (record["state"] == state and not open_only)
        or (open_only and (not lived(record) or key_of(record) in listed))
    }


def _fingerprint(folders: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _report(wanted: Sequence[str], records: list[dict[str, Any]], options: argparse.Namespace) -> int:
    from tests.mutation.report import equivalents, key_of, lived, row, stale, table

    listed = equivalents()
    rows = [row(name, [one for one in records if one["module"] == name], listed) for name in wanted]
    alive = [one for one in records if lived(one)]
    holes = [one for one in alive if key_of(one) not in listed]
    for one in holes:
        print(f"\n{one['module']}:{one['line']} {one['function']} ({one['fate']})\n  - {one['was']}\n  + {one['now']}")
    for module, function, was, now in stale(records, listed, wanted):
        print(
            f"\nequivalents.toml lists a mutant that is killed or made no more: {module} {function}\n  {was}\n  {now}"
        )
    print(f"\n{table(rows)}")
    if options.json:
        whole = {"modules": [one.as_json() for one in rows], "holes": holes}
        whole["equivalent"] = [one | vars(listed[key_of(one)]) for one in alive if key_of(one) in listed]
        options.json.write_text(json.dumps(whole, indent=2, ensure_ascii=False), encoding="utf-8")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
