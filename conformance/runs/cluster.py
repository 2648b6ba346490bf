"""A Dask cluster that answers tasks: command lines go there and JSON comes back, no open file crosses.

On each worker of the cluster the command runs in a watched process of its own, so that a file that ends its process
costs neither the worker nor what else it holds.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance.contract.crossing import Crossing
from conformance.runs.fleet_task import Answering, Arguments
from conformance.runs.limits import Limits
from conformance.runs.workers import Answer, Died, Piece, Workers

_SECONDS_TO_REACH = 10
_here = threading.local()


class ClusterNotReached(Crossing, RuntimeError):
    """No scheduler answers at the address, or the package that speaks with one is missing; the message says which."""


def answers_of_cluster(
    address: str,
    tasks: Sequence[Arguments],
    begin: Callable[[Answering], None],
    answered: Callable[[Arguments], Any],
    answering: Answering,
) -> Iterator[Answer[Arguments] | Died[Arguments]]:
    """Yield what comes of every task, as it comes.

    Parameters
    ----------
    address : str
        Of the scheduler.
    tasks : sequence of tuple of str
    begin, answered, answering : callable
        Functions of modules, for the processes that the workers of the cluster start.

    Raises
    ------
    ClusterNotReached
        As it says.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ClusterNotReached("a cluster needs dask: pip install 'ptycho-conformance[fleet]'") from error
    try:
        client = Client(address, timeout=_SECONDS_TO_REACH, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise ClusterNotReached(f"no Dask scheduler answers at {address}: {_first_line(error)}") from error
    with client:
        futures = {client.submit(answer_there, begin, answered, answering, task, pure=False): task for task in tasks}
        for future in as_completed(list(futures), loop=client.loop):
            task = futures.pop(future)
            yield _read(task, future)
            future.release()


def _read(task: Arguments, future: Any) -> Answer[Arguments] | Died[Arguments]:
    if future.status != "finished":
        error = future.exception() if future.status == "error" else None
        return Died(task, f"the cluster gave it up: {_first_line(error) or future.status}")
    said = json.loads(future.result())
    return Died(task, said["died"]) if "died" in said else Answer(task, said["answer"])


def answer_there(
    begin: Callable[[Answering], None], answered: Callable[[Arguments], Any], answering: Answering, task: Arguments
) -> str:
    """Answer a task on a worker of the cluster, in a watched process that this thread keeps for the next one.

    Parameters
    ----------
    begin, answered, answering : callable
        As for :func:`answers_of_cluster`.
    task : tuple of str
    """
    workers: Workers[Arguments] | None = getattr(_here, "workers", None)
    if workers is None:
        workers = _here.workers = Workers(begin, answered, 1, _limits_there())
    (came,) = workers.answers([Piece((task,), (answering,))])
    return json.dumps({"died": came.what} if isinstance(came, Died) else {"answer": came.value})


def _limits_there() -> Limits:
    """Limits of a process on a worker: of the memory that the worker may take, the share of one of its threads."""
    from distributed import get_worker

    limits = Limits()
    try:
        worker: Any = get_worker()
        allowed = int(worker.memory_manager.memory_limit or 0) // max(1, int(worker.state.nthreads))
    except (ValueError, AttributeError):
        return limits
    return replace(limits, memory=min(one for one in (allowed, limits.memory) if one) if allowed else limits.memory)


def _first_line(error: BaseException | None) -> str:
    if error is None:
        return ""
    return (str(error).splitlines() or [""])[0] or type(error).__name__
