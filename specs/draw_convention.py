"""Draws ``convention.svg``, the figure of the coordinate convention. Run: ``python specs/draw_convention.py``."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

HEIGHT, WIDTH, N = 18, 26, 8
POSITION = (9, 7)
MEMBERS = np.array([[6.0, 5.2], [11.4, 4.0], [7.8, 9.6], [12.8, 10.4]])
OTHERS = np.array([[3.0, 8.4], [9.4, 1.6], [15.6, 6.8], [16.2, 12.6], [4.0, 12.8], [10.2, 13.4]])
INK, ACCENT, COOL, FAINT = "#222222", "#c8102e", "#1f6fb2", "#9a9a9a"


def draw(path: Path) -> None:
    """Write the figure as SVG, byte for byte the same at every run."""
    plt.rcParams.update({"svg.hashsalt": "convention", "font.size": 10, "font.family": "DejaVu Sans"})
    figure, axes = plt.subplots(1, 3, figsize=(15.5, 5.6), width_ratios=(1.25, 1.15, 0.75))
    window(axes[0])
    group(axes[1])
    channels(axes[2])
    figure.tight_layout(w_pad=2.5)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def window(ax: Axes) -> None:
    """Draw the object with its axes and the window that a position means."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    picture = np.sin(columns / 4.0) + 0.6 * np.cos((rows + 0.4 * columns) / 3.0) + 0.05 * columns
    ax.imshow(picture, cmap="Greys", alpha=0.35, origin="upper")
    x, y = POSITION
    ax.add_patch(Rectangle((x - N / 2 - 0.5, y - N / 2 - 0.5), N, N, fill=False, edgecolor=COOL, linewidth=2))
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=ACCENT))
    ax.annotate(
        f"position x = {x}, y = {y}:\npatch pixel [N/2, N/2]",
        (x + 0.5, y),
        (14.4, 5.2),
        color=ACCENT,
        arrowprops={"arrowstyle": "->", "color": ACCENT},
    )
    ax.annotate(
        "patch pixel [0, 0] is object\npixel [y − N/2, x − N/2]",
        (x - N / 2, y - N / 2),
        (12.2, 1.0),
        color=COOL,
        va="center",
        arrowprops={"arrowstyle": "->", "color": COOL},
    )
    ax.text(x, y + N / 2 + 0.9, f"window of N × N pixels (here N = {N})", color=COOL, ha="center")
    ax.set_title("Which pixels a frame at (x, y) sees", loc="left", fontweight="bold")
    ax.set_xlabel("x: column, grows to the right →", color=INK)
    ax.set_ylabel("← y: row, grows downward", color=INK)
    ax.set_xticks(range(0, WIDTH, 5))
    ax.set_yticks(range(0, HEIGHT, 5))


def group(ax: Axes) -> None:
    """Draw a group of gridsize 2 with its mean and the signs of its relative coordinates."""
    centre = MEMBERS.mean(axis=0)
    ax.plot(*OTHERS.T, "o", color=FAINT, markersize=7)
    for number, (x, y) in enumerate(MEMBERS):
        ax.annotate("", (centre[0], centre[1]), (x, y), arrowprops={"arrowstyle": "-|>", "color": COOL, "lw": 1.6})
        ax.plot(x, y, "o", color=INK, markersize=9)
        relative = centre - (x, y)
        side = 1 if y > centre[1] else -1
        ax.text(
            x,
            y + side * 1.5,
            f"c = {number}\n({relative[0]:+.1f}, {relative[1]:+.1f})",
            ha="center",
            va="center",
            color=INK,
        )
    ax.plot(*centre, "+", color=ACCENT, markersize=16, markeredgewidth=2.5)
    ax.text(centre[0] + 1.3, centre[1], "coords_offsets\n(the mean)", color=ACCENT, va="center")
    ax.text(16.9, 15.0, "other scan points", color=FAINT, ha="right")
    ax.set(xlim=(1.5, 19), ylim=(16, 0), aspect="equal")
    ax.set_title("A group at gridsize 2: four neighbouring points", loc="left", fontweight="bold")
    ax.set_xlabel("arrows: coords_relative = −(coords_nn − coords_offsets), as (x, y)", color=COOL)
    ax.set_ylabel("← y")


def channels(ax: Axes) -> None:
    """Draw where channel c stands in the grid of its group."""
    for channel in range(4):
        row, column = divmod(channel, 2)
        ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=INK, linewidth=1.5))
        ax.text(column + 0.5, row + 0.42, f"c = {channel}", ha="center", fontsize=13, fontweight="bold")
        ax.text(column + 0.5, row + 0.66, f"row {row}, column {column}", ha="center", color=FAINT, fontsize=9)
    ax.set(xlim=(-0.05, 2.05), ylim=(2.05, -0.05), aspect="equal")
    ax.axis("off")
    ax.set_title("Channel c in the grid", loc="left", fontweight="bold")
    ax.text(1, 2.2, "row c // g, column c % g: layout only.\nMembers are not sorted in space.", ha="center", va="top")


if __name__ == "__main__":
    draw(Path(__file__).with_name("convention.svg"))
