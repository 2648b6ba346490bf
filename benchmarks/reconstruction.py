"""Runs the example of the README and draws what it recovers: ``python -m benchmarks.reconstruction [README]``."""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
MARK = "<!-- example: reconstruction -->"
LIT, FRAMES = 0.1, 5


def block_of(readme: Path, language: str) -> str:
    """Return the first fenced block of a language after the mark of the example.

    Raises
    ------
    LookupError
        The mark, or such a block after it, is missing.
    """
    _, mark, rest = readme.read_text(encoding="utf-8").partition(MARK)
    found = re.search(rf"^```{language}\n(.*?)^```$", rest, re.DOTALL | re.MULTILINE)
    if not mark or found is None:
        raise LookupError(f"{readme} has no {language} block after the line {MARK}")
    return found[1]


def run_block(block: str) -> dict[str, Any]:
    """Run the example in the working folder, and return the names it leaves."""
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(block, "example of the README", "exec"), names)
    return names


def seen_pixels(positions: NDArray[np.float64], modes: NDArray[np.complex64], shape: tuple[int, int]) -> NDArray[Any]:
    """Pixels (H, W) on which at least ``FRAMES`` frames have light: ``LIT`` of the probe's largest modulus or more.

    Parameters
    ----------
    positions : (M, 2) float64
        Columns [x, y]; windows that leave the object are left out.
    modes : (P, N, N) complex
    shape : (H, W)
    """
    modulus = np.abs(modes).max(axis=0)
    half, lit = modulus.shape[0] // 2, modulus > LIT * modulus.max()
    frames = np.zeros(shape, dtype=int)
    for x, y in np.floor(positions).astype(int):
        window = frames[max(y - half, 0) : y + half, max(x - half, 0) : x + half]
        if window.shape == lit.shape:
            window += lit
    return frames >= FRAMES


def in_phase(recovered: NDArray[Any], truth: NDArray[Any], seen: NDArray[Any]) -> NDArray[Any]:
    """Return the recovered object times the phase that brings it closest to the truth on the pixels seen.

    Parameters
    ----------
    recovered, truth : (H, W) complex
        Objects on the same pixels.
    seen : (H, W) bool
        Pixels that the scan saw.
    """
    product = np.vdot(recovered[seen], truth[seen])
    return np.asarray(recovered * product / abs(product))


def draw(path: Path, truth: NDArray[Any], recovered: NDArray[Any], seen: NDArray[Any], losses: list[float]) -> None:
    """Write the picture: amplitude and phase of both objects where they were seen, and the loss.

    Parameters
    ----------
    path : Path
        Where the picture is written.
    truth, recovered : (H, W) complex
        Objects on the same pixels.
    seen : (H, W) bool
        Pixels that the scan saw.
    losses : list of float
        Loss after each epoch.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    rows, columns = (np.flatnonzero(seen.any(axis=axis))[[0, -1]] for axis in (1, 0))
    extent = (columns[0] - 3.5, columns[1] + 3.5, rows[1] + 3.5, rows[0] - 3.5)
    figure = plt.figure(figsize=(11, 5.4), layout="constrained")
    grid = figure.add_gridspec(2, 3, width_ratios=(1, 1, 0.9))
    quantities = {"amplitude": (np.abs, "gray"), "phase [rad]": (np.angle, "viridis")}
    for row, (label, (quantity, colours)) in enumerate(quantities.items()):
        values = [np.where(seen, quantity(obj), np.nan) for obj in (truth, recovered)]
        low, high = np.nanpercentile(values[0], [0.5, 99.5])
        axes = [figure.add_subplot(grid[row, column]) for column in (0, 1)]
        for ax, name, one in zip(axes, ("truth", "recovered"), values, strict=True):
            shown = ax.imshow(one, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
            ax.set(title=f"{name}: {label}", xlim=extent[:2], ylim=extent[2:], facecolor="#d8e2ec")
            ax.set(xlabel="x [pixels]" if row else "", ylabel="" if name == "recovered" else "y [pixels]")
        figure.colorbar(shown, ax=axes, shrink=0.85)
    curve = figure.add_subplot(grid[:, 2])
    curve.semilogy(np.arange(1, len(losses) + 1), losses, color="#1f6fb2", linewidth=1)
    curve.set(title="loss", xlabel="gradient step", ylabel="mean squared error of the amplitude")
    curve.grid(alpha=0.3)
    figure.savefig(path, dpi=85, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    """Simulate the scan as the README says, run its example, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readme", type=Path, nargs="?", default=ROOT / "README.md")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "reconstruction.png")
    given = parser.parse_args()
    command, block = (block_of(given.readme, language) for language in ("console", "python"))
    out = given.out.absolute()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        subprocess.run([sys.executable, "-m", "conformance", *shlex.split(command)[1:]], check=True)
        names = run_block(block)
    scan, recovered = names["scan"], names["model"].object.detach().cpu().numpy()
    truth = scan.arrays["objectGuess"][: recovered.shape[0], : recovered.shape[1]]
    seen = seen_pixels(scan.positions, scan.modes, recovered.shape)
    recovered = in_phase(recovered, truth, seen)
    after, before = (np.linalg.norm((one - truth)[seen]) for one in (recovered, in_phase(0 * truth + 1, truth, seen)))
    size = np.linalg.norm(truth[seen])
    print(
        f"{seen.sum()} pixels lit in {FRAMES} frames or more: off by {before / size:.1%} before, {after / size:.1%} now"
    )
    draw(out, truth, recovered, seen, names["losses"])


if __name__ == "__main__":
    main()
