"""``python -m tests.peers [NAME...]``: judge released packages, each in an environment of its own.

A peer is a folder: ``requirements.txt``, one pip command a line; ``adapter.py``, whose classes are judged one by one;
and ``confirm.py``, which shows without this suite what is claimed of the package. What came of a peer is kept beside
its environment, and the page tells of all that were judged.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.peers.page import HERE, Judged, package_of, page

PEERS = sorted(path.parent.name for path in HERE.glob("*/adapter.py"))


def classes(peer: str) -> list[str]:
    """Names of the adapters of a peer: the classes of its module that have a name."""
    tree = ast.parse((HERE / peer / "adapter.py").read_text(encoding="utf-8"))
    return [one.name for one in tree.body if isinstance(one, ast.ClassDef)]


def environment(peer: str, folder: Path) -> Path:
    """Make the environment of a peer if it is not there, and return its interpreter.

    Raises
    ------
    subprocess.CalledProcessError
        Something cannot be installed.
    """
    place = folder / peer
    python = place / "bin" / "python"
    if not (place / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        for line in (HERE / peer / "requirements.txt").read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                subprocess.run(
                    [python, "-m", "pip", "install", "-q", *line.split()], check=True, stderr=subprocess.PIPE, text=True
                )
        (place / "made").touch()
    return python


def judged(peer: str, name: str, python: Path) -> dict[str, Any]:
    """Judge one adapter of a peer where the peer lives, and return what ``run --json`` tells."""
    with tempfile.TemporaryDirectory() as scratch:
        told = Path(scratch) / "run.json"
        asked = ["--adapter", f"adapter:{name}", "--python", str(python), "--no-capsules", "--json", str(told)]
        done = subprocess.run(
            [sys.executable, "-m", "conformance", "run", *asked],
            cwd=HERE / peer,
            capture_output=True,
            text=True,
            check=False,
        )
        if not told.exists():
            raise SystemExit(f"{peer}: {done.stderr or done.stdout}")
        held: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        return held


def judge(peer: str, folder: Path) -> Judged:
    """Judge every adapter of a peer and confirm what is claimed of it; what cannot be installed here is only noted."""
    package, today = package_of(peer), str(datetime.date.today())
    try:
        python = environment(peer, folder)
    except subprocess.CalledProcessError as error:
        said = [line for line in str(error.stderr).splitlines() if line.startswith("ERROR")] or [str(error)]
        return Judged(peer, package, "", today, absent=said[-1])
    done = subprocess.run([python, "confirm.py"], cwd=HERE / peer, capture_output=True, text=True, check=False)
    return Judged(
        peer,
        package,
        version_of(package, python),
        today,
        confirmed=done.stdout.splitlines(),
        unconfirmed=f"{done.stdout}{done.stderr}" if done.returncode else "",
        results=[judged(peer, name, python) for name in classes(peer)],
    )


def version_of(package: str, python: Path) -> str:
    """Version of a package where an interpreter finds it."""
    ask = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Judge the peers asked for; 1 when what is claimed of one is not confirmed."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers", description=__doc__)
    parser.add_argument("peer", nargs="*", metavar="NAME", help=f"of {', '.join(PEERS)}; none means all")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "ptycho-conformance-peers")
    parser.add_argument("--page", type=Path, help="where to write what came of all that were judged so far")
    asked = parser.parse_args()
    unknown = sorted(set(asked.peer) - set(PEERS))
    if unknown:
        parser.error(f"no peer is called {', '.join(unknown)}; there are {', '.join(PEERS)}")
    unconfirmed = []
    for peer in asked.peer or PEERS:
        found = judge(peer, asked.environments)
        (asked.environments / f"{peer}.json").write_text(json.dumps(asdict(found)), encoding="utf-8")
        unconfirmed += [f"{peer}: {found.unconfirmed}"] if found.unconfirmed else []
    kept = sorted(path for path in asked.environments.glob("*.json") if path.stem in PEERS)
    text = page([Judged(**json.loads(path.read_text(encoding="utf-8"))) for path in kept])
    if asked.page:
        asked.page.write_text(text, encoding="utf-8")
    print(text, *unconfirmed, sep="\n")
    return 1 if unconfirmed else 0


if __name__ == "__main__":
    sys.exit(main())
