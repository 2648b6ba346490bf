"""The rules of scan arrays, the same for files and for memory (NPZ, RAW-001, RAW-002)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import ContractWarning, FileRefusal
from ptycho_ref.stored_text import text_of

PER_POINT = ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index")
UNITS = {("legacy_v1", "normalized_amplitude"), ("ci_intensity_v2", "count_intensity")}
_SMALLEST_SIDE = 8


class Rules:
    """Turns arrays as given into the arrays of a scan, or refuses them.

    Parameters
    ----------
    given : Mapping
        Arrays by member name; an entry that is None counts as absent.
    file : Path, optional
        File to name in messages.
    """

    def __init__(self, given: Mapping[str, Any], file: Path | None = None) -> None:
        self.given = {name: np.asarray(value) for name, value in given.items() if value is not None}
        self.file = file

    def refuse(self, clause: str, array: str, problem: str, remedy: str) -> NoReturn:
        """Refuse what was given, with the file's name.

        Parameters
        ----------
        clause : str
            Id of the clause that is broken.
        array : str
            Contract name of the array at fault.
        problem, remedy : str
            One sentence each: what is wrong, and what to do about it.

        Raises
        ------
        FileRefusal
        """
        raise FileRefusal(problem, clause=clause, file=self.file, array=array, remedy=remedy)

    def warn(self, clause: str, array: str, problem: str) -> None:
        """Warn of something that the contract accepts.

        Parameters
        ----------
        clause : str
            Id of the clause that speaks of it.
        array : str
            Contract name of the array.
        problem : str
            What was found.
        """
        warnings.warn(ContractWarning(problem, clause=clause, file=self.file, array=array), stacklevel=6)

    @np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
    def scan(self) -> dict[str, NDArray[Any] | None]:
        """Return the canonical arrays of the scan; optional ones that are absent are None.

        Raises
        ------
        FileRefusal
            See the clauses of scan files (NPZ).
        """
        x, y = self.positions()
        starts = self._start_pair(x, y)
        frames, M = self._stack(len(x))
        N = frames.shape[-1]
        if len(x) > M:
            self.warn("NPZ-020", "xcoords", f"{len(x)} positions for {M} frames: dropping the last {len(x) - M}")
        self._units()
        return {
            "xcoords": x[:M],
            "ycoords": y[:M],
            "xcoords_start": starts[0][:M],
            "ycoords_start": starts[1][:M],
            "diff3d": frames,
            "probeGuess": self._probe(N),
            "scan_index": self._labels(len(x), M)[:M],
            "objectGuess": self._object(),
            "Y": self._patches(M, N),
            "bad_pixels": self._mask(N),
        }

    def positions(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y of the points (M,), float64.

        Raises
        ------
        FileRefusal
            They are no coordinates, or not equally many (NPZ-021, NPZ-022, NPZ-023).
        """
        return self._coordinates("xcoords"), self._coordinates("ycoords")

    def _required(self, name: str) -> NDArray[Any]:
        if name not in self.given:
            held = ", ".join(sorted(self.given)) or "nothing"
            self.refuse(
                "NPZ-001", name, f"the required array is missing (found: {held})", f"Write {name} into the scan."
            )
        return self.given[name]

    def _coordinates(self, name: str) -> NDArray[np.float64]:
        values = self._required(name)
        if values.ndim != 1 or values.dtype.kind not in "iuf":
            self.refuse(
                "NPZ-022",
                name,
                f"coordinates are one-dimensional real numbers, not {values.dtype} {values.shape}",
                "Store one number a scan point, for example with np.ravel.",
            )
        if len(values) == 0:
            self.refuse("NPZ-023", name, "the scan has no points", "Do not write empty scans.")
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            self.refuse("NPZ-022", name, f"position {bad[0]} is {values[bad[0]]}", "Drop or repair the position.")
        self._refuse_overflow(name, values, np.float64)
        longest = len(self.given["xcoords"]) if self.given["xcoords"].ndim else 0
        if len(values) != longest:
            self.refuse(
                "NPZ-021",
                name,
                f"{len(values)} values, but xcoords has {longest}",
                "Write all coordinate arrays with one length.",
            )
        return values.astype(np.float64)

    def _start_pair(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        present = [name for name in ("xcoords_start", "ycoords_start") if name in self.given]
        if not present:
            return x.copy(), y.copy()
        if len(present) == 1:
            absent = "ycoords_start" if present == ["xcoords_start"] else "xcoords_start"
            self.refuse("NPZ-029", absent, f"{present[0]} is there without it", "Write both start arrays, or neither.")
        return self._coordinates("xcoords_start"), self._coordinates("ycoords_start")

    def _named_stack(self) -> tuple[str, NDArray[Any]]:
        if "diff3d" not in self.given and "diffraction" not in self.given:
            self._required("diff3d")
        if "diff3d" in self.given and "diffraction" in self.given:
            first, second = self.given["diff3d"], self.given["diffraction"]
            if first.shape != second.shape or not np.array_equal(first, second):
                self.refuse(
                    "NPZ-006",
                    "diff3d",
                    "diff3d and diffraction are both there and differ",
                    "Delete the stack that is not meant.",
                )
        name = "diff3d" if "diff3d" in self.given else "diffraction"
        return name, self.given[name]

    def _stack(self, positions: int) -> tuple[NDArray[np.float32], int]:
        name, stack = self._named_stack()
        if stack.dtype.kind not in "iuf":
            self.refuse(
                "NPZ-016",
                name,
                f"amplitudes are real numbers, not {stack.dtype}",
                "Store the real amplitude as float32.",
            )
        frames = self._oriented(name, stack, positions)
        N = frames.shape[-1]
        if len(frames) == 0:
            self.refuse("NPZ-023", name, f"no frames for {positions} positions", "Do not write empty scans.")
        if frames.shape[1] != N:
            self.refuse("NPZ-013", name, f"frames are {frames.shape[1]} x {N}", "Crop or pad the frames to a square.")
        if N % 2 or N < _SMALLEST_SIDE:
            self.refuse("NPZ-014", name, f"the side N={N} is not an even number from 8 on", "Crop or pad the frames.")
        self._amplitudes(name, frames)
        return np.ascontiguousarray(frames, dtype=np.float32), len(frames)

    def _oriented(self, name: str, stack: NDArray[Any], positions: int) -> NDArray[Any]:
        if stack.ndim == 3 and stack.shape[0] == positions:
            return stack
        # Square frames first tell a canonical stack with surplus positions from a legacy one (NPZ-010, NPZ-020).
        if stack.ndim == 3 and stack.shape[2] == positions and not stack.shape[0] != stack.shape[1] == stack.shape[2]:
            return np.moveaxis(stack, 2, 0)
        if stack.ndim != 3:
            self.refuse("NPZ-012", name, f"a stack is (M, N, N), not {stack.shape}", "Store three axes, frames first.")
        return self._oriented_with_surplus(name, stack, positions)

    def _oriented_with_surplus(self, name: str, stack: NDArray[Any], positions: int) -> NDArray[Any]:
        canonical, legacy = stack.shape[1] == stack.shape[2], stack.shape[0] == stack.shape[1]
        if canonical and stack.shape[0] < positions:
            return stack
        if legacy and not canonical and stack.shape[2] < positions:
            return np.moveaxis(stack, 2, 0)
        if canonical or legacy:
            frames = stack.shape[0] if canonical else stack.shape[2]
            self.refuse(
                "NPZ-019",
                name,
                f"{frames} frames, but only {positions} positions",
                "Find the missing positions, or drop the frames on purpose.",
            )
        return self.refuse(
            "NPZ-012", name, f"{stack.shape} does not fit {positions} positions", "Store (M, N, N), frames first."
        )

    def _amplitudes(self, name: str, frames: NDArray[Any]) -> None:
        if frames.dtype.kind == "f":
            self._refuse_first("NPZ-017", name, frames, ~np.isfinite(frames), "Mask or interpolate the pixel.")
        self._refuse_overflow(name, frames, np.float32)
        if frames.dtype.kind != "u":
            self._refuse_first("NPZ-018", name, frames, frames < 0, "Clip or mask before writing.")
        evidence = intensity_evidence(frames)
        if evidence:
            self.warn(
                "NPZ-034", name, f"looks like intensity, not amplitude: {evidence}; store the square root of counts"
            )

    def _refuse_first(self, clause: str, name: str, frames: NDArray[Any], bad: NDArray[np.bool_], remedy: str) -> None:
        if bad.any():
            index = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
            self.refuse(clause, name, f"the value at (frame, row, column) = {index} is {frames[index]}", remedy)

    def _refuse_overflow(self, name: str, values: NDArray[Any], dtype: type[np.inexact[Any]]) -> None:
        """Refuse finite values that a narrower dtype turns into infinity (NPZ-038)."""
        if values.dtype.kind not in "fc" or np.finfo(values.dtype).max <= np.finfo(np.dtype(dtype)).max:
            return
        with np.errstate(over="ignore"):
            infinite = ~np.isfinite(values.astype(dtype))
        if infinite.any():
            index = tuple(int(i) for i in np.unravel_index(int(infinite.argmax()), infinite.shape))
            self.refuse(
                "NPZ-038",
                name,
                f"{np.dtype(dtype).name} cannot hold the value {values[index]} at {index}",
                "Rescale the array, or repair the value.",
            )

    def _complex(self, name: str, clause: str) -> NDArray[Any]:
        values = self.given[name]
        if values.dtype.kind not in "iufc" or not np.isfinite(values).all():
            self.refuse(clause, name, f"{values.dtype} values must be finite numbers", "Write finite complex64 values.")
        self._refuse_overflow(name, values, np.complex64)
        return values

    def _probe(self, N: int) -> NDArray[np.complex64]:
        self._required("probeGuess")
        probe = self._complex("probeGuess", "NPZ-025")
        if probe.ndim == 3 and probe.shape[2] == 1 and probe.shape[:2] == (N, N):
            probe = probe[:, :, 0]
        if probe.ndim not in (2, 3) or probe.shape[-2:] != (N, N) or len(probe) == 0:
            self.refuse(
                "NPZ-025",
                "probeGuess",
                f"a probe is ({N}, {N}) or (P, {N}, {N}) like the frames, not {probe.shape}",
                "Crop or pad the probe to the side of the frames.",
            )
        return probe.astype(np.complex64)

    def _labels(self, positions: int, frames: int) -> NDArray[np.int64]:
        if "scan_index" not in self.given:
            return np.zeros(positions, dtype=np.int64)
        labels = self.given["scan_index"]
        if labels.ndim != 1 or labels.dtype.kind not in "iuf" or len(labels) not in (positions, frames):
            self.refuse(
                "NPZ-028", "scan_index", f"labels are (M,) integers, not {labels.shape}", "Write one label a point."
            )
        with np.errstate(invalid="ignore"):
            kept = labels.astype(np.int64)
            # A number that 64 bits cannot hold comes back as another one, or with the other sign.
            wrong = (kept != labels) | ((kept < 0) & (labels > 0))
        if labels.dtype.kind == "f":
            wide = labels.astype(np.promote_types(labels.dtype, np.float64))
            wrong |= ~np.isfinite(wide) | (wide >= 2.0**63) | (wide < -(2.0**63))
        if wrong.any():
            at = int(wrong.argmax())
            self.refuse("NPZ-039", "scan_index", f"label {at} is {labels[at]}", "Store whole numbers of 64 bits.")
        return kept

    def _object(self) -> NDArray[np.complex64] | None:
        if "objectGuess" not in self.given:
            return None
        obj = self._complex("objectGuess", "NPZ-026")
        if obj.ndim != 2:
            self.refuse("NPZ-026", "objectGuess", f"an object is (H, W), not {obj.shape}", "Store one layer.")
        return obj.astype(np.complex64)

    def _patches(self, M: int, N: int) -> NDArray[np.complex64] | None:
        if "Y" not in self.given:
            return None
        patches = self._complex("Y", "NPZ-027")
        if patches.ndim == 4 and patches.shape[3] == 1:
            patches = patches[..., 0]
        if patches.shape != (M, N, N):
            self.refuse("NPZ-027", "Y", f"patches are {(M, N, N)}, not {patches.shape}", "Write one patch a frame.")
        return patches.astype(np.complex64)

    def _mask(self, N: int) -> NDArray[np.bool_] | None:
        if "bad_pixels" not in self.given:
            return None
        mask = self.given["bad_pixels"]
        if mask.dtype.kind != "b" or mask.shape != (N, N):
            self.refuse(
                "NPZ-047",
                "bad_pixels",
                f"a mask is boolean ({N}, {N}) like the frames, not {mask.dtype} {mask.shape}",
                "Store one boolean a pixel, True for the pixels that were not measured.",
            )
        return mask

    def _units(self) -> None:
        names = ("scale_contract_version", "measurement_domain")
        absent = [name for name in names if name not in self.given]
        if len(absent) == len(names):
            return
        declared = tuple(text_of(self.given[name]) if name in self.given else None for name in names)
        if declared not in UNITS:
            self.refuse(
                "NPZ-036",
                absent[0] if absent else names[1],
                f"the declared units {declared} are no pair of the contract",
                "Declare legacy_v1 with normalized_amplitude, ci_intensity_v2 with count_intensity, or nothing.",
            )
        if declared[1] == "count_intensity":
            self.refuse(
                "NPZ-036",
                names[1],
                "the file holds count intensity, which this backend does not model",
                "Convert the stack to amplitude: the square root of the counts.",
            )


def intensity_evidence(frames: NDArray[Any]) -> str:
    """Return what suggests that a stack holds counts, or an empty text (NPZ-034).

    Parameters
    ----------
    frames : (M, N, N) real
        At least two frames are needed for the second sign.
    """
    # A stride bounds the work on large scans; the finding is a warning, never a verdict.
    sample = frames[:: max(1, len(frames) // 256)]
    if sample.max() > 1 and all(np.array_equal(frame, np.round(frame)) for frame in sample):
        return "all values are whole numbers"
    if len(sample) < 16:
        return ""
    mean = np.asarray(sample.mean(axis=0, dtype=np.float64))
    bright = mean > 1
    if bright.sum() < 24:
        return ""
    levels, ratios = mean[bright], _variance(sample, mean)[bright] / mean[bright]
    # Cut by number, not by level: where many pixels are as bright as one another a third would be empty.
    by_level = np.array_split(np.argsort(levels, kind="stable"), 3)
    if np.median(levels[by_level[2]]) < 3 * np.median(levels[by_level[0]]):
        return ""
    thirds = [float(np.median(ratios[third])) for third in by_level]
    # Structure of the scan varies bright pixels more; only counting noise is the same everywhere.
    if min(thirds) < 0.75 or max(thirds) > 1.35:
        return ""
    return f"variance over mean across frames is {thirds[1]:.2f} whatever the brightness"


def _variance(sample: NDArray[Any], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros_like(mean)
    for frame in sample:
        total += (frame - mean) ** 2
    return total / len(sample)
