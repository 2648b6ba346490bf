"""What a process is left with: settings that belong to everyone in it, read before a call and after it."""

from __future__ import annotations

import builtins
import contextlib
import decimal
import gc
import locale
import logging
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGABRT")
    if hasattr(signal, name)
)
# A progress bar may keep its watcher; PyTorch and its friends start theirs when they are first used.
_OPEN = Path("/proc/self/fd")
# Bytes are not decoded on the way, where a system has them.
_ENVIRONMENT: MutableMapping[Any, Any] = getattr(os, "environb", os.environ)
_OF_DECIMALS = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
_OF_DATA = (".npz", ".npy", ".tmp", ".lock", ".bin", ".dat")
_OF_LIBRARIES = ("tqdm", "torch", "pymonitor", "Thread-Pool")


def process_state() -> dict[str, Any]:
    """Settings of the process by their names, in values that can be compared."""
    found: dict[str, Any] = {
        **settings(),
        "the filters of warnings": list(warnings.filters),
        "signal handlers": [signal.getsignal(one) for one in _SIGNALS],
        "the recursion limit": sys.getrecursionlimit(),
        "the garbage collector": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "the locale": locale.setlocale(locale.LC_ALL),
        "threads": sorted(one.name for one in threading.enumerate() if not one.name.startswith(_OF_LIBRARIES)),
        "the hook of exceptions": (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook),
        "NumPy's buffers and error callback": (np.getbufsize(), np.geterrcall()),
        "how warnings are shown": (warnings.showwarning, warnings.formatwarning),
        "built-in functions": (builtins.print, builtins.open, builtins.input, builtins.__import__),
        # To ask for the method without this choice would fix it.
        "how processes are started": multiprocessing.get_start_method(allow_none=True)
        or multiprocessing.get_all_start_methods()[0],
        "tracing": (sys.gettrace(), sys.getprofile()),
        "how texts become numbers and threads take turns": (sys.get_int_max_str_digits(), sys.getswitchinterval()),
        **_of_the_system(),
    }
    if _OPEN.is_dir():
        found["open files"] = _open_files()
    torch = sys.modules.get("torch")
    if torch is not None:
        found |= {
            "torch's number of threads": torch.get_num_threads(),
            "torch's determinism": torch.are_deterministic_algorithms_enabled(),
            "torch's default device": str(torch.get_default_device()),
            "torch's search for anomalies": torch.is_anomaly_enabled(),
            "torch's mode of inference": torch.is_inference_mode_enabled(),
            "torch's precision of products": torch.get_float32_matmul_precision(),
            "torch's way of sharing": getattr(sys.modules.get("torch.multiprocessing"), "get_sharing_strategy", str)(),
        }
    return found


