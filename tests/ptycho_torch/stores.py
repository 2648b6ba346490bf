"""Stores that tests open, look into, and damage."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from tests.ptycho_torch.scans import ScanFiles, write


def frames_on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("frames-*"))


def opened(paths: Any, request: Any, folder: Path, **more: Any) -> Any:
    from ptycho_torch.dataset import PtychoDataset

    return PtychoDataset(paths, request, folder, **more)


def images(dataset: Any) -> Any:
    return dataset[:].fields["images"].numpy()


def rewritten(files: ScanFiles, number: int) -> None:
    """Write other frames of the same size, as a pipeline that runs again would."""
    arrays = dict(files.scans[number])
    arrays["diff3d"] = arrays["diff3d"][::-1] * np.float32(3)
    files.scans[number] = arrays
    write(files.paths[number], arrays, np.savez_compressed if number == 1 else np.savez)
    later = files.paths[number].stat().st_mtime_ns + 10**9
    os.utime(files.paths[number], ns=(later, later))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def flip(path: Path, at: int, bit: int = 0) -> None:
    """Flip a bit of a file; a place below 0 counts from the end."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def changed_manifest(store: Path, plain: Any = None, **changes: Any) -> None:
    """Change a manifest, or write another, as a stranger does who knows how it is written: its checksum fits."""
    from ptycho_torch.fingerprint import checksum_of

    file = store / "manifest.json"
    plain = dict(json.loads(file.read_text()) if plain is None else plain) | changes
    plain.pop("checksum", None)
    text = json.dumps(plain, indent=1)[:-2].encode()
    file.write_bytes(text + b',\n "checksum": "%b"\n}\n' % checksum_of(text).encode())


def forged(store: Path, name: str, at: int, value: int) -> None:
    """Set an entry of an integer array of a store as a stranger does who knows how stores are written."""
    from msgspec import to_builtins

    from ptycho_torch.parts import Part

    values = np.load(store / name, mmap_mode="r+")
    values.reshape(-1)[at] = value
    values.flush()
    contents = json.loads((store / "manifest.json").read_text())["contents"]
    changed_manifest(store, contents=contents | {name: to_builtins(Part.of(store / name))})
