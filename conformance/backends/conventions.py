"""Translates between the contract's convention and the one that an adapter states (CND-027)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conformance.adapter import Adapter
from conformance.backends.counterparts import Counterparts
from conformance.contract.types import Array
from conformance.evidence.tensors import as_numpy

METRES: Mapping[str, float] = {"m": 1.0, "um": 1e-6, "nm": 1e-9}
"""Units of length."""

_OF_PLACES = ("axis_order", "refers_to", "unit")
_OF_FRAMES = ("fft_norm", "fft_order", "quantity")
CONCERNED: Mapping[str, tuple[str, ...]] = {
    "patches": (*_OF_PLACES, "precision"),
    "reassemble": (*_OF_PLACES, "precision"),
    "translate": ("axis_order", "unit", "precision"),
    "simulate": (*_OF_FRAMES, "precision"),
    "noisy": ("quantity", "precision"),
    "measure": ("refers_to", "unit", *_OF_FRAMES, "precision"),
}
"""Statements that concern a method: ``measure`` names its coordinates, and noise has no norm and no order."""

_PLACES = ("centres_xy", "shifts_xy")
_PARAMETERS = {name: tuple(inspect.signature(getattr(Adapter, name)).parameters)[1:] for name in CONCERNED}
_AXES = (-2, -1)
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Convention:
    """In which convention an adapter takes and gives arrays; the contract's own where nothing is stated.

    Attributes
    ----------
    axis_order : {"xy", "yx"}
        Columns of positions and shifts, and of ``origin_xy``.
    refers_to : {"N/2", "(N-1)/2", "corner"}
        Which place of a window N pixels wide a position names; the corner is its pixel [0, 0].
    unit : {"px", "m", "um", "nm"}
        Unit of positions and shifts.
    pixel_size : float
        Metres that a pixel of the object is wide.
    fft_norm : {"ortho", "backward", "forward"}
        Norm of the transform to the detector, as NumPy names it.
    fft_order : {"centred", "corner"}
        Where a frame has the zero frequency: in pixel (N/2, N/2), or in pixel (0, 0).
    quantity : {"amplitude", "intensity"}
        What a frame holds.
    precision : {"any", "single", "double"}
        In which objects, patches, probes and frames are taken; positions are precise whatever it says.
    """

    axis_order: str = "xy"
    refers_to: str = "N/2"
    unit: str = "px"
    pixel_size: float = 1.0
    fft_norm: str = "ortho"
    fft_order: str = "centred"
    quantity: str = "amplitude"
    precision: str = "any"

    def translators(self, methods: frozenset[str]) -> tuple[str, ...]:
        """Say what is translated for an adapter with these methods, a statement each."""
        concerned = {one for name in methods & set(CONCERNED) for one in CONCERNED[name]}
        said = {
            "axis_order": f"positions [{', '.join(self.axis_order)}]",
            "refers_to": f"positions of {'the corner' if self.refers_to == 'corner' else self.refers_to}",
            "unit": f"positions in {self.unit}, {self.pixel_size:g} m a pixel",
            "fft_norm": f"an FFT of the norm {self.fft_norm}",
            "fft_order": "the zero frequency in the corner",
            "quantity": "intensities",
            "precision": f"arrays in {self.precision} precision",
        }
        return tuple(said[one] for one in said if one in concerned and getattr(self, one) != getattr(_CONTRACT, one))

    @property
    def scaled(self) -> bool:
        """Whether it is stated how wide a pixel is."""
        return self.pixel_size != _CONTRACT.pixel_size

    def per_pixel(self) -> float:
        """Return how many units a pixel is wide."""
        return 1.0 if self.unit == "px" else self.pixel_size / METRES[self.unit]

    def before(self, N: int | None) -> float:
        """Return by how many pixels a position of a window (N, N) lies before that of the contract."""
        if self.refers_to == "N/2" or N is None:
            return 0.0
        return N // 2 - ((N - 1) / 2 if self.refers_to == "(N-1)/2" else 0)

    def of_amplitudes(self, N: int) -> float:
        """Return the amplitude of a transform (N, N) over that of the contract."""
        return {"ortho": 1.0, "backward": float(N), "forward": 1 / N}[self.fft_norm]


_CONTRACT = Convention()


@dataclass(frozen=True)
class Measured:
    """A scan that an adapter has simulated in its own convention.

    Attributes
    ----------
    scan : object
        The adapter's own.
    coordinates : Mapping of str to array
        Coordinates (M,) in pixels that it was simulated at.
    N : int or None
        Side of its frames.
    noisy : bool
        Whether counts were drawn.
    """

    scan: Any
    coordinates: Mapping[str, Any]
    N: int | None
    noisy: bool


class Translated:
    """An adapter in the contract's convention, whatever its own is.

    Parameters
    ----------
    adapter : Adapter
    convention : Convention
        That of its arguments and results.
    """

    def __init__(self, adapter: Any, convention: Convention) -> None:
        self._adapter, self._own = adapter, convention
        self._counterparts = Counterparts()

    def __getattr__(self, name: str) -> Any:
        held = getattr(self._adapter, name)
        return self._translated(name, held) if callable(held) else held

    def _translated(self, name: str, held: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            try:
                return self._call(name, held, arguments, named)
            finally:
                self._counterparts.follow()

        return called

    def _call(self, name: str, held: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        scans = [one for one in (*arguments, *named.values()) if isinstance(one, Measured)]
        if name not in CONCERNED:
            result = held(*map(_bare, arguments), **{key: _bare(one) for key, one in named.items()})
            with np.errstate(all="ignore"):
                return self._contents(result, scans[0]) if name == "arrays" and scans else result
        known = {**dict(zip(_PARAMETERS[name], arguments, strict=False)), **named}
        # However strict the errors of the process are, they are not asked for here.
        with np.errstate(all="ignore"):
            own = {key: self._given(name, key, value, known) for key, value in known.items()}
        at_place = [own[key] for key in _PARAMETERS[name][: len(arguments)]]
        result = held(*at_place, *arguments[len(at_place) :], **{key: own[key] for key in named})
        with np.errstate(all="ignore"):
            return self._answer(name, result, known)

    def _given(self, method: str, key: str, value: Any, known: Mapping[str, Any]) -> Any:
        """Return an argument in the adapter's convention; what is no array of numbers is its to refuse."""
        values = _numbers(value)
        if values is None or values.ndim == 0:
            return value
        if key in _PLACES and (values.ndim != 2 or values.shape[1] != 2):
            return value
        back: Callable[[Array], Array] = np.asarray
        if key in (*_PLACES, "xcoords", "ycoords"):
            before = 0.0 if key == "shifts_xy" else self._own.before(_side(method, known))
            swapped = key in _PLACES and self._own.axis_order == "yx"
            changed = self._moved(values, before)
            changed = changed[:, ::-1] if swapped else changed
            back = partial(self._back, before=before, swapped=swapped)
        else:
            squared = method == "noisy" and self._own.quantity == "intensity"
            changed = _in_precision(values.astype(np.float64) ** 2 if squared else values, self._own.precision)
            back = _root if squared else back
        if changed is values:
            return value
        if value is not values:
            return np.array(changed, order="C")
        return self._counterparts.handed(values, changed, back, (method, key))

    def _moved(self, positions: Array, before: float) -> Array:
        factor = self._own.per_pixel()
        if not before and factor == 1:
            return positions
        return np.asarray((positions.astype(np.float64) - before) * factor)

    def _back(self, own: Array, before: float, *, swapped: bool) -> Array:
        """Return positions of the adapter's convention in that of the contract."""
        ordered = own[:, ::-1] if swapped else own
        factor = self._own.per_pixel()
        return ordered if not before and factor == 1 else ordered / factor + before

    def _answer(self, method: str, result: Any, known: Mapping[str, Any]) -> Any:
        if method == "measure":
            at = {key: known[key] for key in ("xcoords", "ycoords") if key in known}
            return Measured(result, at, _side(method, known), noisy=known.get("nphotons") is not None)
        if method == "reassemble":
            return self._canvas(result)
        values = _numbers(result)
        if values is None:
            return result
        forth = partial(self._as_contract, method, single=method != "translate" or _is_single(known.get("images")))
        changed = forth(values)
        if changed is values:
            return result
        self._counterparts.came(values, changed, forth)
        return changed

    def _as_contract(self, method: str, values: Array, *, single: bool) -> Array:
        """Return what a method gave in the contract's convention."""
        changed = values
        if method in ("simulate", "noisy"):
            drawn = method == "noisy"
            changed = self._frames(values, scaled=drawn, ordered=drawn)
        return _in_precision(changed, "single") if self._own.precision == "double" and single else changed

    def _frames(self, frames: Array, *, scaled: bool, ordered: bool = False) -> Array:
        """Return frames (n, N, N) as amplitudes of the contract, but for what is as the contract says already."""
        if frames.ndim < _FEWEST_AXES:
            return frames
        changed = frames
        if self._own.quantity == "intensity":
            changed = np.sqrt(changed)
        factor = 1.0 if scaled else self._own.of_amplitudes(frames.shape[-1])
        changed = changed if factor == 1 else np.asarray(changed / factor, changed.dtype)
        corner = self._own.fft_order == "corner" and not ordered
        return np.fft.fftshift(changed, axes=_AXES) if corner else changed

    def _canvas(self, result: Any) -> Any:
        origin = _numbers(result["origin_xy"]) if isinstance(result, Mapping) and "origin_xy" in result else None
        if origin is None or origin.shape != (2,):
            return result
        changed = self._origin(origin)
        if changed is not origin:
            self._counterparts.came(origin, changed, self._origin)
        return {**result, "origin_xy": changed}

    def _origin(self, own: Array) -> Array:
        factor = self._own.per_pixel()
        ordered = own[::-1].copy() if self._own.axis_order == "yx" else own
        return ordered if factor == 1 else _rounded(ordered / factor)

    def _contents(self, held: Any, scan: Measured) -> Any:
        """Return what a simulated scan holds, in the contract's convention."""
        if not isinstance(held, Mapping):
            return held
        found = dict(held)
        frames = _numbers(found.get("diff3d"))
        if frames is not None:
            # Counts have the scale of the photons that were asked for.
            found["diff3d"] = self._frames(frames, scaled=scan.noisy)
        for name in ("diff3d", "probeGuess", "objectGuess", "Y"):
            values = _numbers(found.get(name))
            if values is not None and self._own.precision == "double":
                found[name] = _in_precision(values, "single")
        for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start"):
            own, given = _numbers(found.get(name)), _numbers(scan.coordinates.get(name.removesuffix("_start")))
            if own is not None and given is not None:
                back = own / self._own.per_pixel() + self._own.before(scan.N)
                same = back.shape == given.shape and np.allclose(back, given, rtol=_ROUNDING, atol=_ROUNDING)
                found[name] = given.astype(np.float64) if same else back
        return found


