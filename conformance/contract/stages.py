"""The stages of the pipeline: one word that names the specification, the checks and a backend's module alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class StageRow:
    """What there is to know of one stage.

    Attributes
    ----------
    stage : Stage
    prefix : str
        What the ids of its clauses begin with.
    required : tuple of str
        Methods that an adapter which claims it must have; a missing one is an error of the adapter.
    optional : tuple of str
        Methods that it may leave out; their checks are then not applicable.
    compared : bool
        Whether the answers of two backends are compared in it.
    always_claimed : bool
        Whether every adapter is judged by it, whatever it claims.
    alone : str
        Which of the optional methods may be all that there is: where it is there, a required one may be missing.
    """

    stage: Stage
    prefix: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    compared: bool = True
    always_claimed: bool = False
    alone: str = ""

    @property
    def mutated(self) -> bool:
        """Whether backends have code of this stage whose mutants its checks must kill before all others."""
        return not self.always_claimed


ROWS: Mapping[Stage, StageRow] = {
    row.stage: row
    for row in (
        StageRow(Stage.NPZ, "NPZ", ("load", "arrays")),
        StageRow(Stage.RAWDATA, "RAW", ("assemble", "arrays"), ("save", "measure", "write", "read")),
        StageRow(Stage.GROUPING, "GRP", ("group",)),
        StageRow(Stage.COORDINATES, "CRD", ("group",)),
        StageRow(Stage.PATCHES, "PAT", ("patches",)),
        StageRow(Stage.NORMALIZATION, "NRM", ("group",)),
        StageRow(Stage.CONTAINER, "CON", ("container",), ("tensors", "split_groups")),
        # Which groups a cache holds is the backend's own choice, and so is what it draws from them.
        StageRow(Stage.CACHE, "CCH", ("group",), compared=False),
        StageRow(Stage.DATASET, "DAT", ("batches",), ("split",)),
        StageRow(Stage.CONFIG, "CFG", ("configure",), ("bridge",)),
        # Many move images, and know nothing of groups and channels.
        StageRow(Stage.TRANSFORMS, "TRF", ("transform",), ("translate",), alone="translate"),
        StageRow(Stage.REASSEMBLY, "REA", ("reassemble",)),
        StageRow(Stage.PHYSICS, "PHY", ("simulate",), ("measure", "noisy")),
        # These ask of a backend what it owes in every stage, or what two runs of itself owe each other.
        StageRow(Stage.CONDUCT, "CND", (), compared=False, always_claimed=True),
        StageRow(Stage.RELATIONS, "REL", (), compared=False, always_claimed=True),
    )
}
"""One row a stage, in the order of :class:`Stage`."""

FILES = "files"
"""Chapter of the clauses about scan files themselves: ``validate`` decides them, and no backend is judged by them."""

PREFIXES: Mapping[str, str] = {**{str(stage): row.prefix for stage, row in ROWS.items()}, FILES: "FIL"}
"""What the ids of clauses begin with, by the stage or chapter whose file they stand in."""

METHODS: Mapping[Stage, tuple[str, ...]] = {stage: row.required for stage, row in ROWS.items()}
"""Methods a claimed stage must have; a missing one is an error of the adapter."""

OPTIONAL_METHODS = frozenset(name for row in ROWS.values() for name in row.optional)
"""Methods a backend may leave out; their checks are then not applicable."""

COMPARED = tuple(stage for stage, row in ROWS.items() if row.compared)
"""Stages in which two backends are compared."""

ALWAYS_CLAIMED = frozenset(stage for stage, row in ROWS.items() if row.always_claimed)
"""Stages by which every adapter is judged."""
