"""``python -m tests.peers [NAME...]``: judge released packages, each in an environment of its own.

A peer is a folder: ``requirements.txt``, one pip command a line; ``adapter.py``, whose classes are judged one by one;
and ``confirm.py``, which shows without this suite what is claimed of the package.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
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
                subprocess.run([python, "-m", "pip", "install", "-q", *line.split()], check=True)
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


def rows(peer: str, result: dict[str, Any], version: str) -> Iterator[str]:
    """Lines of the page about one adapter: its denominator, and its causes."""
    for count in result["denominators"]:
        passed, failed = (count["counts"].get(outcome, 0) for outcome in ("PASS", "FAIL"))
        yield f"## {count['adapter']}, {peer} {version}\n"
        yield f"{passed + failed} clauses decided, {passed} passed, {failed} failed.\n"
    for one in result["causes"]:
        yield f"- {one['sentence']} ({', '.join(one['failed'] + one['undecided'] + one['perhaps'])})"
    yield ""


def version_of(peer: str, python: Path) -> str:
    """Version of the package whose name begins the last line of the requirements."""
    package = (HERE / peer / "requirements.txt").read_text(encoding="utf-8").split()[-1].partition("==")[0]
    ask = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Judge the peers asked for; 1 when what is claimed of one is not confirmed."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers", description=__doc__)
    parser.add_argument("peer", nargs="*", metavar="NAME", help=f"of {', '.join(PEERS)}; none means all")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "ptycho-conformance-peers")
    parser.add_argument("--page", type=Path, help="where to write what came of it")
    asked = parser.parse_args()
    unknown = sorted(set(asked.peer) - set(PEERS))
    if unknown:
        parser.error(f"no peer is called {', '.join(unknown)}; there are {', '.join(PEERS)}")
    page, unconfirmed = ["# Released packages, judged\n"], []
    for peer in asked.peer or PEERS:
        python = environment(peer, asked.environments)
        confirmed = subprocess.run([python, "confirm.py"], cwd=HERE / peer, capture_output=True, text=True, check=False)
        if confirmed.returncode:
            unconfirmed.append(f"{peer}: {confirmed.stdout}{confirmed.stderr}")
        for name in classes(peer):
            page += rows(peer, judged(peer, name, python), version_of(peer, python))
        page += [f"Without the suite: {line}" for line in confirmed.stdout.splitlines()] + [""]
    text = "\n".join(page)
    if asked.page:
        asked.page.write_text(text, encoding="utf-8")
    print(text, *unconfirmed, sep="\n")
    return 1 if unconfirmed else 0


if __name__ == "__main__":
    sys.exit(main())
