"""Sixty adapters that misbehave in ``simulate``, or in being made, each in one way; the rest of them is right."""

from __future__ import annotations

import atexit
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import unittest
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from ptycho_ref.adapter import RefAdapter

FOREVER = 600
"""Seconds, far beyond any limit of a test."""


@dataclass(frozen=True)
class Misbehaviour:
    """What an adapter does, and what must come of it.

    Attributes
    ----------
    acts : callable
        Called in place of ``simulate``, with the adapter and the arguments of the call.
    outcome : str
        Of the check that calls ``simulate``.
    reason : str
        Part of the sentence.
    making : bool
        Whether it happens when the adapter is made.
    """

    acts: Callable[..., Any]
    outcome: str
    reason: str
    making: bool = False

    @property
    def name(self) -> str:
        return self.acts.__name__


TABLE: dict[str, Misbehaviour] = {}


def comes_to(outcome: str, reason: str = "", *, making: bool = False) -> Callable[[Callable[..., Any]], Any]:
    def entered(acts: Callable[..., Any]) -> Callable[..., Any]:
        TABLE[acts.__name__] = Misbehaviour(acts, outcome, reason, making)
        return acts

    return entered


class Misbehaving(RefAdapter):  # type: ignore[misc]
    """The reference, but for one method."""

    name = "misbehaving"
    behaviour = ""

    def __init__(self) -> None:
        super().__init__()
        if TABLE[self.behaviour].making:
            TABLE[self.behaviour].acts(self)

    def simulate(self, patches: Any, probe: Any) -> Any:
        if TABLE[self.behaviour].making:
            return super().simulate(patches, probe)
        return TABLE[self.behaviour].acts(super().simulate, patches, probe)


def adapter(behaviour: str) -> Any:
    """Make the adapter of a line of the table."""
    return type("Misbehaving", (Misbehaving,), {"behaviour": behaviour, "name": behaviour})()


def __getattr__(name: str) -> Any:
    """Let every line be an adapter by its import path, such as ``tests.backends.misbehaving:made_loops``."""
    if not name.startswith("made_"):
        raise AttributeError(name)
    return lambda: adapter(name.removeprefix("made_"))


# ---- it ends its process ----


@comes_to("ERROR", "status 0")
def ends_as_if_all_were_well(*_: Any) -> NoReturn:
    os._exit(0)


@comes_to("ERROR", "status 3")
def ends_with_a_status(*_: Any) -> NoReturn:
    os._exit(3)


@comes_to("ERROR", "SIGSEGV")
def reads_where_nothing_is(*_: Any) -> None:
    ctypes.string_at(0)


@comes_to("ERROR", "SIGABRT")
def aborts(*_: Any) -> None:
    os.abort()


@comes_to("ERROR", "SIGKILL")
def kills_itself(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@comes_to("ERROR", "SIGTERM")
def terminates_itself(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FOREVER)


@comes_to("ERROR", "SIGKILL")
def kills_its_group(*_: Any) -> None:
    os.killpg(0, signal.SIGKILL)


@comes_to("ERROR", "SIGVTALRM")
def is_ended_by_a_timer(*_: Any) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.05)
    while True:
        pass


@comes_to("ERROR", "status 0")
def becomes_another_program(*_: Any) -> None:
    os.execv("/bin/true", ["true"])


@comes_to("ERROR", "SIGALRM")
def becomes_another_program_that_hangs(*_: Any) -> None:
    os.execv("/bin/sleep", ["sleep", str(FOREVER)])


@comes_to("ERROR", "status 5")
def ends_in_a_thread(*_: Any) -> None:
    threading.Thread(target=lambda: os._exit(5)).start()
    time.sleep(FOREVER)


@comes_to("ERROR", "SIGBUS")
def stumbles_over_the_bus(*_: Any) -> None:
    signal.raise_signal(signal.SIGBUS)


# ---- it raises what ends programs ----


@comes_to("ERROR", "ended in SystemExit")
def leaves(*_: Any) -> None:
    sys.exit(0)


@comes_to("ERROR", "ended in SystemExit: no licence")
def leaves_with_a_word(*_: Any) -> None:
    sys.exit("no licence")


@comes_to("ERROR", "ended in KeyboardInterrupt")
def interrupts(*_: Any) -> None:
    raise KeyboardInterrupt


@comes_to("ERROR", "ended in KeyboardInterrupt")
def interrupts_by_signal(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)


