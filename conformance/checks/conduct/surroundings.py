"""What a call could disturb around it: standard output, and the global random generators."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np


@contextlib.contextmanager
def standard_output(kept_in: IO[bytes] | None = None) -> Iterator[list[str]]:
    """Catch what is printed, by Python or below it; in a file that is open already, where one is given."""
    said: list[str] = []
    with tempfile.TemporaryFile() if kept_in is None else contextlib.nullcontext(kept_in) as below:
        below.seek(0)
        below.truncate()
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(below.fileno(), 1)
        above = io.StringIO()
        try:
            with contextlib.redirect_stdout(above):
                yield said
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            below.seek(0)
            said.append(above.getvalue() + below.read().decode(errors="replace"))


class GlobalRandomness:
    """States of the generators that belong to everyone: Python's, NumPy's, and those of loaded frameworks."""

    def __init__(self) -> None:
        self.python = random.getstate()
        self.numpy: Any = np.random.get_state(legacy=True)  # noqa: NPY002 - it is the legacy state that is watched
        torch = sys.modules.get("torch")
        self.torch: Any = None if torch is None else torch.get_rng_state()

    def differences(self) -> list[str]:
        """Names of the generators that no longer are as they were."""
        now = GlobalRandomness()
        found = [] if now.python == self.python else ["random"]
        if _compared(now.numpy) != _compared(self.numpy):
            found.append("torch" if self._by_mark(now) else "numpy.random")
        if self.torch is not None and not np.array_equal(now.torch, self.torch):
            found.append("torch")
        return found

    def _by_mark(self, now: GlobalRandomness) -> bool:
        """Whether all that differs is the word by which another process tells that PyTorch's generator has moved on."""
        same = self.numpy[2:] == now.numpy[2:]
        return bool(same and np.flatnonzero(self.numpy[1] != now.numpy[1]).tolist() == [1])

    def restore(self) -> None:
        """Put the states back."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)  # noqa: NPY002
        if self.torch is not None:
            sys.modules["torch"].set_rng_state(self.torch)

    @staticmethod
    def seed(value: int) -> None:
        """Seed all of them."""
        random.seed(value)
        np.random.seed(value)  # noqa: NPY002
        if "torch" in sys.modules:
            # Its own function seeds every device, and formats the stack for each that is not there.
            sys.modules["torch"].default_generator.manual_seed(value)


def _compared(state: Any) -> tuple[Any, ...]:
    """A state of NumPy's generator, as it can be compared."""
    return tuple(one.tobytes() if isinstance(one, np.ndarray) else one for one in state)
