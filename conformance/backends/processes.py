"""Processes that backends run in: they die with this one, and are ended with every child, however it hides."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

MARK = "PTYCHO_CONFORMANCE_PROCESS"
"""Environment variable by which every child of a backend's process is known, wherever it has gone."""

_DEATH_SIGNAL, _SUBREAPER = 1, 36
_SECONDS_TO_END = 5.0
_PROCESSES = Path("/proc")


class BackendProcess:
    """A process in a group of its own.

    Parameters
    ----------
    command : sequence of str
    environment : Mapping of str to str
        Its whole environment, to which :data:`MARK` is added.
    keep : sequence of int
        Descriptors that it inherits.
    folder : Path, optional
        Where it works.
    output : int, optional
        Descriptor that takes what it prints; nobody does where there is none.
    errors : int, optional
        Descriptor that takes what it prints as errors, where that is another one.

    Raises
    ------
    OSError
        It cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        keep: Sequence[int] = (),
        folder: Path | None = None,
        output: int = subprocess.DEVNULL,
        errors: int | None = None,
    ) -> None:
        self._mark = uuid.uuid4().hex
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output if errors is None else errors,
            env={**environment, MARK: self._mark},
            cwd=folder,
            pass_fds=tuple(keep),
            start_new_session=True,
        )

    @property
    def number(self) -> int:
        """Its process id."""
        return self._process.pid

    def status(self) -> str:
        """How it ended, in words; empty while it runs."""
        code = self._process.poll()
        return "" if code is None else told_status(code)

    def soon_ended(self) -> str:
        """How it ended, where it does so within a second; the end of a socket is seen before that of its process."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        return self.status()

    def memory(self) -> int:
        """Bytes that it and its children hold in memory; 0 where that cannot be known."""
        return sum(_resident(one) for one in (self.number, *_descendants(self.number)))

    def end(self, *, gently: bool = False) -> None:
        """End it and all its children.

        Parameters
        ----------
        gently : bool
            Wait a while for it to end by itself.
        """
        if gently:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_SECONDS_TO_END)
        # Looked up while their parent lives: an orphan tells no more whose it was.
        children = list(_descendants(self.number))
        if self._process.poll() is None:
            _kill(self.number)
        self._process.wait()
        with contextlib.suppress(OSError):
            os.killpg(self.number, signal.SIGKILL)
        for one in {*children, *_marked(self._mark)}:
            _kill(one)


def told_status(code: int) -> str:
    """Say how a process ended."""
    if code >= 0:
        return f"its process ended with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process was ended by {name}"


def die_with_parent() -> None:
    """Let this process be killed when the one that started it ends, and take over the orphans of its children."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        library.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        library.prctl(_SUBREAPER, 1, 0, 0, 0)


def available_memory() -> int:
    """Bytes of memory that this process and its children may still take; 0 where that cannot be known."""
    found = [*_free_of_machine(), *_free_of_group()]
    return min(found, default=0)


def _free_of_machine() -> Iterator[int]:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (_PROCESSES / "meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) * 1024


def _free_of_group() -> Iterator[int]:
    """What a limit of the control group leaves, as in a container."""
    folder = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):
        limit, used = (int((folder / name).read_text()) for name in ("memory.max", "memory.current"))
        yield max(0, limit - used)


def _resident(number: int) -> int:
    try:
        pages = int((_PROCESSES / str(number) / "statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _descendants(number: int) -> Iterator[int]:
    """Children and theirs, as far as the kernel tells; what it does not tell is found by its mark."""
    with contextlib.suppress(OSError, ValueError):
        for task in (_PROCESSES / str(number) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))


def _marked(mark: str) -> Iterator[int]:
    wanted = f"{MARK}={mark}".encode()
    with contextlib.suppress(OSError):
        for one in _PROCESSES.iterdir():
            if not one.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if wanted in (one / "environ").read_bytes().split(b"\0"):
                    yield int(one.name)


def _kill(number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(number, signal.SIGKILL)
