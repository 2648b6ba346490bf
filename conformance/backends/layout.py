"""How a backend lays its arrays out: dtype, shape, named axes, memory order, byte order, and a mark of the content."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject, offered
from conformance.contract.arrays import GROUP, Axes, channels_first, fitting, layouts_of, symbols
from conformance.evidence.tensors import as_numpy, dtype_name, framework, memory_order
from conformance.scans.specimens import Recipe, Specimen, make_specimen

RECIPE = Recipe(M=23, N=10, modes=3, seed=61, margin=8.0)
GROUPS, BATCH = 7, 5


@dataclass(frozen=True)
class Layout:
    """One array, as a review must see it."""

    key: str
    made_by: str
    dtype: str
    shape: tuple[int, ...]
    symbols: str
    axes: str
    order: str
    byte_order: str
    mark: str

    def line(self) -> str:
        """One line, in columns."""
        shape = f"{self.symbols} = {self.shape}"
        where = f"{self.order} {self.byte_order}".strip()
        made = f"{self.key:25}{self.made_by:11}{self.dtype:11}"
        return f"{made}{shape:42}{self.axes:34}{where:16}{self.mark}".rstrip()


def layout_of(key: str, value: Any, sizes: Mapping[str, int]) -> Layout:
    """Describe one array or tensor.

    Parameters
    ----------
    key : str
        Name under which the contract knows it.
    value : array, tensor or None
    sizes : Mapping[str, int]
        Sizes by symbol: B, C, N, P, M, H, W.
    """
    if value is None:
        return Layout(key, "-", "absent", (), "-", "", "", "", "")
    array = as_numpy(value)
    axes = _axes_of(key, array.shape, sizes)
    lengths = "(" + ", ".join(symbols(axes)) + ")" if axes is not None else "?"
    names = " ".join(name for _, name in axes) if axes is not None else "?"
    order = memory_order(value) if array.ndim else ""
    return Layout(
        key,
        framework(value),
        dtype_name(value),
        tuple(array.shape),
        lengths,
        names,
        order,
        _byte_order(array.dtype),
        content_mark(array),
    )


def _axes_of(key: str, shape: tuple[int, ...], sizes: Mapping[str, int]) -> Axes | None:
    """Axes under the contract, channels first or last; whatever has one value a group is named as that."""
    if not shape:
        return ()
    known = layouts_of(key)
    turned = [channels_first(axes) for axes in known if axes[:1] == (GROUP,)]
    return fitting((*known, *turned, (GROUP,)), shape, sizes)


def _byte_order(dtype: np.dtype[Any]) -> str:
    if dtype.itemsize == 1 or dtype.kind in "OUS":
        return ""
    return {"<": "little", ">": "big", "=": sys.byteorder}[dtype.byteorder if dtype.byteorder in "<>" else "="]


def content_mark(array: NDArray[Any]) -> str:
    """Return a short mark that changes when the values or their places do, and not with the last bit of a float.

    Whole numbers are hashed. Of others it holds the root mean square, and the projection on fixed pseudo-random weights
    relative to the norm; three digits are far above rounding, and far below any mistake of order, sign or scale.
    """
    if array.dtype.kind in "iub":
        plain = np.ascontiguousarray(array).astype("<i8")
        return f"sha {hashlib.sha256(plain.tobytes()).hexdigest()[:10]}"
    if array.dtype.kind not in "fc":
        return f"text {str(array)[:40]}"
    values = array.astype(np.complex128).ravel()
    weights = np.random.default_rng(values.size).normal(size=values.size)
    norm = float(np.linalg.norm(values))
    projection = complex((weights * values).sum()) / (norm or 1.0)
    turned = "" if array.dtype.kind == "f" else f"{projection.imag:+.3f}i"
    rms = norm / max(1, values.size) ** 0.5
    return f"rms {rms:.4g} mark {projection.real:+.3f}{turned}"


def layouts(subject: Subject, gridsize: int) -> Iterator[tuple[str, list[Layout]]]:
    """Yield the stages of a backend with the layouts of their arrays, on one synthetic scan."""
    there = offered(subject.selected)
    specimen = make_specimen(RECIPE, "layout")
    sizes = _sizes(specimen, gridsize, GROUPS)
    request = GroupRequest(N=RECIPE.N, gridsize=gridsize, K=gridsize**2 + 3, nsamples=GROUPS, seed=62)
    adapter = subject.adapter

    def described(arrays: Mapping[str, Any], known: Mapping[str, int] = sizes) -> list[Layout]:
        return [layout_of(str(key), value, known) for key, value in arrays.items()]

    if {"load", "assemble"} & there and "arrays" in there:
        yield "scan", described(adapter.arrays(subject.scan_of(specimen)))
    if {"load", "assemble"} & there and "group" in there:
        grouped = subject.grouped(specimen, request)
        yield "grouped", described(grouped)
        if "container" in there:
            yield "container", described(adapter.container(grouped, specimen.arrays["probeGuess"]))
    if "batches" in there:
        path = subject.write(specimen.arrays)
        batch = next(iter(adapter.batches([path], BatchRequest(request, batch_size=BATCH))))
        yield "batch", described(dict(batch), _sizes(specimen, gridsize, BATCH))


def tensor_layouts(subject: Subject, gridsize: int) -> Iterator[tuple[str, list[Layout]]]:
    """Yield the container as the framework's tensors; the framework must be installed."""
    specimen = make_specimen(RECIPE, "layout")
    request = GroupRequest(N=RECIPE.N, gridsize=gridsize, K=gridsize**2 + 3, nsamples=GROUPS, seed=62)
    tensors = subject.adapter.tensors(subject.grouped(specimen, request), specimen.arrays["probeGuess"])
    sizes = _sizes(specimen, gridsize, GROUPS)
    yield "tensors", [layout_of(str(key), value, sizes) for key, value in tensors.items()]


