"""Prints what one honest limit costs: ``python -m tests.limits``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from tests.limits.limits import limits
from tests.limits.table import loss


def main() -> int:
    """Judge the limits and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.limits", description=__doc__)
    parser.add_argument("limits", nargs="*", metavar="LIMIT[+LIMIT]", help="only these")
    parser.add_argument("--over", choices=("ref", "torch", "both"), default="both", help="right backend")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--clauses", action="store_true", help="tell every clause that is lost")
    parser.add_argument("--stage", action="append", default=[], help="only the clauses of this stage")
    asked = parser.parse_args()
    bases = ("ref", "torch") if asked.over == "both" else (asked.over,)
    names = asked.limits or [one.__name__ for one in limits()]
    pairs = [(name, base) for base in bases for name in names]
    with ProcessPoolExecutor(asked.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        told = pool.map(partial(loss, stages=tuple(asked.stage)), *zip(*pairs, strict=True))
        for found in told:
            counts = Counter(str(cell.outcome) for cell in found.beside)
            print(
                f"{found.limit:<20} {found.base:<6} {len(found.beside):>3} beside {', '.join(found.speaks)}  "
                f"{dict(counts)} {found.seconds:.0f} s, {found.memory / 1e9:.1f} GB",
                flush=True,
            )
            if asked.clauses:
                print("\n".join(found.lines()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
