"""Large stacks in blocks, so that memory need not hold them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_torch.errors import refuse

_BLOCK = 1 << 24


def in_blocks(stack: NDArray[Any], nbytes: int = _BLOCK) -> Iterator[tuple[int, NDArray[Any]]]:
    """Go through a stack along its first axis; pages of a mapped one are given back behind the reader.

    Parameters
    ----------
    stack : (M, ...) array
    nbytes : int
        About the size of a block.

    Yields
    ------
    int, (m, ...) array
        Index of the block's first entry, and the block, good until the next one.

    Raises
    ------
    Refusal
        The file of a mapped stack was cut off meanwhile; touching what is gone would end the process.
    """
    step = max(1, nbytes // max(1, stack[:1].nbytes))
    for start in range(0, len(stack), step):
        part = stack[start : start + step]
        _require_whole(stack)
        yield start, part if part[:1].flags.c_contiguous else _assembled(part)
        give_back(stack)


def _assembled(part: NDArray[Any]) -> NDArray[Any]:
    """Copy entries that lie scattered over the whole stack; every value read brings the pages around it."""
    block = np.empty(part.shape, dtype=part.dtype)
    for row in range(part.shape[1]):
        _require_whole(part)
        block[:, row] = part[:, row]
        give_back(part)
    return block


def give_back(stack: NDArray[Any]) -> None:
    """Let the pages of a mapped stack go, which otherwise count as this process's memory; others are left alone."""
    mapping = getattr(stack, "_mmap", None) if isinstance(stack, np.memmap) else None
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)


def _require_whole(stack: NDArray[Any]) -> None:
    """Refuse a mapped stack whose file has become shorter than what is mapped of it."""
    mapping = getattr(stack, "_mmap", None) if isinstance(stack, np.memmap) else None
    if not isinstance(stack, np.memmap) or mapping is None:
        return
    begins = stack.offset - stack.offset % mmap.ALLOCATIONGRANULARITY
    if mapping.size() < begins + len(mapping):
        remedy = "Build the store when nobody writes to the scan."
        refuse("DAT-017", "sources", "the file was cut off while it was read", remedy, Path(str(stack.filename)))