_FEWEST_AXES = 2
_WIDTHS = {"single": (np.float32, np.complex64), "double": (np.float64, np.complex128)}


def _in_precision(values: Array, precision: str) -> Array:
    if precision not in _WIDTHS or values.dtype.kind not in "iufc":
        return values
    return values.astype(_WIDTHS[precision][values.dtype.kind == "c"], copy=False)


def _root(values: Array) -> Array:
    return np.asarray(np.sqrt(values))


def _is_single(value: Any) -> bool:
    values = _numbers(value)
    return values is not None and values.dtype in _WIDTHS["single"]


def _numbers(value: Any) -> Array | None:
    """Return an array of numbers; None for all else."""
    if value is None or isinstance(value, str | bytes | Mapping):
        return None
    try:
        values = as_numpy(value)
    except Exception:  # noqa: BLE001 - what cannot be read is no array
        return None
    return values if values.dtype.kind in "iufc" else None


def _rounded(values: Array) -> Array:
    """Return whole numbers where rounding alone keeps values from them."""
    whole = np.round(values)
    return np.where(np.abs(values - whole) < _ROUNDING, whole, values)


def _side(method: str, known: Mapping[str, Any]) -> int | None:
    """Side of the windows of a call; None where it tells none."""
    if method == "patches":
        side = known.get("N")
        return int(side) if isinstance(side, int | float | np.integer) and side > 0 and side == side // 1 else None
    values = _numbers(known.get({"reassemble": "patches", "measure": "probe"}[method]))
    return None if values is None or not values.ndim else values.shape[-1]


def _bare(value: Any) -> Any:
    return value.scan if isinstance(value, Measured) else value


def translating(adapter: Any, convention: Convention) -> Any:
    """Return an adapter in the contract's convention; the adapter itself where that is its own."""
    return adapter if convention == _CONTRACT else Translated(adapter, convention)


def conventions(said: Callable[[str], str]) -> Convention:
    """Return the convention that is stated.

    Parameters
    ----------
    said : callable
        Value of a statement by its name; empty where it is not made.
    """
    held: dict[str, Any] = {name: value for name in vars(_CONTRACT) if (value := said(name))}
    return Convention(**{**held, "pixel_size": float(held.get("pixel_size", 1.0))})