def _sizes(specimen: Specimen, gridsize: int, groups: int) -> dict[str, int]:
    height, width = specimen.arrays["objectGuess"].shape
    probe = specimen.arrays["probeGuess"]
    modes = probe.shape[0] if probe.ndim == 3 else 1
    return {"B": groups, "C": gridsize**2, "H": height, "M": specimen.M, "N": specimen.N, "P": modes, "W": width}


def as_text(name: str, gridsize: int, stages: Iterator[tuple[str, list[Layout]]]) -> str:
    """Return the layouts of one adapter at one gridsize as lines that a review can diff.

    Parameters
    ----------
    name : str
        Name of the adapter.
    gridsize : int
        Gridsize at which the layouts were taken.
    stages : iterator of (str, list of Layout)
        Stages in their order, each with its layouts.
    """
    lines = [f"adapter {name} · gridsize {gridsize}"]
    for stage, found in stages:
        lines += ["", stage, *(f"  {layout.line()}" for layout in sorted(found, key=lambda one: one.key))]
    return "\n".join(lines) + "\n"


def layout_text(subject: Subject, gridsize: int) -> str:
    """Return what ``ptycho-conformance layout`` prints for one gridsize, without the framework's tensors."""
    return as_text(subject.name, gridsize, layouts(subject, gridsize))


def side_by_side(subjects: Sequence[Subject], gridsize: int) -> str:
    """Return the layouts of several backends under each other, array by array; lines that differ carry a sign.

    Contents are left out: which random group is drawn is the backend's own choice.
    """
    found = [{stage: {one.key: one for one in rows} for stage, rows in layouts(s, gridsize)} for s in subjects]
    names = [subject.name for subject in subjects]
    width = max(len(name) for name in (*names, "all")) + 2
    lines = [f"{' | '.join(names)} · gridsize {gridsize}"]
    for stage in dict.fromkeys(stage for one in found for stage in one):
        lines += ["", stage]
        keys = sorted({key for one in found for key in one.get(stage, {})})
        for key in keys:
            rows = [_held(one.get(stage, {}).get(key)) for one in found]
            alike = len(set(rows)) == 1
            shown = [("all", rows[0])] if alike else list(zip(names, rows, strict=True))
            for number, (name, row) in enumerate(shown):
                lines.append(f"{' ' if alike else '≠'} {key if number == 0 else '':25}{name:{width}}{row}".rstrip())
    return "\n".join(lines) + "\n"


def _held(one: Layout | None) -> str:
    if one is None or one.dtype == "absent":
        return "absent"
    return f"{one.dtype:11}{one.symbols:20}{one.shape!s:22}{one.axes}"
