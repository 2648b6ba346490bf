"""What a process is left with: settings that belong to everyone in it, read before a call and after it."""

from __future__ import annotations

import contextlib
import gc
import locale
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A progress bar may keep its watcher; PyTorch and its friends start theirs when they are first used.
_OPEN = Path("/proc/self/fd")
_OF_DATA = (".npz", ".npy", ".tmp", ".lock", ".bin", ".dat")
_OF_LIBRARIES = ("tqdm", "torch", "pymonitor", "Thread-Pool")


def process_state() -> dict[str, Any]:
    """Settings of the process by their names, in values that can be compared."""
    root = logging.getLogger()
    found: dict[str, Any] = {
        "the working folder": str(Path.cwd()),
        "the environment": dict(os.environ),
        "the import path": list(sys.path),
        "the filters of warnings": list(warnings.filters),
        "NumPy's error state": np.geterr(),
        "how NumPy prints": {name: str(value) for name, value in np.get_printoptions().items()},
        "the root logger": (root.level, len(root.handlers), logging.root.manager.disable),
        "signal handlers": [signal.getsignal(one) for one in _SIGNALS],
        "the recursion limit": sys.getrecursionlimit(),
        "the garbage collector": gc.isenabled(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "threads": sorted(one.name for one in threading.enumerate() if not one.name.startswith(_OF_LIBRARIES)),
        "the hook of exceptions": sys.excepthook,
    }
    if _OPEN.is_dir():
        found["open files"] = _open_files()
    torch = sys.modules.get("torch")
    if torch is not None:
        found |= {
            "torch's default dtype": torch.get_default_dtype(),
            "torch's gradient mode": torch.is_grad_enabled(),
            "torch's number of threads": torch.get_num_threads(),
            "torch's determinism": torch.are_deterministic_algorithms_enabled(),
            "torch's default device": str(torch.get_default_device()),
            "torch's search for anomalies": torch.is_anomaly_enabled(),
        }
    return found


def _open_files() -> list[str]:
    """Files of data that the process holds open, as far as the machine tells."""
    found = []
    for one in _OPEN.iterdir():
        with contextlib.suppress(OSError):
            found.append(str(one.readlink()))
    return sorted(name for name in found if name.endswith(_OF_DATA))


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of settings that are no longer as they were; a framework that was loaded in between is none."""
    return [name for name, value in before.items() if after[name] != value]


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put back, behind a call, what it may have left changed."""
    root, torch = logging.getLogger(), sys.modules.get("torch")
    folder, environment, path = Path.cwd(), dict(os.environ), list(sys.path)
    level, handlers, printing, errors = root.level, list(root.handlers), np.get_printoptions(), np.geterr()
    of_torch = None if torch is None else (torch.get_default_dtype(), torch.is_grad_enabled())
    try:
        yield
    finally:
        os.chdir(folder)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        sys.path[:] = path
        root.setLevel(level)
        root.handlers[:] = handlers
        np.set_printoptions(**printing)
        np.seterr(**errors)
        if torch is not None and of_torch is not None:
            torch.set_default_dtype(of_torch[0])
            torch.set_grad_enabled(of_torch[1])


@contextlib.contextmanager
def other_settings(folder: str) -> Iterator[None]:
    """Work under settings that a program may have: another default type and folder, no gradients, strict errors."""
    with restored():
        os.chdir(folder)
        np.seterr(all="raise")
        np.set_printoptions(precision=2, threshold=3, floatmode="fixed")
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_default_dtype(torch.float64)
            torch.set_grad_enabled(False)
        yield
