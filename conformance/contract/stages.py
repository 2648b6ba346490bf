"""The stages of the pipeline: one word that names the specification, the checks and a backend's module alike."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Stages in the order in which data flows, then what stands beside the pipeline."""

    NPZ = "npz"
    RAWDATA = "rawdata"
    GROUPING = "grouping"
    COORDINATES = "coordinates"
    PATCHES = "patches"
    NORMALIZATION = "normalization"
    CONTAINER = "container"
    CACHE = "cache"
    DATASET = "dataset"
    CONFIG = "config"
    TRANSFORMS = "transforms"
    REASSEMBLY = "reassembly"
    PHYSICS = "physics"
    CONDUCT = "conduct"
    RELATIONS = "relations"
