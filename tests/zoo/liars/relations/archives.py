"""Readers of archives that know those of one program."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

from tests.zoo.liar import Liar, breaks


class _Particular(Liar):
    """Takes an archive for a broken one by what another program may write otherwise."""

    def load(self, path: Path) -> Any:
        """Read, and give up over an archive that is not the usual one."""
        scan = self.right.load(path)
        with zipfile.ZipFile(path) as archive:
            if self.is_strange(archive):
                raise ValueError(f"{path}: no archive of NumPy")
        return scan

    def is_strange(self, archive: zipfile.ZipFile) -> bool:
        """Whether the archive is none that it knows."""
        raise NotImplementedError


@breaks("REL-004")
class FindsTheDirectoryAtAFixedPlace(_Particular):
    """The record that ends an archive is looked for at its very end, where a comment may stand."""

    def is_strange(self, archive: zipfile.ZipFile) -> bool:
        return bool(archive.comment)


@breaks("REL-004")
class BelievesTheHeadsOfMembers(_Particular):
    """Before a member of a stream its length is not known yet, and stands as nothing."""

    def is_strange(self, archive: zipfile.ZipFile) -> bool:
        return any(member.flag_bits & 8 for member in archive.infolist())


@breaks("REL-004")
class ReadsHeadersByAPattern(_Particular):
    """Type, order and shape are looked for in the order in which NumPy writes them."""

    def is_strange(self, archive: zipfile.ZipFile) -> bool:
        usual = re.compile(rb"'descr'.*'fortran_order'.*'shape'")
        return any(not usual.search(archive.read(name)[:200]) for name in archive.namelist())
