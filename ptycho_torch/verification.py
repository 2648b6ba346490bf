"""Whether every byte of a store is the one that was written (DAT-017)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ptycho_torch.chunks import checksum_of_chunk, checksums_in
from ptycho_torch.fingerprint import checksum
from ptycho_torch.manifest import Manifest, StackPlace
from ptycho_torch.regular import open_regular


def damages(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Read a whole store, and the frames that it leaves in its sources.

    Parameters
    ----------
    folder : Path
        The store.
    manifest : Manifest
        Of it, see :func:`ptycho_torch.manifest.read_manifest`.

    Yields
    ------
    str
        What is damaged, and how.

    Raises
    ------
    OSError
        The disk does not give a file.
    """
    for name, part in manifest.contents.items():
        if checksum(folder / name, part.leading) != part.blake2b:
            yield f"{name}: its checksum is another one"
    for source in manifest.sources:
        file = folder / (source.frames.file or source.path)
        if file.exists():
            for first, last in _damaged(file, source.frames):
                yield f"{file}: frames {first} to {last} are not those that the store was made with"


def unlike(manifest: Manifest) -> Iterator[str]:
    """Read the sources of a store, and tell which are not those that it was made from.

    Raises
    ------
    OSError
        The disk does not give one that is there.
    """
    for source in manifest.sources:
        if not source.path.exists():
            yield f"{source.path}: it has gone"
        elif not source.file.same_content():
            yield f"{source.path}: it has changed since the store was made from it"


def _damaged(file: Path, place: StackPlace) -> Iterator[tuple[int, int]]:
    """First and last frame of each chunk whose checksum is another one."""
    width = place.nbytes // place.shape[0]
    with open_regular(file) as stream:
        stream.seek(place.offset)
        for number, expected in enumerate(checksums_in(place.checksums)):
            first = number * place.chunk
            count = min(place.chunk, place.shape[0] - first)
            if checksum_of_chunk(np.frombuffer(stream.read(count * width), dtype=np.uint8)) != expected:
                yield first, first + count - 1
