"""The inside of a worker: answers tasks, one by one, until nobody asks any more."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import pickle
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.backends.frames import BrokenConversation, Conversation
from conformance.backends.guard import Watch, watched_by
from conformance.backends.processes import die_with_parent
from conformance.backends.pulse import MAKING, Pulse


def work(descriptor: int, page: str) -> None:
    """Answer what the process that started this one asks.

    Parameters
    ----------
    descriptor : int
        This end of a pair of sockets.
    page : str
        File behind the pulse.
    """
    die_with_parent()
    os.set_inheritable(descriptor, False)
    conversation = Conversation(socket.socket(fileno=descriptor))
    with contextlib.suppress(BrokenConversation):
        begin, arguments, answer, ended, unlooked = pickle.loads(conversation.receive())
        pulse = Pulse(Path(page))
        watched_by(Watch(pulse, frozenset(ended), frozenset(unlooked)))
        faulthandler.enable(os.dup(2))
        pulse.beat(MAKING, inside=False)
        here = Path.cwd()
        begin(*arguments)
        while True:
            task = pickle.loads(conversation.receive())
            said = json.dumps(_answered(answer, task)).encode()
            try:
                conversation.send(said)
            except BrokenConversation:
                os._exit(1)
            _repair_output()
            os.chdir(here)
    # What a backend has left running, or set up for the end, has no say in when that is.
    os._exit(0)


def _answered(answer: Callable[[Any], Any], task: Any) -> dict[str, Any]:
    try:
        return {"answer": answer(task)}
    except KeyboardInterrupt:
        return {"broke": "it ended in KeyboardInterrupt"}
    except (GeneratorExit, SystemExit) as error:
        return {"broke": f"it ended in {type(error).__name__}"}
    except BaseException:  # noqa: BLE001 - the error must reach the process that asked
        return {"failed": traceback.format_exc()}


def _repair_output() -> None:
    """Open again what an adapter has closed, so that it costs nobody else's checks."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_WRONLY)
            os.dup2(opened, number)
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            setattr(sys, name, os.fdopen(os.dup(number), "w", encoding="utf-8", errors="replace"))
