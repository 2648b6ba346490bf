"""Readers under attack: each file is read by a fresh child of a warm process, in little memory and time."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.archives import scan

HEADROOM = 220 << 20
"""Bytes that a reader may take beyond what its imports take: with those of NumPy alone, less than 300 MB."""
PATIENCE = 20.0
_KIBI = 1024


@dataclass(frozen=True)
class Seen:
    """What a reader made of a file.

    Attributes
    ----------
    outcome : str
        ``fit``, ``refused``, ``unread``, ``foreign`` or ``killed``.
    warned : bool
    told : str
        First words of the refusal, or the foreign exception with its place.
    digest : str
        Of the arrays, where they were read.
    seconds : float
        Of the processor, so that a busy machine blames nobody.
    grown : int
        Bytes that the peak lies above the memory before.
    peak : int
        Largest resident memory in bytes.
    """

    outcome: str
    warned: bool = False
    told: str = ""
    digest: str = ""
    seconds: float = 0.0
    grown: int = 0
    peak: int = 0


Reader = Callable[[Path], Seen]


def by_validate() -> Reader:
    """Return ``ptycho-conformance validate`` as a reader; its exit code is its verdict."""
    from conformance.commands.cli import main

    def read(path: Path) -> Seen:
        sys.argv = ["ptycho-conformance", "validate", str(path)]
        out = io.StringIO()
        code: Any = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                main()
            except SystemExit as ending:
                code = ending.code
        text = out.getvalue()
        if "Traceback" in text or code not in (0, None, 1, 2, 3):
            return Seen("foreign", told=f"exit {code}: {text[-300:]}")
        outcome = {0: "fit", None: "fit", 1: "refused"}.get(code, "unread")
        if (outcome == "fit") is not ("fit for training" in text and "not fit for" not in text):
            return Seen("foreign", told=f"exit {code} of: {text[-300:]}")
        return Seen(outcome, "warning" in text, " ".join(text.split())[:160])

    _warm(read)
    return read


def _warm(read: Reader) -> None:
    """Read a sound scan once: what a reader imports on its first file is no cost of a hostile one."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        path = Path(folder) / "scan.npz"
        np.savez(path, **scan())
        read(path)


def by_examination() -> Reader:
    """Return the suite's own reader without the command, which tells what it read."""
    from conformance.files.examine import UnreadableScan, read_scan

    return _reading(read_scan, UnreadableScan)


def by_ref() -> Reader:
    """Return the reference backend's reader."""
    from ptycho_ref.errors import Refusal
    from ptycho_ref.npz import read_scan

    return _reading(lambda path: read_scan(path)[0], Refusal)


def by_torch() -> Reader:
    """Return the torch backend's reader."""
    from ptycho_torch.errors import Refusal
    from ptycho_torch.scan import Scan

    return _reading(lambda path: Scan.load(path).arrays, Refusal)


def _reading(load: Callable[[Path], Mapping[str, Any]], refusal: type[Exception]) -> Reader:
    def read(path: Path) -> Seen:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                arrays = load(path)
            except refusal as error:
                kind = "unread" if getattr(error, "clause", "") == "NPZ-045" else "refused"
                return Seen(kind, told=str(error)[:160])
            except OSError as error:
                return Seen("unread", told=f"{type(error).__name__}: {error}"[:160])
        strange = [one for one in told if not type(one.message).__name__.startswith("Contract")]
        if strange:
            return Seen("foreign", told=f"warns {strange[0].category.__name__}: {strange[0].message}")
        return Seen("fit", bool(told), digest=digest_of(arrays))

    return read


READERS: Mapping[str, Callable[[], Reader]] = {"validate": by_validate, "ref": by_ref, "torch": by_torch}


def digest_of(arrays: Mapping[str, Any]) -> str:
    """Digest of the arrays of a scan: names, shapes, dtypes and values."""
    told = hashlib.sha256()
    for name in sorted(arrays):
        values = arrays[name]
        if values is not None:
            told.update(f"{name} {values.shape} {values.dtype}".encode())
            told.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
    return told.hexdigest()[:16]


def attempt(read: Reader, path: Path) -> Seen:
    """Read a file in a child of this process, whose memory and time are limited."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(inlet)
        _answer(read, path, outlet)
    os.close(outlet)
    try:
        content = _until(inlet, PATIENCE)
        if content is None:
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(inlet)
        _, status = os.waitpid(child, 0)
    if content is None:
        return Seen("killed", told=f"still busy after {PATIENCE:g} s", seconds=PATIENCE)
    if not content:
        return Seen("killed", told=f"ended with status {status}")
    return Seen(**json.loads(content))


def _until(inlet: int, patience: float) -> bytes | None:
    deadline, content = time.monotonic() + patience, bytearray()
    while True:
        ready, _, _ = select.select([inlet], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        piece = os.read(inlet, 1 << 16)
        if not piece:
            return bytes(content)
        content += piece


def _answer(read: Reader, path: Path, outlet: int) -> None:
    """Read, tell, and end this process."""
    try:
        before = _memory()
        limit = before["VmData"] + HEADROOM
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        begun = time.process_time()
        try:
            seen = read(path)
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            seen = Seen("foreign", told=f"{type(error).__name__}: {error} at {place.filename}:{place.lineno}"[:300])
        seconds = time.process_time() - begun
        after = _memory()
        measured = {
            "seconds": seconds,
            "grown": after["VmHWM"] - before["VmRSS"],
            "peak": after["VmHWM"],
        }
        os.write(outlet, json.dumps(asdict(seen) | measured).encode("utf-8", "backslashreplace"))
    finally:
        os._exit(0)


def _memory() -> dict[str, int]:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return {name: int(size) * _KIBI for name, size in re.findall(r"(Vm\w+):\s+(\d+) kB", status)}
