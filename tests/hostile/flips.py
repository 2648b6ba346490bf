"""``python -m tests.hostile.flips``: what comes of single flipped bits of scans, caches, stores and capsules."""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.discovery import select
from conformance.backends.subject import Subject
from conformance.engine.declaration import PROFILES
from conformance.engine.trial import once
from conformance.failures.capsule import DamagedCapsule, read_capsule
from conformance.failures.encoding import Encoder
from conformance.failures.recording import keep
from conformance.failures.replay import declaration_of
from conformance.scans.damage import flips
from conformance.scans.specimens import Recipe, make_specimen
from tests.capsules.adapters import GROUPS, NamesOneFrame, of
from tests.hostile.readers import digest_of

SAME, ANEW, REFUSED, OTHER, FOREIGN = "same", "computed anew", "refused", "other numbers", "foreign error"
KINDS = (SAME, ANEW, REFUSED, OTHER, FOREIGN)


@dataclass(frozen=True)
class Target:
    """A file whose bits are flipped.

    Attributes
    ----------
    name : str
    file : Path
    given : callable
        All numbers that the reader of the file gives, as bytes.
    refusal : tuple of type
        Errors by which the reader may refuse the file.
    """

    name: str
    file: Path
    given: Callable[[], bytes]
    refusal: tuple[type[Exception], ...] = ()


def flipped(target: Target, count: int, generator: np.random.Generator) -> Counter[str]:
    """Flip bits of a file, one after the other, and count what its reader makes of it.

    Parameters
    ----------
    target : Target
    count : int
        How many flips.
    generator : numpy.random.Generator
        Draws them.
    """
    found: Counter[str] = Counter()
    expected, sound = target.given(), target.file.read_bytes()
    for _, damaged in flips(sound, generator, count):
        target.file.write_bytes(damaged)
        try:
            seen = target.given()
        except target.refusal:
            found[REFUSED] += 1
        except Exception as error:  # noqa: BLE001 - what may not come is counted
            found[FOREIGN] += 1
            sys.stderr.write(f"{target.name}: {type(error).__name__}: {error}\n")
        else:
            kept = SAME if target.file.read_bytes() == damaged else ANEW
            found[kept if seen == expected else OTHER] += 1
    target.file.write_bytes(sound)
    return found


def archives(folder: Path) -> Iterator[Target]:
    """Make a scan, stored and deflated, and give it to each reader of scans.

    Parameters
    ----------
    folder : Path
        Empty, and there.
    """
    from conformance.files.examine import UnreadableScan, read_scan
    from ptycho_ref.errors import Refusal
    from ptycho_ref.npz import read_scan as read_by_ref

    readers: list[tuple[str, Callable[[Path], Mapping[str, Any]], type[Exception]]] = [
        ("validate", read_scan, UnreadableScan),
        ("ref", lambda path: read_by_ref(path)[0], Refusal),
    ]
    if find_spec("torch"):
        from ptycho_torch.errors import Refusal as TorchRefusal
        from ptycho_torch.scan import Scan

        readers.append(("torch", lambda path: Scan.load(path).arrays, TorchRefusal))
    arrays: dict[str, Any] = dict(make_specimen(Recipe(M=30, N=8, modes=2, seed=32)).arrays)
    for kind, write in (("stored", np.savez), ("deflated", np.savez_compressed)):
        file = folder / f"{kind}.npz"
        write(file, **arrays)
        for name, read, refusal in readers:
            given = lambda read=read, file=file: digest_of(read(file)).encode()  # noqa: E731
            yield Target(f"{kind} scan, by {name}", file, given, (refusal,))


def cache(adapter: Any, name: str, folder: Path) -> Target:
    """Make the groups cache of a backend.

    Parameters
    ----------
    adapter : Adapter
    name : str
        Of the backend.
    folder : Path
        Empty, and there.
    """
    scan = adapter.assemble(dict(make_specimen(Recipe(M=30, N=8, seed=31)).arrays))
    request = GroupRequest(
        N=8, gridsize=2, K=5, nsamples=400, seed=3, strategy="group_then_sample", dataset_path=folder / "scan.npz"
    )
    adapter.group(scan, request)
    (file,) = folder.glob("*.groups_cache.npz")
    return Target(
        f"groups cache of {name}", file, lambda: np.asarray(adapter.group(scan, request)["nn_indices"]).tobytes()
    )


