"""One figure of a scan: path, patterns, power, probe, and what was found."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.examine import ScanReport
from conformance.files.finding import Severity
from conformance.files.rules.view import View
from conformance.files.survey import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FAR, _WIDTH = 20.0, 62
_MOST_POINTS, _MOST_SIDE, _MOST_CELLS = 4000, 700, 300


@dataclass(frozen=True)
class Picture:
    """A figure of one scan file; a notebook shows it.

    Attributes
    ----------
    report : ScanReport
    headline : str
        The verdict, as ``validate`` gives it.
    """

    report: ScanReport
    headline: str

    def png(self, dpi: int = 110) -> bytes:
        """Return the figure as PNG."""
        stream = io.BytesIO()
        figure(self.report, self.headline).savefig(stream, format="png", dpi=dpi)
        return stream.getvalue()

    def page(self) -> str:
        """Return a page of HTML that holds everything it shows."""
        rows = "".join(
            f"<li class={one.severity}><b>{one.severity} {one.clause}</b> {html.escape(one.array)}: "
            f"{html.escape(one.problem)}{f'<br><i>{html.escape(one.remedy)}</i>' if one.remedy else ''}</li>"
            for one in self.report.findings
        )
        title = html.escape(f"{self.report.path.name}: {self.headline}")
        image = base64.b64encode(self.png()).decode()
        return (
            f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<link rel=icon href='data:,'><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
            f"<img alt='scan path, patterns, power, probe of {html.escape(self.report.path.name)}' "
            f"src='data:image/png;base64,{image}'><ul>{rows}</ul></html>"
        )

    def _repr_html_(self) -> str:
        return f"<img src='data:image/png;base64,{base64.b64encode(self.png()).decode()}'>"


_STYLE = (
    "body{font:16px/1.4 system-ui,sans-serif;margin:1em auto;max-width:1200px;padding:0 1em;color:#222;background:#fff}"
    "img{width:100%;height:auto}h1{font-size:1.2em;overflow-wrap:anywhere}li{margin:.5em 0;overflow-wrap:anywhere}"
    "li.violation b{color:#b00}li.warning b{color:#950}li.note{color:#555}ul{padding-left:1.2em}"
)


def figure(report: ScanReport, headline: str) -> Figure:
    """Draw the figure of a scan file.

    Parameters
    ----------
    report : ScanReport
        With the view of its frames.
    headline : str
        What stands above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(15, 6.4), layout="constrained")
    FigureCanvasAgg(drawn)
    drawn.suptitle(f"{report.path.name}: {headline}", fontsize=12, fontweight="bold")
    view = report.view
    if view is None:
        axes = drawn.subplots()
        _words(axes, report)
        return drawn
    grid = drawn.add_gridspec(2, 5)
    panels: list[Callable[[Axes, View], None]] = [_path, _light, _mean, _largest, _object, _power, _values, _probe]
    for number, panel in enumerate(panels):
        panel(drawn.add_subplot(grid[divmod(number, 5)]), view)
    _words(drawn.add_subplot(grid[1, 3:]), report)
    return drawn


def _path(axes: Axes, view: View) -> None:
    axes.set_title("scan path", fontsize=10)
    if view.x is None or view.y is None:
        _absent(axes, "no positions in pixels")
        return
    if len(view.x) > _MOST_POINTS:
        image, extent = mean_number(view.x, view.y)
        axes.imshow(image, cmap="viridis", extent=extent, interpolation="nearest")
    else:
        axes.plot(view.x, view.y, color="0.75", linewidth=0.5, zorder=1)
        axes.scatter(view.x, view.y, c=np.arange(len(view.x)), cmap="viridis", s=6, zorder=2)
        axes.invert_yaxis()
    axes.set(xlabel="x, column (px)", ylabel="y, row (px)", aspect="equal")


def mean_number(x: Floats, y: Floats) -> tuple[Floats, tuple[float, float, float, float]]:
    """Mean number of the frames in each cell of a raster over the scan, NaN where there are none, and where it lies.

    Parameters
    ----------
    x, y : numpy.ndarray
        (M,) positions; more than can be drawn one by one.

    Returns
    -------
    image : numpy.ndarray
        (H, W), row for y.
    extent : tuple of float
        Left, right, bottom and top, y downwards.
    """
    # A cell for a few points: one for each would leave holes where they lie closer in one place than in another.
    cells = int(np.clip(np.sqrt(len(x) / 4), 1, _MOST_CELLS))
    edges = [np.linspace(v.min(), np.nextafter(v.max(), np.inf), cells + 1) for v in (y, x)]
    visits, *_ = np.histogram2d(y, x, bins=edges)
    numbers, *_ = np.histogram2d(y, x, bins=edges, weights=np.arange(len(x), dtype=np.float64))
    image = np.divide(numbers, visits, out=np.full_like(numbers, np.nan), where=visits > 0)
    return image, (float(x.min()), float(x.max()), float(y.max()), float(y.min()))


def _light(axes: Axes, view: View) -> None:
    """Light that falls on each object pixel, summed over the scan."""
    axes.set_title("light per object pixel", fontsize=10)
    image = illumination(view)
    if image is None:
        _absent(axes, "needs positions and a probe")
        return
    axes.imshow(image, cmap="magma")
    axes.set_xticks([])
    axes.set_yticks([])


