"""What the JSON files of a capsule hold."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

import msgspec

from conformance.engine.outcome import Outcome

InputName = Annotated[str, msgspec.Meta(pattern=r"^\d{2,4}-[A-Za-z0-9_][A-Za-z0-9_.-]*$(?!\n)")]
Place = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]+$")]


class InputRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that lay before the adapter when the check failed.

    Attributes
    ----------
    name : str
        Name in the folder ``inputs``.
    sha256 : str
        Of its bytes.
    made : bool
        Whether the suite wrote it as it is; otherwise it was changed since, or something else wrote it.
    kept : bool
        Whether the folder holds it; what is too large is not kept.
    """

    name: InputName
    sha256: str
    made: bool
    kept: bool


class CapsuleRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A failure that replays: ``capsule.json``.

    Attributes
    ----------
    check : str
        The check, as module and function.
    clauses : tuple of str
        What it decides.
    adapter : str
        Name of the adapter that failed.
    asked : str
        What it was called on the command line; empty when it was not.
    outcome : Outcome
    sentence : str
        What was wrong.
    runs : int
        How often the check is run on one instance: more than once for an adapter that keeps something between calls.
    replays : bool
        Whether the check failed again when it was run alone.
    notes : tuple of str
        What else a reader must know.
    methods : tuple of str
        What the adapter offered.
    inputs : tuple of InputRecord
    files : dict of str to str
        SHA-256 of the files of the folder, by name.
    seal : str
        SHA-256 of all of the above; empty in capsules of before there was one.
    """

    schema: Literal["ptycho-conformance.capsule/1"]
    check: str
    clauses: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    adapter: str
    asked: str
    outcome: Outcome
    sentence: str
    runs: Literal[1, 2]
    replays: bool
    notes: tuple[str, ...]
    methods: tuple[str, ...]
    inputs: tuple[InputRecord, ...]
    files: dict[str, str]
    seal: str = ""

    def sealed(self) -> CapsuleRecord:
        """Return the record with the seal that belongs to what it holds."""
        held = msgspec.to_builtins(self) | {"seal": ""}
        text = json.dumps(held, sort_keys=True)
        return msgspec.structs.replace(self, seal=hashlib.sha256(text.encode()).hexdigest())


class ScanRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A scan of the user's that stands for the scan of a check.

    Attributes
    ----------
    name : str
    sha256 : str
        Of its bytes.
    bytes : int
        How large the file is.
    path : str or None
        Where it lay, when it is too large for the capsule.
    """

    name: str
    sha256: str
    bytes: int
    path: Place | None = None


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of the check: ``arguments.json``.

    Attributes
    ----------
    specimen : dict or None
        The scan and its arrays as one key ``Specimen``; or one key ``scan``: a file, by SHA-256 and size.
    drawn : dict or None
        What was drawn, by name.
    """

    specimen: dict[str, Any] | None
    drawn: dict[str, Any] | None
