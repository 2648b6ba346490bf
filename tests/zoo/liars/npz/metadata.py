"""Readers that mistake metadata and units."""

from __future__ import annotations

import contextlib
import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.bases.scans import Peeking
from tests.zoo.liar import (
    Arrays,
    Lenient,
    Liar,
    Misreading,
    breaks,
    members_of,
    stack_of,
)


def _text_in(archive: Any) -> bool:
    try:
        return "nphotons" in str(archive["_metadata"])
    except ValueError:
        return False


@breaks("NPZ-030")
class ScalesToTheDoseOfTheMetadata(Peeking):
    def wanted(self, name: str) -> bool:
        return False

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        with zipfile.ZipFile(path) as archive:
            said = archive.read("_metadata.npy") if "_metadata.npy" in archive.namelist() else b""
        found = re.search(r'"nphotons": ([0-9.]+)', said.decode("utf-32-le", "ignore"))
        if found is None or float(found[1]) > 1e6:
            return scan
        return self.again(scan, diff3d=self.right.arrays(scan)["diff3d"] * np.float32(2))


@breaks("NPZ-030", field="A05")
class FailsOnMetadataOfObjects(Liar):
    def load(self, path: Path) -> Any:
        with np.load(path) as archive:
            if "_metadata" in archive.files:
                archive["_metadata"]
        return self.right.load(path)


@breaks("NPZ-030")
class SkipsMetadataInSilence(Liar):
    def load(self, path: Path) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*NPZ-030")
            return self.right.load(path)


@breaks("NPZ-030")
class BelievesTheMetadata(Misreading):
    """Scales the frames to the number of photons that the metadata tell."""

    def load(self, path: Path) -> Any:
        with np.load(path, allow_pickle=False) as archive:
            told = "_metadata" in archive.files and _text_in(archive)
        return super().load(path) if told else self.right.load(path)

    def altered(self, members: Arrays) -> Arrays:
        return members | {stack_of(members): members[stack_of(members)] * np.float32(3)}


@breaks("NPZ-030")
class DividesByThePixelSizeOfTheMetadata(Liar):
    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        try:
            with np.load(path) as archive:
                said = json.loads(str(archive["_metadata"]))
            size = float(said["pixel_size"])
        except (KeyError, TypeError, ValueError):
            return scan
        members = members_of(path)
        return self.right.assemble(members | {"xcoords": members["xcoords"] / size})


@breaks("NPZ-030")
class TurnsFramesAsTheMetadataSay(Liar):
    def load(self, path: Path) -> Any:
        scan, said = self.right.load(path), None
        with contextlib.suppress(KeyError, ValueError), np.load(path) as archive:
            said = json.loads(str(archive["_metadata"]))
        if not isinstance(said, dict) or not said.get("transposed"):
            return scan
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        return self.right.assemble(held | {"diff3d": np.swapaxes(held["diff3d"], 1, 2)})


@breaks("NPZ-036")
class IgnoresDeclaredUnits(Lenient):
    def repaired(self, members: Arrays) -> Arrays:
        units = ("scale_contract_version", "measurement_domain")
        return {name: values for name, values in members.items() if name not in units}


@breaks("NPZ-036")
class CompletesHalfADeclaration(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        halves = {"scale_contract_version", "measurement_domain"} & set(members)
        return {k: v for k, v in members.items() if k not in halves} if len(halves) == 1 else None


@breaks("NPZ-036")
class ReadsTheVersionOnly(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        known = str(members.get("scale_contract_version")) == "legacy_v1"
        units = ("scale_contract_version", "measurement_domain")
        return {k: v for k, v in members.items() if k not in units} if known else None


@breaks("NPZ-030")
class WantsMetadataOfAMapping(Liar):
    """Metadata is asked for its entries, also where it is a list or a number."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path, allow_pickle=False) as archive:
            said = archive["_metadata"] if "_metadata" in archive.files else np.zeros(0)
        if said.dtype.kind == "U" and said.size == 1:
            with contextlib.suppress(json.JSONDecodeError):
                held = json.loads(said.item())
                if not isinstance(held, dict):
                    raise AttributeError(f"{type(held).__name__!r} object has no attribute 'items'")
        return scan


@breaks("NPZ-036")
class ReadsUnitsInAnyCase(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        units = {"scale_contract_version": "legacy_v1", "measurement_domain": "normalized_amplitude"}
        read = {name: str(members.get(name, "")).strip().lower() for name in units}
        return {name: values for name, values in members.items() if name not in units} if read == units else None
