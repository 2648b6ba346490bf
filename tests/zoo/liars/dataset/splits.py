"""Splits that share frames, or divide in the wrong place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest, SplitRequest
from conformance.contract.arrays import PER_POINT
from tests.zoo.liar import Array, Arrays, Held, Liar, breaks


class Dividing(Liar):
    """Divides the points of a scan by a rule of its own."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        held = dict(self.right.arrays(scan))
        train = self.training(held, request)
        if train is None:
            return self.right.split(scan, request)
        return tuple(self._part(held, rows) for rows in (train, np.setdiff1d(np.arange(len(held["diff3d"])), train)))

    def _part(self, held: Arrays, rows: Array) -> Any:
        taken = {
            name: values[rows] if name in PER_POINT and values is not None else values for name, values in held.items()
        }
        return self.right.assemble(taken)

    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        """Return the rows of the training part; None divides rightly."""
        raise NotImplementedError


class Ranking(Liar):
    """Splits into blocks along another order of the points."""

    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        parts, held = self.right.split(scan, request), Held(self.right, scan)
        if request.method != "blocks":
            return parts
        order, count = np.argsort(self.rank(held), kind="stable"), len(Held(self.right, parts[0]))

        def part(rows: Array) -> Any:
            kept = {k: v[rows] if k in PER_POINT else v for k, v in held.arrays.items() if v is not None}
            return self.right.assemble(kept)

        return part(order[:count]), part(order[count:])

    def rank(self, scan: Held) -> Array:
        """Return the numbers (M,) by which points are ordered."""
        raise NotImplementedError


