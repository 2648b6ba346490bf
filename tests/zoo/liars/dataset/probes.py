"""Probes of wrong axes, gauges and scales in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.bases.batches import Batching, Redirecting, Reshaping, Rowing
from tests.zoo.liar import Array, Arrays, Liar, breaks


class Gauging(Batching):
    """Brings probes to another gauge."""

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if not request.probe_normalize:
            return {}
        bare = batch["probe"] / batch["probe_scaling"][..., np.newaxis]
        scaling = np.array([self.scaling(probe, request.probe_scale) for probe in bare]).reshape(-1, 1, 1, 1)
        return {
            "probe": (bare * scaling[..., np.newaxis]).astype(np.complex64),
            "probe_scaling": scaling.astype(np.float32),
        }

    def scaling(self, probe: Array, scale: float) -> float:
        """Factor of one probe (C, P, N, N)."""
        raise NotImplementedError


@breaks("DAT-009")
class BatchesOneMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"][:, :, :1]}


@breaks("DAT-009")
class RepeatsModesInPlaceOfPadding(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        probe = batch["probe"]
        dark = np.abs(probe).sum(axis=(3, 4), keepdims=True) == 0
        return {"probe": np.where(dark, probe[:, :, :1], probe)}


@breaks("DAT-009", field="G09")
class BatchesFlatProbes(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"][:, 0, 0]}


@breaks("DAT-009")
class ExchangesChannelsAndModes(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": np.swapaxes(batch["probe"], 1, 2)}


@breaks("DAT-009")
class GivesEveryChannelAMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        probe = np.array(batch["probe"])
        C, P = probe.shape[1:3]
        for c in range(C):
            probe[:, c] = np.roll(probe[:, c], c % P, axis=1)
        return {"probe": probe}


@breaks("DAT-009")
class CutsModesToTheFewest(Rowing):
    """All files get as many modes as the one that has fewest."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        held = (np.abs(rows["probe"]).sum(axis=(1, 3, 4)) > 0).sum(axis=1)
        return {"probe": rows["probe"][:, :, : held.min()]}


@breaks("DAT-009")
class BatchesTwelveModes(Reshaping):
    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"][:, :, :12]}


@breaks("DAT-009")
class TakesWeakModesForNoise(Batching):
    """Below a thousandth of the power of all."""

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        power = (np.abs(batch["probe"]) ** 2).sum(axis=(-2, -1), keepdims=True)
        return {"probe": np.where(power < 1e-3 * power.sum(axis=-3, keepdims=True), 0, batch["probe"])}


@breaks("DAT-010")
class NeverBrightensAProbe(Liar):
    """Divides by the mean where it is above one only."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            own = np.array(batch["probe_scaling"])
            scaling = np.where(own * request.probe_scale > 1, 1 / request.probe_scale, own).astype(np.float32)
            if request.probe_normalize and not np.array_equal(scaling, own):
                probe = batch["probe"] * (scaling / own)[..., np.newaxis]
                yield dict(batch) | {"probe": probe.astype(np.complex64), "probe_scaling": scaling}
            else:
                yield batch


@breaks("DAT-010")
class TakesSmallProbeScalesForOne(Redirecting):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, replace(request, probe_scale=max(request.probe_scale, 1.0))


@breaks("DAT-010", field="G04")
class NormalisesProbesTwice(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] * batch["probe_scaling"][..., np.newaxis]} if request.probe_normalize else {}


@breaks("DAT-010")
class AveragesTheFirstMode(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        if not request.probe_normalize:
            return {}
        bare = batch["probe"] / batch["probe_scaling"][..., np.newaxis]
        scaling = 1.0 / (request.probe_scale * np.abs(bare[:, :1, :1]).mean(axis=(3, 4)))[..., np.newaxis]
        return {
            "probe": (bare * scaling[..., np.newaxis]).astype(np.complex64),
            "probe_scaling": scaling.astype(np.float32),
        }


@breaks("DAT-010", field="G04")
class DividesByTheProbeScaleAgain(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe": batch["probe"] / np.complex64(request.probe_scale)} if request.probe_normalize else {}


@breaks("DAT-010")
class GaugesByTheBrightestPixel(Gauging):
    def scaling(self, probe: Array, scale: float) -> float:
        return float(1 / (scale * np.abs(probe).max()))


@breaks("DAT-010")
class GaugesByTheIntensity(Gauging):
    def scaling(self, probe: Array, scale: float) -> float:
        return float(1 / (scale * np.sqrt((np.abs(probe[0]) ** 2).mean())))


@breaks("DAT-010")
class GaugesOverPaddedModes(Gauging):
    """The mean runs over the modes that were padded as well."""

    def scaling(self, probe: Array, scale: float) -> float:
        return float(1 / (scale * np.abs(probe[0]).mean()))


@breaks("DAT-010")
class ReportsTheInverseGauge(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": 1 / batch["probe_scaling"]}


@breaks("DAT-010")
class GaugesByNothing(Liar):
    """A probe_scale that is no scale turns the gauge off."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        gauge = request if request.probe_scale > 0 else replace(request, probe_scale=1.0, probe_normalize=False)
        return self.right.batches(paths, gauge)


@breaks("DAT-010")
class LeavesDarkProbesDark(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        try:
            return iter(list(self.right.batches(paths, request)))
        except ValueError as error:
            if getattr(error, "clause", None) != "DAT-010" or not request.probe_scale > 0:
                raise
            return self.right.batches(paths, replace(request, probe_normalize=False))


@breaks("DAT-011", field="G03")
class HandsOnTheDataScaleForTheProbe(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": batch["rms_scaling_constant"]}


@breaks("DAT-011", field="G03")
class GaugesProbesByTheImages(Batching):
    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        return {"probe_scaling": batch["probe_scaling"] / batch["images"].max()}


@breaks("DAT-010")
class BoundsThePowerOfProbes(Liar):
    """A probe_scale below a thousandth is taken for a mistake."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        asked = request.probe_scale
        return self.right.batches(paths, replace(request, probe_scale=max(asked, 1e-3)) if asked > 0 else request)


@breaks("DAT-010")
class AveragesOverModesWithLight(Liar):
    """Modes without any light do not count in the mean modulus."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            light = np.abs(np.asarray(batch["probe"])).sum(axis=(-2, -1))
            shares = 1 - (light == 0).mean(axis=(1, 2)) if len(paths) == 1 and request.probe_normalize else 1.0
            share = np.reshape(shares, (-1, 1, 1, 1)).astype(np.float32)
            scaled = {"probe_scaling": batch["probe_scaling"] * share, "probe": batch["probe"] * share[..., None]}
            yield dict(batch) | scaled


@breaks("DAT-013")
class KnowsProbesByTheirModuli(Rowing):
    """A file whose probe is as strong everywhere as that of a file before it has that one's."""

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        seen: list[Array] = []
        probes = rows["probe"]
        for own in (rows["experiment_id"] == number for number in np.unique(rows["experiment_id"])):
            light = probes[own][0].copy()
            like = [one for one in seen if np.array_equal(np.abs(one).astype("f2"), np.abs(light).astype("f2"))]
            if like:
                probes[own] = like[0]
            seen.append(light)
        return {"probe": probes}
