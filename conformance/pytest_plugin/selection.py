"""What the options of a pytest run choose: the adapters under judgement and the scans they are judged on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from conformance.backends.discovery import AdapterNotFound, DeviceNotPresent, MalformedAdapter, Selected, select
from conformance.files.examine import UnreadableScan, specimen_from_file
from conformance.scans.specimens import Specimen, gallery


@cache
def _selected(names: tuple[str, ...], devices: tuple[str, ...]) -> tuple[Selected, ...]:
    try:
        return select(names, devices)
    except (AdapterNotFound, DeviceNotPresent, MalformedAdapter) as error:
        raise pytest.UsageError(str(error)) from error


@cache
def _user_specimen(path: Path) -> Specimen:
    try:
        return specimen_from_file(path)
    except (OSError, UnreadableScan) as error:
        raise pytest.UsageError(str(error)) from error


def specimens_of(config: pytest.Config) -> list[Specimen]:
    """Scans on which backends are judged: the gallery, and the user's own."""
    path = config.getoption("--scan")
    return [*gallery(), *([] if path is None else [_user_specimen(path)])]


def selected_by(config: pytest.Config) -> tuple[Selected, ...]:
    """Adapters that the options of this run choose."""
    return _selected(tuple(config.getoption("--adapter")), tuple(config.getoption("--torch-device")))