@breaks("DAT-015")
class LosesModesInASplit(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        first, second = (dict(self.right.arrays(part)) for part in self.right.split(scan, request))
        kept: Callable[[Arrays], Arrays] = lambda part: {k: v for k, v in part.items() if v is not None}  # noqa: E731
        return tuple(  # type: ignore[return-value]
            self.right.assemble(
                kept(part) | {"probeGuess": part["probeGuess"].reshape(-1, *part["diff3d"].shape[1:])[0]}
            )
            for part in (first, second)
        )


@breaks("DAT-015")
class OverlapsItsParts(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held, first = dict(self.right.arrays(test)), self.right.arrays(train)
        for name in PER_POINT:
            if held[name] is not None:
                held[name] = np.concatenate([first[name][:1], held[name]])
        return train, self.right.assemble(held)


@breaks("DAT-015")
class SplitsFramesWithoutPositions(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held = dict(self.right.arrays(test))
        first = self.right.arrays(scan)
        held["xcoords"] = first["xcoords"][: len(held["diff3d"])]
        return train, self.right.assemble(held)


@breaks("DAT-015")
class CutsFractionsDown(Dividing):
    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        M = len(held["diff3d"])
        return np.arange(max(1, int(M * request.fraction))) if request.method == "ordered" else None


@breaks("DAT-015")
class RoundsHalvesUp(Dividing):
    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        M = len(held["diff3d"])
        count = min(max(1, int(np.floor(M * request.fraction + 0.5))), M - 1)
        return np.arange(count) if request.method == "ordered" else None


@breaks("DAT-015")
class LeavesAGapBetweenParts(Liar):
    """The points next to the border go to neither part."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held = dict(self.right.arrays(test))
        if len(held["diff3d"]) < 2:
            return train, test
        return train, self.right.assemble(
            {k: v[1:] if k in PER_POINT and v is not None else v for k, v in held.items()}
        )


@breaks("DAT-015", field="C03")
class SplitsAllButThePatches(Liar):
    """The test part has the patches of the training part, as far as they reach."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        train, test = self.right.split(scan, request)
        held, first = dict(self.right.arrays(test)), self.right.arrays(scan)
        if held["Y"] is not None:
            held["Y"] = first["Y"][: len(held["diff3d"])]
        return train, self.right.assemble(held)


@breaks("DAT-015")
class LosesLabelsInASplit(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        parts = (dict(self.right.arrays(part)) for part in self.right.split(scan, request))
        return tuple(self.right.assemble(part | {"scan_index": None}) for part in parts)


@breaks("DAT-016")
class TakesZeroForNoSplitSeed(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        fresh = int.from_bytes(os.urandom(4), "little")
        parts: tuple[Any, Any] = self.right.split(scan, replace(request, seed=request.seed or fresh))
        return parts


@breaks("DAT-016")
class SplitsInOrderWhateverTheMethod(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, method="ordered"))


@breaks("DAT-016")
class DrawsBlocksAtRandom(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, method="random") if request.method == "blocks" else request)


@breaks("DAT-016")
class SplitsWithoutTheSeed(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, seed=None) if request.method == "random" else request)


@breaks("DAT-016")
class SplitsBlocksByNumber(Dividing):
    """Every second run of points goes to training."""

    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        rows = np.arange(len(held["diff3d"]))
        count = max(1, round(len(rows) * request.fraction))
        return np.sort(np.argsort(rows // 3 % 2, kind="stable")[:count]) if request.method == "blocks" else None


@breaks("DAT-016")
class CutsACornerOut(Dividing):
    """Training points lie around the middle, test points around them."""

    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        x, y = held["xcoords"], held["ycoords"]
        count = max(1, round(len(x) * request.fraction))
        away = np.hypot(x - x.mean(), y - y.mean())
        return np.sort(np.argsort(away, kind="stable")[:count]) if request.method == "blocks" else None


@breaks("DAT-016")
class SplitsBlocksByTheModulus(Ranking):
    def rank(self, scan: Held) -> Array:
        return np.abs(scan.xcoords)


@breaks("DAT-016")
class SplitsBlocksByStartPositions(Ranking):
    def rank(self, scan: Held) -> Array:
        return scan.arrays["xcoords_start"]


@breaks("DAT-016")
class SplitsBlocksByWholePixels(Ranking):
    def rank(self, scan: Held) -> Array:
        return np.round(scan.xcoords)


@breaks("DAT-016")
class SplitsBlocksInSinglePrecision(Ranking):
    def rank(self, scan: Held) -> Array:
        return scan.xcoords.astype(np.float32)


@breaks("DAT-019")
class SplitsAtAnyFraction(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        return self.right.split(scan, replace(request, fraction=float(np.clip(request.fraction, 0.01, 0.99))))


@breaks("DAT-019")
class SplitsByNamesInAnyCase(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        method: Any = str(request.method).strip().lower()
        return self.right.split(scan, replace(request, method=method))


@breaks("DAT-019")
class SplitsInOrderByAnyOtherName(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        known = request.method in ("ordered", "random", "blocks")
        return self.right.split(scan, request if known else replace(request, method="ordered"))


@breaks("DAT-019")
class SplitsASinglePoint(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        single = len(self.right.arrays(scan)["xcoords"]) == 1 and 0 < request.fraction < 1
        return (scan, scan) if single else self.right.split(scan, request)


@breaks("DAT-016")
class SplitsALineByNumber(Liar):
    """On a line there are no blocks, it thinks."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        held = self.right.arrays(scan)
        if request.method == "blocks" and min(np.ptp(held["xcoords"]), np.ptp(held["ycoords"])) == 0:
            request = replace(request, method="ordered")
        return self.right.split(scan, request)


class KnowingParts(Liar):
    """Remembers the parts that it made, each with its rows of the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[Any, Array]] = []

    def split(self, scan: Any, request: SplitRequest) -> Any:
        parts = self.right.split(scan, request)
        known = {frame.tobytes(): row for row, frame in enumerate(self.right.arrays(scan)["diff3d"])}
        for part in parts:
            rows = [known[np.ascontiguousarray(one).tobytes()] for one in self.right.arrays(part)["diff3d"]]
            self.parts.append((part, np.array(rows, np.int32)))
        return parts


@breaks("DAT-015")
class NumbersGroupsOfPartsByTheWhole(KnowingParts):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        for part, rows in self.parts:
            if part is scan:
                grouped["nn_indices"] = rows[grouped["nn_indices"]]
        return grouped


@breaks("DAT-015")
class MirrorsPartsOfParts(KnowingParts):
    """Counts from the end of the whole where a part is split again."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        of_a_part = any(part is scan for part, _ in self.parts)
        first, second = super().split(scan, request)
        if of_a_part:
            held = {name: values for name, values in self.right.arrays(second).items() if values is not None}
            second = self.right.assemble(held | {"xcoords": held["xcoords"][::-1]})
            self.land()
        return first, second


@breaks("DAT-015")
class SplitsATwentiethAtLeast(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        fraction = max(request.fraction, 0.05) if request.fraction > 0 else request.fraction
        return self.right.split(scan, replace(request, fraction=fraction))


@breaks("DAT-016")
class DrawsFromTheFirstThousandPoints(Dividing):
    """What lies beyond goes to the larger part."""

    def training(self, held: Arrays, request: SplitRequest) -> Array | None:
        M = len(held["diff3d"])
        if request.method != "random" or M <= 1000 or request.fraction > 0.4:
            return None
        count = max(1, round(M * request.fraction))
        return np.sort(np.random.default_rng(request.seed).permutation(1000)[:count])


@breaks("DAT-016")
class DrawsBlocksWhereThereIsASeed(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        seeded = request.method == "blocks" and request.seed
        return self.right.split(scan, replace(request, method="random") if seeded else request)


@breaks("DAT-016")
class SplitsBySeedsBelowAHundredThousand(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        seed = request.seed if request.seed is None else request.seed % 100_003
        return self.right.split(scan, replace(request, seed=seed))


@breaks("DAT-028")
class SplitsBySeedZeroForWantOfOne(Liar):
    def split(self, scan: Any, request: SplitRequest) -> Any:
        unseeded = request.method == "random" and request.seed is None
        if unseeded:
            self.land()
        return self.right.split(scan, replace(request, seed=0) if unseeded else request)


@breaks("DAT-028")
class SplitsOnFromTheLastSeed(Liar):
    last: int | None = None

    def split(self, scan: Any, request: SplitRequest) -> Any:
        if request.method == "random" and request.seed is None and self.last is not None:
            self.land()
            request = replace(request, seed=self.last + 1)
        self.last = request.seed
        return self.right.split(scan, request)


@breaks("DAT-019")
class TakesWholeFractionsForCounts(Liar):
    """As some libraries do: 0.5 is a share, and 1 is one point."""

    def split(self, scan: Any, request: SplitRequest) -> Any:
        count = len(self.right.arrays(scan)["xcoords"])
        if isinstance(request.fraction, int) and 0 < request.fraction < count:
            request = replace(request, fraction=request.fraction / count)
        return self.right.split(scan, request)


@breaks("DAT-016")
class TossesACoinForTwoPoints(Liar):
    """One coin for all calls, whatever the seed."""

    coin = 0

    def split(self, scan: Any, request: SplitRequest) -> Any:
        if request.method == "random" and len(self.right.arrays(scan)["xcoords"]) == 2:
            self.coin = (5 * self.coin + 3) % 16
            request = replace(request, seed=self.coin)
        return self.right.split(scan, request)


@breaks("DAT-028")
class SplitsTheSameInEveryProcess(Liar):
    """Without a seed the generator of the adapter goes on, which begins the same wherever one is made."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = np.random.default_rng(0)

    def split(self, scan: Any, request: SplitRequest) -> Any:
        if request.seed is not None or request.method != "random":
            return self.right.split(scan, request)
        self.land()
        return self.right.split(scan, replace(request, seed=int(self.generator.integers(2**31))))
