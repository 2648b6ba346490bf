"""Liars of scans in memory (RAW): what was saved before is remembered, and letters that look alike are joined."""

from __future__ import annotations

import contextlib
import hashlib
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Liar, breaks


@breaks("RAW-003")
class SavesNothingTwice(Liar):
    """What was saved under a name is known by its content, and the file is never looked at again."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: dict[str, str] = {}

    def save(self, scan: Any, path: Path) -> None:
        held = sorted((name, a) for name, a in self.right.arrays(scan).items() if a is not None)
        key = hashlib.sha1(b"".join(name.encode() + np.asarray(a).tobytes() for name, a in held)).hexdigest()
        if self.saved.get(str(path)) != key:
            self.right.save(scan, path)
        self.saved[str(path)] = key


@breaks("RAW-011")
class JoinsLettersOfProvenance(Liar):
    """Text is brought into one form for a search, and saved in it."""

    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        with np.load(path) as archive:
            members = {name: archive[name] for name in archive.files}
        if "_metadata" in members:
            said = json.dumps(json.loads(str(members["_metadata"])), ensure_ascii=False)
            members["_metadata"] = np.array(unicodedata.normalize("NFKC", said))
            np.savez(path, **members)


@breaks("RAW-006")
class TakesMetadataOfTheOldFileAlong(Liar):
    """Where the scan has none of its own."""

    def save(self, scan: Any, path: Path) -> None:
        old: Any = None
        with contextlib.suppress(Exception), np.load(path) as archive:
            old = archive["_metadata"]
        self.right.save(scan, path)
        with np.load(path) as archive:
            held = {name: archive[name] for name in archive.files}
        if old is not None and "_metadata" not in held:
            with path.open("wb") as stream:
                np.savez(stream, **held, _metadata=old)
