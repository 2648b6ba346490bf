"""What a file says of its fixes: beside all that its metadata said before."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance import __version__
from conformance.files.archive import Archive
from conformance.files.fix import Fix
from conformance.files.formats.values import Source
from conformance.files.stored_text import text_of

KEY, EARLIER = "ptycho_conformance_fixes", "previous_metadata"
"""Where the metadata hold what was fixed, and what they were where they were no JSON object."""

_LONGEST = 1 << 20


def metadata_of(source: Source) -> dict[str, Any]:
    """Return the metadata of a file; what is no JSON object is kept under a key of its own.

    Objects that only unpickling could read are kept as the bytes that they are, up to a megabyte.
    """
    if "_metadata" not in source.names:
        return {}
    text = text_of(source.member("_metadata"))
    try:
        held = json.loads(text or "")
    except (ValueError, RecursionError):
        return {EARLIER: _unread(source) if text is None else text}
    return held if isinstance(held, dict) else {EARLIER: held}


def _unread(source: Source) -> dict[str, Any]:
    if not isinstance(source, Archive):
        return {"unread": "no text"}
    digest, kept, size = hashlib.sha256(), bytearray(), 0
    for piece in source.pieces("_metadata"):
        digest.update(piece)
        size += len(piece)
        kept += piece[: _LONGEST + 1 - len(kept)]
    known: dict[str, Any] = {"unread": "no text; never unpickled", "bytes": size, "sha256": digest.hexdigest()}
    return known | ({"npy_base64": base64.b64encode(kept).decode()} if size <= _LONGEST else {})


def earlier_steps(metadata: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the steps of earlier fixes that metadata tell of; what has another form is none."""
    runs = metadata.get(KEY)
    steps = [one.get("steps") for one in runs if isinstance(one, dict)] if isinstance(runs, list) else []
    return tuple(step for found in steps if isinstance(found, list) for step in found if isinstance(step, dict))


def with_provenance(metadata: Mapping[str, Any], name: str, fixes: Sequence[Fix]) -> dict[str, Any]:
    """Return metadata that tell of fixes too.

    Parameters
    ----------
    metadata : Mapping[str, Any]
        What the file said before.
    name : str
        Name of the file that was read.
    fixes : sequence of Fix
        What was done to it, in order.
    """
    before = metadata.get(KEY, [])
    runs = before if isinstance(before, list) else [before]
    run = {"by": f"ptycho-conformance {__version__}", "source": name, "steps": [_step(fix) for fix in fixes]}
    return {**metadata, KEY: [*runs, run]}


def _step(fix: Fix) -> dict[str, Any]:
    """A fix without what stands in the file anyway."""
    step = fix.as_json()
    if fix.op == "mask-pixels":
        step["arguments"] = {"pixels": len(fix.arguments["pixels"])}
    return step
