"""Speed of the reference backend: ``python -m benchmarks.reference`` prints the table of the README."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.paired import HEAD, Ratio, paired
from ptycho_ref.grouping import Grouping, group_indices
from ptycho_ref.patches import cut_patches

K, GRIDSIZE = 6, 2


def grouping(rng: np.random.Generator) -> Iterator[Ratio]:
    """Group every scan point at gridsize 2, against building SciPy's KD-tree and querying it, alone."""
    for M in (10**4, 10**5, 10**6):
        side = np.sqrt(M)
        x, y = rng.uniform(0, side, (2, M))
        points = np.stack([x, y], axis=1)
        request = Grouping(gridsize=GRIDSIZE, K=K, nsamples=M, seed=1)

        def tree(points: NDArray[Any] = points) -> None:
            cKDTree(points).query(points, k=K + 1)

        def ours(x: NDArray[Any] = x, y: NDArray[Any] = y, request: Grouping = request) -> None:
            group_indices(x, y, request)

        yield paired(f"grouping {M:,} points", ours, "KD-tree build and query", tree, 7 if M < 10**6 else 5)


def patches(rng: np.random.Generator) -> Iterator[Ratio]:
    """Cut patches, against gathering the same bytes from the object with NumPy."""
    obj = (rng.normal(size=(900, 1100)) + 1j * rng.normal(size=(900, 1100))).astype(np.complex64)
    N, n = 64, 2000
    whole = np.stack([rng.integers(N, 1100 - N, n), rng.integers(N, 900 - N, n)], axis=1).astype(np.float64)
    rows = (whole[:, 1].astype(int) - N // 2)[:, None, None] + np.arange(N)[None, :, None]
    columns = (whole[:, 0].astype(int) - N // 2)[:, None, None] + np.arange(N)[None, None, :]
    fractional = whole + rng.uniform(0.1, 0.9, whole.shape)
    gather = "gather of the same bytes"
    yield paired(
        f"{n} patches {N} x {N}, whole pixels", lambda: cut_patches(obj, whole, N), gather, lambda: obj[rows, columns]
    )
    yield paired(
        f"{n} patches {N} x {N}, sub-pixel", lambda: cut_patches(obj, fractional, N), gather, lambda: obj[rows, columns]
    )


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(7)
    print(HEAD)
    for measure in (grouping, patches):
        for one in measure(rng):
            print(one.row(), flush=True)


if __name__ == "__main__":
    main()
