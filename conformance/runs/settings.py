"""What a judgement is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TimeLimit:
    """When a run ends, whatever is left to decide.

    Attributes
    ----------
    minutes : float
        How long the run may take.
    at : float
        When it ends, on the clock of :func:`time.monotonic`, which is the same to every process of this machine.
    """

    minutes: float
    at: float

    def sentence(self) -> str:
        """Say that it is reached."""
        return f"the time was up (--minutes {self.minutes:g})"


@dataclass(frozen=True)
class RunSettings:
    """What a judgement is asked to do; it holds names and paths only, so that it can be handed to another process.

    Attributes
    ----------
    adapters : tuple of str
        Installed names or import paths; empty means every installed adapter.
    devices : tuple of str
        Only these devices of adapters that work on several; empty means every one present.
    stages : tuple of str
        Only these stages; empty means all.
    scan : Path or None
        A scan of the user's to judge on, beside the synthetic ones.
    expected : Path or None
        List of expected failures.
    capsules : Path or None
        Folder into which every failure is written, to be replayed.
    profile : str or None
        Hypothesis profile, see :data:`conformance.engine.declaration.PROFILES`; None is that of the environment.
    frameworks : bool
        Whether checks that make TensorFlow or PyTorch tensors take part.
    one_capsule_a_cause : bool
        Whether failures on the same grounds are written once; otherwise every failure is.
    version : str
        Version of the contract by whose clauses is judged; empty for the one that ships.
    time : TimeLimit or None
        When the run ends; None lets it decide everything.
    """

    adapters: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    scan: Path | None = None
    expected: Path | None = None
    capsules: Path | None = None
    profile: str | None = None
    frameworks: bool = True
    one_capsule_a_cause: bool = False
    version: str = ""
    time: TimeLimit | None = None