@comes_to("ERROR", "ended in GeneratorExit")
def closes(*_: Any) -> None:
    raise GeneratorExit


@comes_to("ERROR", "ended in BaseException")
def raises_the_base_of_all(*_: Any) -> None:
    raise BaseException("odd")


@comes_to("ERROR", "ended in BaseExceptionGroup")
def raises_a_group(*_: Any) -> None:
    raise BaseExceptionGroup("several", [KeyboardInterrupt(), SystemExit()])


@comes_to("ERROR", "ended in SkipTest")
def skips(*_: Any) -> None:
    raise unittest.SkipTest("not today")


@comes_to("ERROR", "RecursionError")
def calls_itself(*_: Any) -> Any:
    return calls_itself()


@comes_to("ERROR", "MemoryError")
def has_no_memory(*_: Any) -> Any:
    return np.empty(1 << 60, np.uint8)


# ---- its errors cannot be told ----


class Unsayable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


@comes_to("ERROR", "Unsayable")
def cannot_say_what_is_wrong(*_: Any) -> None:
    raise Unsayable


class Wordless(Exception):
    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


@comes_to("ERROR", "Wordless")
def says_a_number(*_: Any) -> None:
    raise Wordless


@comes_to("ERROR", "RuntimeError")
def says_half_a_character(*_: Any) -> None:
    raise RuntimeError("\udc80 \x00 \x1b[2J")


class Unpicklable(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} {second}")
        self.lock = threading.Lock()


@comes_to("ERROR", "Unpicklable: 1 2")
def raises_what_cannot_be_pickled(*_: Any) -> None:
    raise Unpicklable(1, 2)


@comes_to("ERROR", "ValueError")
def says_too_much(*_: Any) -> None:
    raise ValueError("word " * 1_000_000)


# ---- it does not come back ----


@comes_to("ERROR", "did not come back")
def loops(*_: Any) -> None:
    while True:
        pass


@comes_to("ERROR", "did not come back")
def sleeps(*_: Any) -> None:
    time.sleep(FOREVER)


@comes_to("ERROR", "did not come back")
def holds_the_interpreter(*_: Any) -> None:
    ctypes.PyDLL(None).sleep(FOREVER)


@comes_to("ERROR", "did not come back")
def swallows_its_timeout(*_: Any) -> None:
    while True:
        try:
            time.sleep(FOREVER)
        except BaseException:  # noqa: BLE001
            continue


@comes_to("ERROR", "did not come back")
def is_deaf(*_: Any) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    time.sleep(FOREVER)


@comes_to("ERROR", "did not come back")
def blocks_every_signal(*_: Any) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    time.sleep(FOREVER)