def illumination(view: View) -> Floats | None:
    """(H, W) light that the scan puts on each pixel, made coarser where the scan is large; None without a probe."""
    if view.probe is None or view.x is None or view.y is None or view.N % 2:
        return None
    from scipy.signal import fftconvolve

    span = max(float(np.ptp(view.x)), float(np.ptp(view.y))) + view.N
    coarse = max(1, int(np.ceil(span / _MOST_SIDE)))
    light = (np.abs(view.probe) ** 2).sum(axis=0)
    wanted = -view.N % coarse
    padded = np.pad(light, (0, wanted))
    side = len(padded) // coarse
    kept = padded.reshape(side, coarse, side, coarse).sum(axis=(1, 3))
    rows = np.floor((view.y - view.y.min()) / coarse).astype(int)
    columns = np.floor((view.x - view.x.min()) / coarse).astype(int)
    visits = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(visits, (rows, columns), 1.0)
    return np.asarray(np.maximum(fftconvolve(visits, kept), 0))


def _mean(axes: Axes, view: View) -> None:
    axes.set_title("mean pattern (log), odd pixels circled", fontsize=10)
    _pattern(axes, view.survey.sums / max(1, view.M), view)
    odd = view.steady & (view.survey.largest != 0)
    places = np.argwhere(odd | ~view.measured)[:400]
    if len(places):
        axes.scatter(places[:, 1], places[:, 0], s=30, facecolors="none", edgecolors="#e00", linewidths=0.7)


def _largest(axes: Axes, view: View) -> None:
    axes.set_title("largest of each pixel (log)", fontsize=10)
    _pattern(axes, view.survey.largest, view)


def _pattern(axes: Axes, image: Floats, view: View) -> None:
    shown = np.where(view.steady | ~view.measured, 0.0, np.maximum(image, 0.0))
    axes.imshow(np.log1p(shown), cmap="viridis")
    axes.set_xticks([])
    axes.set_yticks([])


def _power(axes: Axes, view: View) -> None:
    axes.set_title("power of the frames", fontsize=10)
    step = max(1, view.M // _MOST_POINTS)
    first = np.arange(0, view.M, step)
    if step > 1:
        # From the darkest to the brightest of each few frames: a single odd one is seen however many there are.
        low, high = (one.reduceat(view.flux, first) for one in (np.minimum, np.maximum))
        axes.fill_between(first, low, high, linewidth=0.8, color="C0")
    else:
        axes.plot(first, view.flux, linewidth=0.8)
    axes.set(xlabel="frame", ylabel="counts" if view.counts else "sum of squares")
    lit = view.flux[view.flux > 0]
    if len(lit) and lit.max() > _FAR * np.median(lit):
        # What a burst would hide lies far below it.
        axes.set_yscale("log")
        axes.set_ylim(bottom=float(np.median(lit)) / _FAR)
    else:
        axes.set_ylim(bottom=0)


def _values(axes: Axes, view: View) -> None:
    axes.set_title("values of the first frames", fontsize=10)
    values = view.survey.sample
    if len(values):
        axes.hist(values, bins=60, log=True)
    axes.set(xlabel="counts" if view.counts else "value", ylabel="distinct values")


def _probe(axes: Axes, view: View) -> None:
    axes.set_title("probe: brightness and phase", fontsize=10)
    if view.probe is None:
        _absent(axes, "no probe")
        return
    axes.imshow(coloured(view.probe[0]))
    axes.set_xticks([])
    axes.set_yticks([])


def _object(axes: Axes, view: View) -> None:
    axes.set_title("object: brightness and phase", fontsize=10)
    held = view.object_values
    if held is None or not held.size or not np.isfinite(held).all():
        _absent(axes, "no object")
        return
    step = -(-max(held.shape) // _MOST_SIDE)
    axes.imshow(coloured(held[::step, ::step].astype(np.complex128)))
    axes.set_xticks([])
    axes.set_yticks([])


def coloured(wave: NDArray[np.complex128]) -> Floats:
    """Return (H, W, 3) colours: lightness for amplitude, hue of equal lightness (Oklab) for phase."""
    amplitude = np.abs(wave)
    light = np.sqrt(amplitude / max(float(amplitude.max()), 1e-300))
    phase = np.angle(wave)
    lightness = 0.75 * light
    a, b = 0.125 * light * np.cos(phase), 0.125 * light * np.sin(phase)
    cone = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ],
        axis=-1,
    )
    mixed = cone**3 @ _FROM_CONES.T
    clipped = np.clip(mixed, 0, 1)
    return np.asarray(np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055))


_FROM_CONES = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
"""From cones to linear sRGB (B. Ottosson, Oklab, 2020)."""


def _words(axes: Axes, report: ScanReport) -> None:
    import textwrap

    axes.set_axis_off()
    marks = {Severity.VIOLATION: "#b00", Severity.WARNING: "#950", Severity.NOTE: "#555"}
    place = 1.0
    for one in report.findings:
        text = textwrap.fill(f"{one.severity} {one.clause}: {one.problem}", _WIDTH, max_lines=5, placeholder=" ...")
        if place - 0.052 * (text.count("\n") + 1) < 0:
            axes.text(0, 0, "and more", fontsize=8)
            return
        axes.text(0, place, text, va="top", fontsize=8, color=marks[one.severity], transform=axes.transAxes)
        place -= 0.052 * (text.count("\n") + 1) + 0.02
    if not report.findings:
        axes.text(0, 1.0, "nothing to say", va="top", fontsize=8, transform=axes.transAxes)


def _absent(axes: Any, why: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, why, ha="center", va="center", fontsize=9, color="0.4", transform=axes.transAxes)
