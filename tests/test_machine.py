"""The trouble of a machine is told from every other."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Outcome
from conformance.engine.trial import once
from conformance.files import machine
from ptycho_ref.adapter import RefAdapter


def of_the_system(number: int, file: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), file)


def test_trouble_is_found_behind_other_errors() -> None:
    error = ValueError("the archive is damaged")
    error.__cause__ = KeyError("diff3d")
    error.__cause__.__context__ = of_the_system(errno.EIO, "a.npz")
    assert machine.trouble_in(error) == "a.npz: Input/output error"


def test_the_place_is_told_where_the_error_names_none() -> None:
    assert machine.trouble_in(of_the_system(errno.ENOSPC), "/scratch") == "/scratch: No space left on device"


@pytest.mark.parametrize(
    "error", [None, ValueError("no"), of_the_system(errno.ENOENT, "a.npz"), of_the_system(errno.EACCES, "a.npz")]
)
def test_what_others_are_to_blame_for_is_no_trouble(error: Exception | None) -> None:
    assert machine.trouble_in(error) == ""


def test_errors_that_lead_to_themselves_are_told_once() -> None:
    error = ValueError("one")
    error.__context__ = other = ValueError("two")
    other.__context__ = error
    assert machine.trouble_in(error) == ""


class Translating(RefAdapter):
    """Does wrong, or cannot write, in one method."""

    def __init__(self, fault: Callable[[], None]) -> None:
        super().__init__()
        self.fault = fault

    def translate(self, images, shifts_xy):  # type: ignore[no-untyped-def]
        self.fault()
        return super().translate(images, -shifts_xy)


def outcome_of(fault: Callable[[], None], folder: Path) -> tuple[Outcome, str]:
    adapter = Translating(fault)
    subject = Subject(Selected("translating", adapter, adapter.stages), folder)
    check = next(one for one in declarations() if one.name.startswith("transforms/test_translation"))
    trial = once(check, subject)
    return trial.outcome, trial.trouble


def test_a_verdict_against_an_adapter_needs_a_machine_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcome_of(lambda: None, tmp_path / "a") == (Outcome.FAIL, "")
    monkeypatch.setattr("conformance.engine.trial.trouble_of", lambda folder: f"{folder}: No space left on device")
    assert outcome_of(lambda: None, tmp_path) == (Outcome.ERROR, f"{tmp_path}: No space left on device")


def test_an_error_of_the_machine_is_none_of_the_adapter(tmp_path: Path) -> None:
    def full() -> None:
        raise of_the_system(errno.ENOSPC, "scan.npz")

    assert outcome_of(full, tmp_path) == (Outcome.ERROR, "scan.npz: No space left on device")


@pytest.mark.parametrize("package", ["conformance.files", "ptycho_ref", "ptycho_torch"])
def test_a_file_that_gives_nothing_yet_is_an_error_of_the_system(package: str) -> None:
    """Files of the kernel are regular ones to look at, and some have nothing to read when they are not waited for."""
    if package == "ptycho_torch":
        pytest.importorskip("torch")
    inlet, outlet = os.pipe()
    os.set_blocking(inlet, False)
    with os.fdopen(outlet, "wb"), io.BufferedReader(import_module(f"{package}.regular").OpenFile(inlet, "a")) as stream:
        for read in (lambda: stream.read(4), stream.read, lambda: stream.readinto(bytearray(4))):
            with pytest.raises(BlockingIOError) as error:
                read()
            assert error.value.errno == errno.EAGAIN
