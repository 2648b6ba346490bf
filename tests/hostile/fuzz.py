"""``python -m tests.hostile.fuzz --minutes 60``: mutated files are refused, or give the same numbers.

Every target is a sound file and a reader of it; a mutation that changes no number the reader gives is fine, and so is
a refusal. Anything else is a finding, and is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from conformance.scans.damage import damages
from conformance.scans.damage import flips as flipped
from tests.hostile import flips
from tests.hostile.archives import build, parts_of, scan
from tests.hostile.readers import Reader, Seen, by_examination, by_ref, by_torch


@dataclass(frozen=True)
class Target:
    """A sound file, and a reader of it.

    Attributes
    ----------
    name : str
    sound : bytes
    read : callable
        Gives what was seen; see :class:`tests.hostile.readers.Seen`.
    place : Path or None
        Where the file must lie to be read; None: anywhere.
    """

    name: str
    sound: bytes
    read: Reader
    place: Path | None = None


def _archives(reader: str, made: Callable[[], Reader]) -> Callable[[Path], Iterator[Target]]:
    def targets(_: Path) -> Iterator[Target]:
        read = made()
        for method, how in ((0, "stored"), (8, "deflated")):
            yield Target(f"{reader}, {how}", build(parts_of(scan(), method)), read)

    return targets


def _kept(made: Callable[[Path], Iterator[flips.Target]]) -> Callable[[Path], Iterator[Target]]:
    """Make targets of files that the suite and the backends keep for themselves."""

    def targets(folder: Path) -> Iterator[Target]:
        for one in made(folder):
            yield Target(one.name, one.file.read_bytes(), partial(_reading, one), one.file)

    return targets


def _reading(kept: flips.Target, _: Path) -> Seen:
    try:
        return Seen("fit", digest=hashlib.sha256(kept.given()).hexdigest())
    except kept.refusal as error:
        return Seen("refused", told=str(error)[:160])


TARGETS: Mapping[str, Callable[[Path], Iterator[Target]]] = {
    "validate": _archives("validate", by_examination),
    "ref": _archives("ref", by_ref),
    "torch": _archives("torch", by_torch),
    **{name: _kept(made) for name, made in flips.MAKERS.items()},
}
"""Makers of targets, by name; each is given an empty folder."""


def mutations(sound: bytes, generator: np.random.Generator) -> Iterator[bytes]:
    """Yield mutated files without end: flipped, spliced, cut, overwritten, several times over."""
    while True:
        for _, content in flipped(sound, generator, 50):
            yield content
        for _, content in damages(sound, generator, each=1):
            yield content
            yield _spliced(content, sound, generator)


def _spliced(one: bytes, other: bytes, generator: np.random.Generator) -> bytes:
    start, length = int(generator.integers(max(1, len(one)))), int(generator.integers(1, 200))
    source = int(generator.integers(len(other)))
    return one[:start] + other[source : source + length] + one[start + int(generator.integers(2)) * length :]


def executed(
    target: Target, mutated: Iterable[bytes], folder: Path, enough: Callable[[int], bool]
) -> Iterator[tuple[bytes, Seen]]:
    """Read mutated files until it is enough, and yield what was seen of each.

    Parameters
    ----------
    target : Target
    mutated : iterable of bytes
        Files made of the target's sound one.
    folder : Path
        For the files.
    enough : callable
        Told the number of executions; whether to end.

    Yields
    ------
    bytes, Seen
        The mutated file, and what the reader made of it; ``foreign`` where it must not be.
    """
    path = target.place or folder / "fuzzed.npz"
    path.write_bytes(target.sound)
    right = target.read(path)
    for number, content in enumerate(mutated):
        if enough(number):
            break
        path.write_bytes(content)
        try:
            seen = target.read(path)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            seen = Seen("foreign", told=f"{type(error).__name__}: {error}")
        if seen.outcome == "fit" and seen.digest != right.digest:
            seen = Seen("foreign", told="read, and gave other numbers")
        yield content, seen
    path.write_bytes(target.sound)


def main() -> int:
    """Fuzz for some minutes; 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--executions", type=int, default=10**9, help="of each target, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--flips", type=int, help="nothing but so many single bits, flipped anywhere")
    parser.add_argument("--target", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--keep", type=Path, help="folder for files that are findings")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ptycho-fuzz-") as folder:
        return _fuzzed(chosen, Path(folder))


def _fuzzed(chosen: argparse.Namespace, folder: Path) -> int:
    targets: list[Target] = []
    for name in chosen.target:
        (folder / name).mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            targets += TARGETS[name](folder / name)
    found = total = 0
    for number, target in enumerate(targets):
        until = time.monotonic() + chosen.minutes * 60 / len(targets)
        generator = np.random.default_rng([chosen.seed, number])
        mutated: Iterable[bytes] = mutations(target.sound, generator)
        if chosen.flips:
            mutated = (content for _, content in flipped(target.sound, generator, chosen.flips))
        counts: Counter[str] = Counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            enough = lambda n, until=until: n >= chosen.executions or time.monotonic() > until  # noqa: E731
            for content, seen in executed(target, mutated, folder, enough):
                counts[seen.outcome] += 1
                if seen.outcome == "foreign":
                    print(f"{target.name}: {seen.told}", flush=True)
                    if chosen.keep:
                        chosen.keep.mkdir(parents=True, exist_ok=True)
                        (chosen.keep / f"{number}-{counts['foreign']}.npz").write_bytes(content)
        print(f"{target.name}: {sum(counts.values())} executions, {dict(counts)}", flush=True)
        total, found = total + sum(counts.values()), found + counts["foreign"]
    print(f"{total} executions, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
