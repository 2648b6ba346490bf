"""Readers that bend probes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.bases.scans import Peeking
from tests.zoo.liar import Arrays, Lenient, Misreading, breaks


@breaks("NPZ-024")
class WantsSeveralModesOrNone(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "probeGuess"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if held["probeGuess"].ndim == 3 and len(held["probeGuess"]) == 1:
            raise ValueError(f"{path}: probeGuess has a mode axis but one mode")
        return scan


@breaks("NPZ-024")
class KeepsTheFirstModeOnly(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        modes = probe.ndim == 3 and probe.shape[2] > 1
        return members | ({"probeGuess": probe[0]} if modes else {})


@breaks("NPZ-024")
class AveragesModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        modes = probe.ndim == 3 and probe.shape[2] > 1
        return members | ({"probeGuess": probe.mean(axis=0)} if modes else {})


@breaks("NPZ-024")
class ReversesModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        modes = probe.ndim == 3 and probe.shape[2] > 1
        return members | ({"probeGuess": probe[::-1]} if modes else {})


@breaks("NPZ-024")
class TakesModesLastWhereTheyFit(Misreading):
    """A probe with as many modes as pixels is taken for (N, N, P)."""

    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        cube = probe.ndim == 3 and len(set(probe.shape)) == 1
        return members | ({"probeGuess": np.moveaxis(probe, -1, 0)} if cube else {})


@breaks("NPZ-024")
class DropsThePhaseOfTheProbe(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"probeGuess": np.abs(members["probeGuess"])}


@breaks("NPZ-024")
class KeepsTheTrailingAxisOfTheProbe(Misreading):
    """A probe (N, N, 1) becomes one mode of its own axis."""

    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        return members | ({"probeGuess": np.moveaxis(probe, -1, 0)} if probe.shape[-1] == 1 else {})


@breaks("NPZ-024")
class NormalisesTheLoadedProbe(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        return members | {"probeGuess": members["probeGuess"] / np.abs(members["probeGuess"]).max()}


@breaks("NPZ-024")
class ReadsTenModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        return members | {"probeGuess": probe[:10]} if probe.ndim == 3 and probe.shape[-1] > 1 else members


@breaks("NPZ-024", "NPZ-032")
class IgnoresTheByteOrderOfWideModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        return members | {"probeGuess": probe.view("<c16")} if probe.dtype == ">c16" and probe.ndim == 3 else members


@breaks("NPZ-025")
class CropsTheProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        side = members["diff3d"].shape[-1]
        return members | {"probeGuess": members["probeGuess"][..., :side, :side]}


@breaks("NPZ-025")
class ZerosForNaNInTheProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe = members["probeGuess"]
        return (
            members | {"probeGuess": np.nan_to_num(probe)}
            if probe.dtype.kind == "c" and probe.shape == (8, 8)
            else None
        )


@breaks("NPZ-025")
class TakesModesFromTheLastAxis(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe, side = members["probeGuess"], members["diff3d"].shape[-1]
        fits = probe.ndim == 3 and probe.shape[:2] == (side, side)
        return members | {"probeGuess": np.moveaxis(probe, -1, 0)} if fits else None


@breaks("NPZ-025")
class BroadcastsAProbeOfOneRow(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe, side = members["probeGuess"], members["diff3d"].shape[-1]
        row = probe.shape == (1, side)
        return members | {"probeGuess": np.broadcast_to(probe, (side, side))} if row else None


@breaks("NPZ-025")
class LooksAtTheRealPartOfTheProbe(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe = members["probeGuess"]
        whole = probe.dtype.kind == "c" and np.isfinite(probe.real).all()
        return members | {"probeGuess": probe.real + 1j * np.nan_to_num(probe.imag, posinf=0)} if whole else None


@breaks("NPZ-025")
class LooksAtTheFirstMode(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        probe = members["probeGuess"]
        whole = probe.dtype.kind == "c" and probe.ndim == 3 and np.isfinite(probe[0]).all()
        return members | {"probeGuess": np.nan_to_num(probe)} if whole else None


@breaks("NPZ-024")
class DropsDarkModes(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        probe = members["probeGuess"]
        lit = probe.reshape(len(probe), -1).any(axis=1)
        dark = probe.ndim == 3 and probe.shape[2] > 1 and lit.any() and not lit.all()
        return members | ({"probeGuess": probe[lit]} if dark else {})
