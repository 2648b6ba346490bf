"""Runs mutants, each in a child of a process that has everything loaded but the backend."""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import itertools
import json
import os
import resource
import shutil
import signal
import sys
import traceback
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from conformance.backends.fresh_process import FreshProcess
from conformance.backends.guard import LIMIT_VARIABLE
from conformance.backends.subject import Subject
from conformance.checks.another_process import another_process, drawn_afresh
from conformance.checks.conduct.fresh_run import fresh_run
from conformance.engine.catalogue import declarations
from conformance.engine.declaration import Declaration
from conformance.scans.specimens import gallery
from tests.mutation.backend import BAD, Backend, changed_copy, put_first, selected
from tests.mutation.mutants import Mutant
from tests.mutation.reach import Reach, first_bad, measure

Fate = Literal["fail", "error", "timeout", "survived", "unreached"]
_MEMORY = 6 * 2**30
_IMPORT_SECONDS = 60.0


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    Attributes
    ----------
    mutant : Mutant
    fate : str
        ``fail``: a check saw a broken clause. ``error``: the adapter broke. ``timeout``: it did not end.
        ``survived``: every check that executes it passed. ``unreached``: no check executes it.
    by : str
        Check that killed it.
    reason : str
        What that check said.
    """

    mutant: Mutant
    fate: Fate
    by: str = ""
    reason: str = ""


class Laboratory:
    """A backend with everything measured and loaded that its mutants share.

    Parameters
    ----------
    backend : Backend
    original : Path
        Frozen copy of its package.
    folder : Path
        Scratch folder, of this laboratory alone.
    budget : float
        Seconds of checks after which a mutant counts as alive; the checks of the module's own stage run in any case.
    jobs : int
        Mutants that run at the same time.
    checks : sequence of Declaration, optional
        The checks that judge; all of them by default.

    Attributes
    ----------
    patience : float
        Seconds that a check may take beyond five times what it takes on the backend as it is.
    """

    def __init__(
        self,
        backend: Backend,
        original: Path,
        folder: Path,
        *,
        budget: float = 2.5,
        jobs: int = 2,
        checks: Sequence[Declaration] | None = None,
    ) -> None:
        self.backend, self.original, self.folder = backend, original, folder
        self.budget, self.jobs = budget, jobs
        self.patience = 20.0
        self._checks = {one.name: one for one in (declarations() if checks is None else checks)}
        gallery()
        self.reach = self._measured()
        self._warm_up()

    def _measured(self) -> Reach:
        found = self.folder / "reach.json"

        def work() -> None:
            put_first(self.original.parent)
            reach = measure(self.backend, list(self._checks.values()), self.folder / "measuring")
            found.write_text(json.dumps(reach.as_json()), encoding="utf-8")

        status = os.waitpid(_forked(work, self.folder / "measuring.log"), 0)[1]
        if status:
            raise RuntimeError((self.folder / "measuring.log").read_text(encoding="utf-8")[-2000:])
        return Reach.from_json(json.loads(found.read_text(encoding="utf-8")))

    def _warm_up(self) -> None:
        for name in self.reach.loaded:
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)
        if "torch" in sys.modules:
            # A child of a process with worker threads has the locks but not the threads.
            sys.modules["torch"].set_num_threads(1)
        gc.collect()
        gc.freeze()

    def results(self, mutants: Iterable[Mutant]) -> Iterator[Result]:
        """Run mutants; yields each as soon as its fate is known."""
        kills: dict[str, Counter[str]] = defaultdict(Counter)
        running: dict[int, tuple[Mutant, Path]] = {}
        for number, mutant in enumerate(mutants):
            order = self._order(mutant, kills[mutant.function])
            if not order:
                yield Result(mutant, "unreached")
                continue
            place = self.folder / f"mutant-{number}"
            changed_copy(self.original, place, mutant.module.rpartition(".")[2], mutant.source)
            running[_forked(lambda: self._judge(place, order), place / "log")] = mutant, place  # noqa: B023
            if len(running) >= self.jobs:
                yield self._next(running, kills)
        while running:
            yield self._next(running, kills)

    def _order(self, mutant: Mutant, killers: Counter[str]) -> list[str]:
        """Checks that may see a mutant: what has killed beside it first, then those of its stage, then the others."""
        own = self.backend.checks_of(mutant.module.rpartition(".")[2])
        seeing = [name for name in self.reach.checks_of(mutant) if not _starts_interpreters(self._checks[name])]
        seeing.sort(key=lambda name: (-killers[name], not name.startswith(own)))
        spent = itertools.accumulate(0.0 if name.startswith(own) else self.reach.seconds[name] for name in seeing)
        return [name for name, so_far in zip(seeing, spent, strict=True) if so_far <= self.budget]

    def _next(self, running: dict[int, tuple[Mutant, Path]], kills: dict[str, Counter[str]]) -> Result:
        child, status = os.wait()
        mutant, place = running.pop(child)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        result = _read(mutant, place, status)
        kills[mutant.function][result.by] += 1
        shutil.rmtree(place, ignore_errors=True)
        return result

    def _judge(self, place: Path, order: list[str]) -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        put_first(place)
        # The suite's own watch over hanging calls would take the timer of this one.
        os.environ[LIMIT_VARIABLE] = "0"
        scratch = place / "scratch"
        scratch.mkdir()
        os.chdir(scratch)
        signal.setitimer(signal.ITIMER_REAL, _IMPORT_SECONDS)
        fate, by, reason = self._fate(Subject(selected(self.backend), place / "subject"), order, place)
        (place / "result.json").write_text(json.dumps([fate, by, reason[:400]]), encoding="utf-8")

    def _fate(self, subject: Subject, order: list[str], place: Path) -> tuple[Fate, str, str]:
        for name in order:
            (place / "check").write_text(name, encoding="utf-8")
            # The signal's default ends the process, even one that is caught in compiled code.
            signal.setitimer(signal.ITIMER_REAL, self.patience + 5 * self.reach.seconds[name])
            outcome, reason = first_bad(self._checks[name], subject)
            if outcome is not None:
                return "fail" if outcome in BAD else "error", name, reason
        return "survived", "", ""


def _starts_interpreters(declaration: Declaration) -> bool:
    """Whether a check starts interpreters, each of which takes longer than all other checks of a mutant."""
    names = declaration.body.__globals__
    all_that_start = (FreshProcess, fresh_run, another_process, drawn_afresh)
    starting = [one.__name__ for one in all_that_start if names.get(one.__name__) is one]
    source = inspect.getsource(declaration.body)
    return any(f"{name}(" in source for name in starting)


def _read(mutant: Mutant, place: Path, status: int) -> Result:
    check = place / "check"
    at = check.read_text(encoding="utf-8") if check.exists() else "import"
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return Result(mutant, "timeout", at)
    try:
        record: Any = json.loads((place / "result.json").read_text(encoding="utf-8"))
    except OSError:
        return Result(mutant, "error", at, (place / "log").read_text(encoding="utf-8", errors="replace")[-300:])
    fate, by, reason = record
    return Result(mutant, fate, by, reason)


def _forked(work: Callable[[], None], log: Path) -> int:
    """Start a child that does the work, says nothing but in its log, and never returns; its id."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
        for descriptor, target in ((nothing, 0), (written, 1), (written, 2)):
            os.dup2(descriptor, target)
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a child must end here, whatever happens
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
