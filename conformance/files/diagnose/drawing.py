"""The picture of a diagnosis: the centre of mass before and after, the motion of the shadow, the candidates."""

from __future__ import annotations

import io
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from conformance.files.diagnose import shadow
from conformance.files.diagnose.engine import Diagnosis
from conformance.files.diagnose.explained import forward_of
from conformance.files.diagnose.jacobian import centres_of_mass
from conformance.files.diagnose.mending import settled
from conformance.files.diagnose.repairs import Repair, about
from conformance.files.diagnose.sample import Sample, Scan, take
from conformance.files.diagnose.turns import EIGHT, Turn, name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ARROWS = 600
_REACHES = 2.0
_LETTERS = 170
"""In a line of the headline."""


def drawn(scan: Scan, found: Diagnosis, headline: str, rng: np.random.Generator) -> bytes:
    """Draw a diagnosis as PNG.

    Parameters
    ----------
    scan : Scan
    found : Diagnosis
    headline : str
        What stands above.
    rng : numpy.random.Generator
        Chooses where in a large scan the frames are taken, and draws pairs.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sample = take(scan, found.quantity.intensity, rng)
    figure = Figure(figsize=(13, 9), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle("\n".join(wrap(headline, _LETTERS)), fontsize=10)
    before, after, moved, candidates = figure.subplots(2, 2).ravel()
    asked = found.orientation.asked
    _arrows(before, sample, Turn(False, 0.0), "centre of mass of each frame, as stored")
    said = "nothing is to be turned" if asked is None else "after the turn that is asked for"
    _arrows(after, sample, asked or Turn(False, 0.0), said)
    _motion(moved, sample, found, rng)
    if scan.object is not None and sample.probe is not None:
        _misfits(candidates, scan, sample)
    else:
        _leads(candidates, found)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return stream.getvalue()


def _arrows(axes: Axes, sample: Sample, turn: Turn, title: str) -> None:
    rows = np.unique(np.linspace(0, len(sample) - 1, min(len(sample), _MOST_ARROWS)).astype(np.int64))
    v, s = centres_of_mass(sample)[rows], (sample.s @ turn.matrix.T)[rows]
    axes.quiver(s[:, 1], s[:, 0], v[:, 1], v[:, 0], np.arctan2(v[:, 0], v[:, 1]), cmap="hsv", angles="xy")
    axes.set_title(title, fontsize=10)
    axes.set(xlabel="x", ylabel="y", aspect="equal")
    axes.invert_yaxis()


def _motion(axes: Axes, sample: Sample, found: Diagnosis, rng: np.random.Generator) -> None:
    """Shadows against steps: on the diagonal where they move with the scan."""
    axes.set_title("motion of the shadow, against the steps of the scan", fontsize=10)
    told = [one for one in found.readings if one.estimator == shadow.NAME and one.motion]
    if not told:
        axes.text(0.5, 0.5, "no shadow can be followed", ha="center", transform=axes.transAxes)
        return
    pairs = shadow.neighbour_pairs(sample.s, rng)
    shifts, _ = shadow.shadow_shifts(sample, pairs)
    expected = (sample.s[pairs[:, 1]] - sample.s[pairs[:, 0]]) @ np.reshape(told[0].motion, (2, 2)).T
    for axis, name in ((0, "rows"), (1, "columns")):
        axes.scatter(expected[:, axis], shifts[:, axis], s=6, alpha=0.6, label=name)
    reach = float(np.abs(expected).max())
    axes.plot([-reach, reach], [-reach, reach], color="0.6", linewidth=0.8)
    # Pairs of another picture would press the others flat.
    axes.set_ylim(-_REACHES * reach, _REACHES * reach)
    word = "decided" if told[0].decided else "not decided"
    axes.set(xlabel="pixels, by the step of the scan", ylabel=f"pixels, measured (B: {word})")
    axes.legend(fontsize=8)


def _misfits(axes: Axes, scan: Scan, sample: Sample) -> None:
    assert scan.object is not None
    forward = forward_of(sample, scan.object, 1.0)
    middle = (forward.s.max(axis=0) + forward.s.min(axis=0)) / 2
    frames = []
    for one in EIGHT:
        at = Repair(name_of(one), "turn", "", about(forward.s, one.matrix, middle), forward.amplitude, one)
        frames.append(np.log10(forward.misfits(settled(forward, at).s).frames + 1e-12))
    for row, misfits in enumerate(frames):
        axes.plot(misfits, np.full(len(misfits), row), "|", color="tab:blue", alpha=0.6, markersize=14)
        axes.plot(np.median(misfits), row, "o", color="tab:orange", markersize=5)
    axes.set_yticks(range(8), [name_of(one) for one in EIGHT], fontsize=8)
    axes.set_title("misfit of each frame by probe and object of the file, in the eight orientations", fontsize=10)
    axes.set(xlabel="logarithm of the misfit, each at the common shift that suits it best")


def _leads(axes: Axes, found: Diagnosis) -> None:
    heard = [one for one in found.readings if one.turn is not None]
    axes.set_title("lead of each estimator over chance or the next turn", fontsize=10)
    colours = ["tab:blue" if one.decided else "0.7" for one in heard]
    axes.barh([one.estimator for one in heard], [max(one.lead, 0.0) for one in heard], color=colours)
    axes.set_xscale("symlog")
    axes.set(xlabel="standard errors; grey: not decided")