def store(folder: Path) -> Iterator[Target]:
    """Make a store of the PyTorch backend, and give each of its files.

    Parameters
    ----------
    folder : Path
        Empty, and there.
    """
    from ptycho_torch.dataset import PtychoDataset
    from ptycho_torch.errors import StaleStore
    from ptycho_torch.grouping import Grouping
    from ptycho_torch.store_request import StoreRequest
    from tests.ptycho_torch.scans import ScanFiles, three_scans

    files = ScanFiles(folder / "scans", three_scans())
    request = StoreRequest(Grouping(gridsize=2, K=5, nsamples=7, seed=3))

    def given() -> bytes:
        fields, probe, scaling = PtychoDataset(files.paths, request, folder / "store")[:]
        held = [fields[name] for name in sorted(map(str, fields.keys()))]
        return b"".join(values.numpy().tobytes() for values in (*held, probe, scaling))

    given()
    for file in sorted(path for path in (folder / "store").rglob("*") if path.is_file()):
        yield Target(f"{file.relative_to(folder)}", file, given, (StaleStore,))
    # The frames of this one stay in it: only its other members are read again when it has changed.
    yield Target("source of a store", files.paths[0], given, (StaleStore,))


def capsule(folder: Path) -> Iterator[Target]:
    """Make a capsule, and give each of its files that a reader checks.

    Parameters
    ----------
    folder : Path
        Empty, and there.
    """
    selected = of(NamesOneFrame())
    failed = once(declaration_of(GROUPS), Subject(selected, folder), None, profile=PROFILES["contract"])
    place = keep(failed, selected, folder / "capsules").path
    assert place is not None

    def given() -> bytes:
        held = read_capsule(place)
        encoder = Encoder()
        drawn = {name: encoder.encode(values, name) for name, values in (held.drawn or {}).items()}
        return repr((held.sentence, held.outcome, drawn)).encode() + b"".join(
            values.tobytes() for values in encoder.arrays.values()
        )

    for file in sorted(path for path in place.rglob("*") if path.is_file() and path.name != "README.txt"):
        yield Target(f"capsule: {file.name}", file, given, (DamagedCapsule,))


def caches(folder: Path) -> Iterator[Target]:
    """Make a groups cache of each backend that can be imported.

    Parameters
    ----------
    folder : Path
        Empty, and there.
    """
    for selected in select(["ref", "torch"]):
        if selected.adapter is not None:
            (folder / selected.label).mkdir()
            yield cache(selected.adapter, selected.label, folder / selected.label)


MAKERS: Mapping[str, Callable[[Path], Iterator[Target]]] = {
    "archives": archives,
    "caches": caches,
    "store": store,
    "capsule": capsule,
}


def targets(folder: Path) -> Iterator[Target]:
    """Everything whose bits are flipped; what needs PyTorch is left out where it is not installed."""
    for name, made in MAKERS.items():
        (folder / name).mkdir()
        if name != "store" or find_spec("torch"):
            yield from made(folder / name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when other numbers were given, or an error that is none of the backend's."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.flips", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, metavar="N", help="flips of each file")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the places")
    asked = parser.parse_args(arguments)
    generator, failed = np.random.default_rng(asked.seed), 0
    print(f"| file | flips | {' | '.join(KINDS)} |\n|---|---|{'---|' * len(KINDS)}")
    with tempfile.TemporaryDirectory(prefix="ptycho-flips-") as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for target in targets(Path(place)):
            found = flipped(target, asked.count, generator)
            failed += found[OTHER] + found[FOREIGN]
            print(f"| {target.name} | {found.total()} | {' | '.join(str(found[kind]) for kind in KINDS)} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
