"""The version of the contract, as ``specs/VERSION`` states it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from conformance.contract.specification import MalformedContract, specification_folder

FILE = "VERSION"
_FORM = re.compile(r"\d+\.\d+")


@cache
def contract_version() -> str:
    """Return the version of the contract that ships with this package, such as ``1.0``."""
    return read_version(specification_folder())


def read_version(folder: Path) -> str:
    """Read the version of a specification folder.

    Raises
    ------
    MalformedContract
        The folder has no such file, or it does not hold one version on one line.
    """
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except OSError as error:
        raise MalformedContract(f"{folder} has no readable {FILE} that states the version of the contract") from error
    version = text.removesuffix("\n")
    as_numbers(version, FILE)
    return version


def as_numbers(version: str, where: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared.

    Parameters
    ----------
    version : str
    where : str
        Where it stands, for the message.

    Raises
    ------
    MalformedContract
        It is no major and minor number.
    """
    if not _FORM.fullmatch(version):
        raise MalformedContract(f"{where}: a version of the contract reads '1.0', not {version!r}")
    return tuple(int(number) for number in version.split("."))
