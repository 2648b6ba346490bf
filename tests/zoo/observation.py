"""Everything that comes out of a call: result or error, what it told, left behind and did to random generators."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Observation:
    """Everything that came out of one call."""

    result: Any = None
    error: Exception | None = None
    printed: str = ""
    warned: list[warnings.WarningMessage] = field(default_factory=list)
    random_changed: bool = False
    created: tuple[str, ...] = ()


def observed(adapter: Any, name: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> Observation:
    """Call a method, and note everything that comes out of it."""
    seen = Observation()
    with watching(seen):
        seen.result = getattr(adapter, name)(*arguments, **named)
    return seen


@contextlib.contextmanager
def watching(seen: Observation) -> Iterator[None]:
    """Note what a step tells and leaves behind, and the error in which it ends."""
    before, there = _random_states(), set(Path().iterdir())
    with warnings.catch_warnings(record=True) as caught, _listening() as heard:
        warnings.simplefilter("always")
        try:
            yield
        except Exception as error:  # noqa: BLE001 - what a liar raises is what came out
            seen.error = error
    seen.printed += heard.getvalue()
    # A resource is found unclosed whenever the garbage is collected, whoever left it.
    seen.warned += [one for one in caught if not issubclass(one.category, ResourceWarning)]
    seen.random_changed |= before != _random_states()
    seen.created += tuple(sorted(path.name for path in set(Path().iterdir()) - there))


def passed_on(seen: Observation) -> Any:
    """Give the caller what it would have got: warnings, then the error or the result."""
    for one in seen.warned:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if seen.error is not None:
        raise seen.error
    return seen.result


class _Tee(io.StringIO):
    """Keeps what is written, and writes it on."""

    def __init__(self, onward: Any) -> None:
        super().__init__()
        self.onward = onward

    def write(self, text: str) -> int:
        self.onward.write(text)
        return super().write(text)


@contextlib.contextmanager
def _listening() -> Iterator[io.StringIO]:
    tee = _Tee(sys.stdout)
    with contextlib.redirect_stdout(tee):
        yield tee


def _random_states() -> tuple[Any, ...]:
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - the global state is what is looked at
    torch = sys.modules.get("torch")
    more = () if torch is None else (torch.get_rng_state().numpy().tobytes(),)
    return (random.getstate(), kind, keys.tobytes(), *rest, *more)
