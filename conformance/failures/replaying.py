"""The replay of a capsule as a command: which adapters, and what is said of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance.backends.discovery import Selected, installed_adapters, select
from conformance.failures.capsule import Capsule, DamagedCapsule, command, read_capsule
from conformance.failures.replay import Replay, Verdict, replay


def replayed(folder: Path, names: Sequence[str], devices: Sequence[str] = ()) -> tuple[Replay, ...]:
    """Replay a capsule on adapters.

    Without names it is the adapter that the capsule names, if that is installed: a capsule may come from anyone, so
    nothing is imported because a capsule says so.

    Parameters
    ----------
    folder : Path
        The capsule.
    names : sequence of str
        Installed names or import paths.
    devices : sequence of str
        Only these devices of adapters that work on several.

    Raises
    ------
    AdapterNotFound, DeviceNotPresent, MalformedAdapter
        As :func:`conformance.backends.discovery.select`, about the names given here.
    """
    chosen = select(names, devices) if names else None
    try:
        capsule = read_capsule(folder)
    except DamagedCapsule as error:
        labels = [one.label for one in chosen] if chosen else [""]
        return tuple(Replay(label, Verdict.CANNOT_RUN, str(error)) for label in labels)
    if chosen is None:
        chosen = _own(capsule, devices)
        if not chosen:
            return (Replay(_printable(capsule.adapter), Verdict.CANNOT_RUN, _unnamed(capsule, folder)),)
    return tuple(replay(capsule, one) for one in chosen)


def _own(capsule: Capsule, devices: Sequence[str]) -> tuple[Selected, ...]:
    """Return the adapter that a capsule names, if it is an installed one."""
    name = next((one for one in (capsule.asked, capsule.adapter) if one in installed_adapters()), None)
    if name is None:
        return ()
    return tuple(one for one in select([name], devices) if devices or one.label == capsule.adapter)


def _unnamed(capsule: Capsule, folder: Path) -> str:
    suggested = capsule.asked if all(part.isidentifier() for part in capsule.asked.replace(":", ".").split(".")) else ""
    return (
        "its adapter is none that is installed here, and a capsule does not say what is imported; if you know it: "
        f"{command(folder, suggested or 'NAME')}"
    )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:80])