def settings() -> dict[str, Any]:
    """Those of the settings that :func:`put_back` can put back."""
    root = logging.getLogger()
    found: dict[str, Any] = {
        "the working folder": os.getcwd(),  # noqa: PTH109 - asked before and after every call
        "the environment": _environment(),
        "the import path": list(sys.path),
        "NumPy's error state": np.geterr(),
        "how NumPy prints": np.get_printoptions(),
        "the root logger": (root.level, list(root.handlers), logging.root.manager.disable),
        "standard streams": (sys.stdin, sys.stdout, sys.stderr),
        "the context of decimal numbers": _of_decimals(),
        "the mask of new files": _mask(),
        "what the garbage collector leaves aside": _frozen(),
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        found |= {
            "torch's default dtype": torch.get_default_dtype(),
            "torch's gradient mode": torch.is_grad_enabled(),
        }
    return found


def _environment() -> dict[Any, Any]:
    """The variables as the system has them; what an interpreter keeps of them needs no encoding."""
    return dict(getattr(_ENVIRONMENT, "_data", _ENVIRONMENT))


def _of_decimals() -> list[Any]:
    context = decimal.getcontext()
    return [getattr(context, name) for name in _OF_DECIMALS]


def _frozen() -> bool:
    """Whether anything is kept from the garbage collector; where a program has begun so, it is not counted any more."""
    return _frozen_at_first() or gc.get_freeze_count() > 0


@cache
def _frozen_at_first() -> bool:
    return gc.get_freeze_count() > 0


def _mask() -> int:
    """Read the mask of new files, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _of_the_system() -> dict[str, Any]:
    """What the operating system keeps for a process, as far as this one does."""
    found: dict[str, Any] = {}
    if hasattr(signal, "getitimer"):
        found["timers"] = [bool(signal.getitimer(one)[0]) for one in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL)]
        found["signals that are blocked"] = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    if hasattr(os, "sched_getaffinity"):
        found["processors and priority"] = (sorted(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0))
    for name, asked in (("resource", _limits), ("socket", _time_out)):
        with contextlib.suppress(ImportError):
            found[f"limits of {name}s"] = asked()
    return found


def _limits() -> list[tuple[int, int]]:
    import resource

    names = ("RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_FSIZE")
    return [resource.getrlimit(getattr(resource, name)) for name in names if hasattr(resource, name)]


def _time_out() -> float | None:
    import socket

    return socket.getdefaulttimeout()


def _open_files() -> list[str]:
    """Files of data that the process holds open, as far as the machine tells."""
    found = []
    with os.scandir(_OPEN) as entries:
        for one in entries:
            with contextlib.suppress(OSError):
                found.append(os.readlink(one))  # noqa: PTH115 - asked before and after every call
    return sorted(name for name in found if name.endswith(_OF_DATA))


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of settings that are no longer as they were.

    A framework that was loaded in between is none, nor is a file that was open before and has been closed.
    """
    opened = Counter(after.get("open files", ())) - Counter(before.get("open files", ()))
    held = {name: value for name, value in before.items() if name != "open files"}
    return [name for name, value in held.items() if after[name] != value] + ["open files"] * bool(opened)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put back, behind a call, what it may have left changed."""
    before = settings()
    try:
        yield
    finally:
        put_back(before)


def begin_as(before: Mapping[str, Any], leaving: Sequence[str] = ()) -> None:
    """Put back those settings that are no longer what they were: what is changed already, nobody is seen to change.

    Parameters
    ----------
    before : Mapping of str to Any
        As :func:`settings` gave it.
    leaving : sequence of str
        Names of settings that are left as they are.
    """
    now = settings()
    moved = [name for name, value in before.items() if name not in leaving and now[name] != value]
    if moved:
        put_back(now | {name: before[name] for name in moved})


def put_back(before: Mapping[str, Any]) -> None:
    """Make the settings of the process again what they were, as far as one can.

    Parameters
    ----------
    before : Mapping of str to Any
        As :func:`process_state` gave it.
    """
    root, torch = logging.getLogger(), sys.modules.get("torch")
    os.chdir(before["the working folder"])
    sys.stdin, sys.stdout, sys.stderr = before["standard streams"]
    os.umask(before["the mask of new files"])
    for name, value in zip(_OF_DECIMALS, before["the context of decimal numbers"], strict=True):
        setattr(decimal.getcontext(), name, value)
    if _environment() != before["the environment"]:
        _ENVIRONMENT.clear()
        _ENVIRONMENT.update(before["the environment"])
    sys.path[:] = before["the import path"]
    level, handlers, _ = before["the root logger"]
    if root.level != level:
        root.setLevel(level)
    root.handlers[:] = handlers
    if _frozen() and not before["what the garbage collector leaves aside"]:
        gc.unfreeze()
    np.set_printoptions(**before["how NumPy prints"])
    np.seterr(**before["NumPy's error state"])
    if torch is not None and "torch's default dtype" in before:
        torch.set_default_dtype(before["torch's default dtype"])
        torch.set_grad_enabled(before["torch's gradient mode"])


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