@comes_to("ERROR", "did not come back")
def stops(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


@comes_to("ERROR", "did not come back")
def waits_for_a_lock(*_: Any) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


@comes_to("ERROR", "did not come back")
def waits_for_its_child(*_: Any) -> None:
    subprocess.run(["/bin/sleep", str(FOREVER)], check=False)


@comes_to("ERROR", "EOFError")
def reads_from_the_keyboard(*_: Any) -> None:
    input()


# ---- what it returns misbehaves ----


class Result:
    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def __array__(self, *_: Any, **__: Any) -> Any:
        return self.act()


@comes_to("ERROR", "did not come back")
def returns_what_hangs(*_: Any) -> Any:
    return Result(lambda: time.sleep(FOREVER))


@comes_to("ERROR", "status 0")
def returns_what_ends_the_process(*_: Any) -> Any:
    return Result(lambda: os._exit(0))


@comes_to("ERROR", "SystemExit")
def returns_what_leaves(*_: Any) -> Any:
    return Result(sys.exit)


@comes_to("ERROR", "KeyboardInterrupt")
def returns_what_interrupts(*_: Any) -> Any:
    def interrupt() -> None:
        raise KeyboardInterrupt

    return Result(interrupt)


@comes_to("FAIL", "is missing")
def returns_nothing(*_: Any) -> None:
    return None


@comes_to("FAIL", "shape ()")
def returns_an_object(*_: Any) -> Any:
    return object()


@comes_to("FAIL", "shape")
def returns_text(*_: Any) -> str:
    return "amplitude"


# ---- its memory ----


def _held(most: int) -> Any:
    return [bytes(1 << 20).replace(b"\0", b"7") for _ in range(most >> 20)]


@comes_to("ERROR", "GiB of memory")
def swallows_the_memory(*_: Any) -> None:
    held = _held(8 << 30)
    time.sleep(FOREVER + len(held))


@comes_to("ERROR", "GiB of memory")
def lets_a_child_swallow_the_memory(*_: Any) -> None:
    if os.fork() == 0:
        swallows_the_memory()
    time.sleep(FOREVER)


# ---- it leaves something running ----


@comes_to("PASS")
def leaves_a_fork(right: Any, *given: Any) -> Any:
    if os.fork() == 0:
        time.sleep(FOREVER)
    return right(*given)


@comes_to("PASS")
def leaves_a_fork_in_hiding(right: Any, *given: Any) -> Any:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(FOREVER)
        os._exit(0)
    return right(*given)


@comes_to("PASS")
def leaves_a_program(right: Any, *given: Any) -> Any:
    subprocess.Popen(["/bin/sleep", str(FOREVER)], start_new_session=True)
    return right(*given)


@comes_to("PASS")
def leaves_a_thread(right: Any, *given: Any) -> Any:
    threading.Thread(target=time.sleep, args=(FOREVER,)).start()
    return right(*given)


@comes_to("PASS")
def leaves_work_for_the_end(right: Any, *given: Any) -> Any:
    atexit.register(time.sleep, FOREVER)
    return right(*given)


@comes_to("ERROR", "status 0")
def leaves_a_fork_and_dies(*_: Any) -> None:
    if os.fork() == 0:
        os.setsid()
        time.sleep(FOREVER)
    os._exit(0)


# ---- it breaks what is around it ----


@comes_to("PASS")
def prints_much(right: Any, *given: Any) -> Any:
    print("x" * 3_000_000)
    os.write(1, b"\x00\xff{}\n" * 100_000)
    os.write(2, b"Traceback (most recent call last):\n" * 1000)
    return right(*given)


@comes_to("PASS")
def closes_its_output(right: Any, *given: Any) -> Any:
    sys.stdout.close()
    sys.stderr.close()
    return right(*given)


@comes_to("PASS")
def closes_the_descriptors_of_output(right: Any, *given: Any) -> Any:
    os.closerange(1, 3)
    return right(*given)


@comes_to("PASS")
def has_no_output(right: Any, *given: Any) -> Any:
    sys.stdout = sys.stderr = None  # type: ignore[assignment]
    return right(*given)


@comes_to("ERROR", "status 1")
def closes_everything(right: Any, *given: Any) -> Any:
    os.closerange(0, 4096)
    return right(*given)


@comes_to("ERROR", "conversation")
def writes_everywhere(right: Any, *given: Any) -> Any:
    for number in range(3, 256):
        try:
            os.write(number, b'{"id": 7, "value": 1}\n')
        except OSError:
            continue
    return right(*given)


@comes_to("PASS")
def turns_warnings_into_errors(right: Any, *given: Any) -> Any:
    warnings.simplefilter("error")
    return right(*given)


@comes_to("PASS")
def empties_the_environment(right: Any, *given: Any) -> Any:
    os.environ.clear()
    return right(*given)


@comes_to("PASS")
def works_in_a_folder_that_is_gone(right: Any, *given: Any) -> Any:
    import tempfile

    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)  # noqa: PTH106
    return right(*given)


@comes_to("PASS")
def allows_no_more_files(right: Any, *given: Any) -> Any:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    return right(*given)


@comes_to("PASS")
def leaves_a_timer(right: Any, *given: Any) -> Any:
    result = right(*given)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.alarm(1)
    return result


# ---- it cannot be made ----


@comes_to("ERROR", "status 0", making=True)
def ends_when_made(*_: Any) -> None:
    os._exit(0)


@comes_to("ERROR", "SIGSEGV", making=True)
def stumbles_when_made(*_: Any) -> None:
    ctypes.string_at(0)


@comes_to("ERROR", "did not come back", making=True)
def hangs_when_made(*_: Any) -> None:
    time.sleep(FOREVER)


@comes_to("MALFORMED", "ended in KeyboardInterrupt", making=True)
def interrupts_when_made(*_: Any) -> None:
    raise KeyboardInterrupt


@comes_to("MALFORMED", "ended in Unsayable", making=True)
def cannot_say_why_it_is_not_made(*_: Any) -> None:
    raise Unsayable
