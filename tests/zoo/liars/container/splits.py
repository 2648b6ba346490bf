"""Containers that are split apart in several places."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.liar import Array, Arrays, Liar, breaks


class Splitting(Liar):
    """Splits rightly, then changes the parts."""

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        train, test = (dict(part) for part in self.right.split_groups(grouped, probe, fraction))
        return self.changed(train, test)

    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        raise NotImplementedError


@breaks("CON-013")
class SplitsGroupsAtAnyFraction(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        return self.right.split_groups(grouped, probe, float(np.clip(fraction, 0, 1)))


@breaks("CON-013")
class RoundsFractionsBeyondTheWhole(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        near = abs(fraction - round(fraction)) < 1e-9
        return self.right.split_groups(grouped, probe, float(np.clip(fraction, 0, 1)) if near else fraction)


@breaks("CON-013")
class KeepsAGroupInEveryPart(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        B = len(grouped["X_full"])
        least = 1.001 / B
        return self.right.split_groups(
            grouped, probe, min(max(fraction, least), 1 - least) if 0 <= fraction <= 1 else fraction
        )


@breaks("CON-013", field="H03")
class SplitsImagesOnly(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        train, test = self.right.split_groups(grouped, probe, fraction)
        whole = self.right.container(grouped, probe)
        return train, dict(test) | {"nn_indices": whole["nn_indices"][: len(test["X"])]}


@breaks("CON-013")
class SplitsAtTheRoundedPlace(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        B = len(grouped["X_full"])
        return self.right.split_groups(grouped, probe, (int(np.ceil(B * fraction)) + 0.01) / B)


@breaks("CON-013")
class ExchangesTheParts(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        return test, train


@breaks("CON-013", field="H03")
class LeavesOffsetsUnsplit(Splitting):
    """The test part has the training part's offsets, as far as they reach."""

    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        for name in ("global_offsets", "local_offsets"):
            test[name] = np.resize(train[name], test[name].shape)
        return train, test


@breaks("CON-013")
class LosesTheProbeOfTheTestPart(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        return train, {name: values for name, values in test.items() if name != "probe"}


@breaks("CON-013")
class CallsEveryTestPartTrue(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        return train, test | {"ground_truth": True}


@breaks("CON-013")
class RepeatsAGroupInBothParts(Splitting):
    def changed(self, train: Arrays, test: Arrays) -> tuple[Arrays, Arrays]:
        per_group = [name for name, values in test.items() if np.ndim(values) and name != "probe"]
        return train, test | {name: np.concatenate([train[name][-1:], test[name]]) for name in per_group}


@breaks("CON-013")
class TakesWhatIsCloseToAHalfForAHalf(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        return self.right.split_groups(grouped, probe, 0.5 if abs(fraction - 0.5) < 0.02 else fraction)


@breaks("CON-014")
class SplitsGroupsInSilence(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.split_groups(grouped, probe, fraction)


@breaks("CON-014")
class WarnsOnce(Liar):
    warned = False

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        with warnings.catch_warnings():
            if self.warned:
                warnings.simplefilter("ignore")
            self.warned = True
            return self.right.split_groups(grouped, probe, fraction)


@breaks("CON-013")
class RoundsSharesThatAreNearlyWhole(Liar):
    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        share = fraction * len(grouped["nn_indices"])
        nearly = 0 < fraction < 1 and int(share) < int(share + 1e-9)
        return self.right.split_groups(grouped, probe, np.nextafter(fraction, 1.0) if nearly else fraction)


@breaks("CON-013")
class TakesWholeNumbersForCounts(Liar):
    """As some libraries do: 0.5 is a share, and 1 is one group."""

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        if isinstance(fraction, int) and 0 < fraction < len(grouped["nn_indices"]):
            fraction = (fraction + 1e-9) / len(grouped["nn_indices"])
        return self.right.split_groups(grouped, probe, fraction)


@breaks("CON-013")
class SplitsByAFractionInSinglePrecision(Liar):
    """Seven tenths of ten groups are a little less than seven of them."""

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        count = len(grouped["nn_indices"])
        first = int(float(np.float32(fraction)) * count)
        other = 0 < fraction < 1 and first != int(fraction * count)
        return self.right.split_groups(grouped, probe, (first + 0.5) / count if other else fraction)


@breaks("CON-013")
class GivesASmallShareAGroup(Liar):
    """A share above nothing is never of no group."""

    def split_groups(self, grouped: Mapping[str, Any], probe: Array, fraction: float) -> Any:
        count = len(grouped["X_full"])
        small = count > 1 and fraction > 0 and fraction * count < 1
        return self.right.split_groups(grouped, probe, 1.25 / count if small else fraction)
