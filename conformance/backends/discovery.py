"""Finds adapters: by entry point name, or by ``package.module:Class``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, entry_points
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from conformance.backends.conventions import Convention
from conformance.backends.guard import is_watched
from conformance.backends.remote.description import (
    BackendDescription,
    MalformedBackend,
    at_python,
    read_description,
)
from conformance.contract.arrays import carried_arrays
from conformance.contract.capabilities import STATEMENTS
from conformance.contract.crossing import Crossing
from conformance.contract.stages import ALWAYS_CLAIMED, ROWS, Stage
from conformance.contract.telling import told

ENTRY_POINT_GROUP = "ptycho_conformance.adapters"


class AdapterNotFound(Crossing, LookupError):
    """No adapter answers to the name or import path given."""


class DeviceNotPresent(Crossing, LookupError):
    """A device was asked for that this machine does not have."""


class MalformedAdapter(Crossing, TypeError):
    """The class found is not an adapter: it lacks a name, or claims an unknown stage or array."""


@dataclass(frozen=True)
class Selected:
    """An adapter that takes part in a run, or the reason why it cannot.

    Attributes
    ----------
    label : str
        How the user asked for it; the adapter's own name once it is made.
    adapter : object or None
        The instance; None when a dependency is missing.
    stages : frozenset of Stage
        What it claims.
    missing : str
        Why there is no instance, with the install command.
    framework : str or None
        Framework that the adapter needs, as far as it says so.
    asked : str
        The installed name or import path that led to it; empty when nobody asked.
    version : str
        Version of the contract by which it is judged, whose statements are heard; empty for the one that ships.
    release : str
        Version of the backend; empty where nobody says.
    convention : Convention or None
        What an instance states that lives in another process; None where the instance is here, or nothing was told.
    methods : frozenset of str
        What such an instance offers.
    """

    label: str
    adapter: Any
    stages: frozenset[Stage]
    missing: str = ""
    framework: str | None = None
    asked: str = ""
    version: str = ""
    release: str = ""
    convention: Convention | None = None
    methods: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return self.label


def installed_adapters() -> tuple[str, ...]:
    """Names of the adapters that installed packages announce."""
    return tuple(sorted(point.name for point in entry_points(group=ENTRY_POINT_GROUP)))


def select(names: Iterable[str], devices: Sequence[str] = ()) -> tuple[Selected, ...]:
    """Make the adapters that ``names`` stand for; none given means every installed one.

    An adapter with the attribute ``devices`` takes part once for each device, as what its method ``on`` returns.

    Parameters
    ----------
    names : iterable of str
    devices : sequence of str
        Only these devices, such as ``"cpu"`` or ``"cuda"``; empty means every one present.

    Raises
    ------
    AdapterNotFound
        A name is neither an entry point nor an importable ``package.module:Class``.
    DeviceNotPresent
        An adapter that works on devices has none of those asked for.
    MalformedAdapter
        The class is not an adapter, or two adapters share a name.
    """
    wanted = tuple(names) or installed_adapters()
    if not wanted:
        raise AdapterNotFound("no adapter is installed; name one with --adapter package.module:Class")
    return told_apart(one for name in dict.fromkeys(wanted) for one in _on_devices(_make(name), devices))


def told_apart(adapters: Iterable[Selected]) -> tuple[Selected, ...]:
    """Return adapters of which no two have one label.

    Raises
    ------
    MalformedAdapter
        Two adapters share a name.
    """
    chosen = tuple(adapters)
    labels = [one.label for one in chosen]
    if len(set(labels)) != len(labels):
        raise MalformedAdapter(f"two adapters call themselves the same: {', '.join(labels)}; give each its own name")
    return chosen


def anew(selected: Selected) -> Selected:
    """Make a selected adapter again, as a new process would; where that cannot be done, it is the same instance."""
    try:
        if selected.asked:
            made = _make(selected.asked)
        else:
            made = replace(selected, adapter=type(selected.adapter)(), label=selected.label)
        found = next(one for one in _on_devices(made, ()) if one.label == selected.label)
        return replace(found, version=selected.version)
    except Exception:  # noqa: BLE001 - what an adapter raises while it is made is judged elsewhere
        return selected


def _on_devices(made: Selected, devices: Sequence[str]) -> list[Selected]:
    present = _devices(made)
    if not present:
        return [made]
    used = [device for device in present if not devices or device in devices or device.partition(":")[0] in devices]
    if not used:
        raise DeviceNotPresent(f"{made.label}: none of {', '.join(devices)} is here; present: {', '.join(present)}")
    placed = [made.adapter.on(device) for device in used]
    for one in map(type, placed):
        if one is not type(made.adapter) and isinstance(made.adapter, one):
            raise MalformedAdapter(f"{made.label}: on() gives {one.__name__}, without what is derived from it")
    return [replace(made, adapter=adapter, label=_name(adapter, made.label)) for adapter in placed]


def _devices(made: Selected) -> tuple[str, ...]:
    """Devices that an adapter announces; an attribute that is no sequence of texts means something else."""
    present = getattr(made.adapter, "devices", None)
    if not isinstance(present, Sequence) or isinstance(present, str) or not all(isinstance(d, str) for d in present):
        return ()
    return tuple(present)


def _make(name: str) -> Selected:
    try:
        found = _found(name)
        # An instance may be callable too; what already has a name and stages is no factory.
        ready = not isinstance(found, type) and hasattr(found, "name") and hasattr(found, "stages")
        adapter = found if ready or not callable(found) else found()
    except AdapterNotFound:
        raise
    except ImportError as error:
        own = name.partition(":")[0].partition(".")[0]
        if ":" in name and isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == own:
            raise AdapterNotFound(f"{name}: {error}") from error
        framework = getattr(error, "framework", error.name)
        return Selected(name, None, frozenset(Stage), missing=_missing(error), framework=framework, asked=name)
    except BaseException as error:
        # A user's interruption never reaches a process that is watched.
        if isinstance(error, KeyboardInterrupt) and not is_watched():
            raise
        raise MalformedAdapter(f"{name}: making the adapter ended in {type(error).__name__}: {told(error)}") from error
    return replace(taken(adapter, name), asked=name)


def taken(adapter: Any, asked: str = "") -> Selected:
    """Take an adapter that was made already; ``asked`` is how it was asked for.

    Raises
    ------
    MalformedAdapter
        It has no name, claims a stage or an array that there is not, or states what nobody can.
    """
    asked = asked or type(adapter).__name__
    unknown = sorted(carried(adapter) - carried_arrays())
    if unknown:
        known_arrays = ", ".join(sorted(carried_arrays()))
        raise MalformedAdapter(f"{asked}: 'carries' names {', '.join(unknown)}; what may stand there: {known_arrays}")
    for mistake in _mistaken(adapter):
        raise MalformedAdapter(f"{asked}: {mistake}")
    framework = getattr(adapter, "framework", None)
    known = framework if isinstance(framework, str) else None
    release = release_of(adapter)
    return Selected(_name(adapter, asked), adapter, _stages(adapter, asked), framework=known, release=release)


def _found(name: str) -> Any:
    """Return the class or the instance that a name stands for; one that lives elsewhere is made there."""
    if name.endswith(".toml"):
        return _elsewhere(lambda: read_description(Path(name)))
    adapter, at, python = name.partition("@")
    if at:
        return _elsewhere(lambda: at_python(adapter, python))
    return _by_path(name) if ":" in name else _by_entry_point(name)


def _elsewhere(described: Callable[[], BackendDescription]) -> Any:
    from conformance.backends.remote.adapter import RemoteAdapter

    try:
        description = described()
    except (MalformedBackend, OSError) as error:
        raise AdapterNotFound(str(error)) from error
    return RemoteAdapter(description)


def _missing(error: ImportError) -> str:
    """Sentence that names the package that an adapter lacks; its own, where that holds an install command."""
    said = told(error) or type(error).__name__
    if isinstance(error, RuntimeError) or not error.name:
        return said
    if isinstance(error, ModuleNotFoundError):
        return f"the package {error.name.partition('.')[0]} is missing ({said})"
    return f"the package {error.name.partition('.')[0]} cannot be used ({said})"


def _by_path(path: str) -> Any:
    module_name, _, attribute = path.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    module = importlib.import_module(module_name)
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise AdapterNotFound(f"{path}: module {module_name} has no attribute {attribute!r}") from error


def _by_entry_point(name: str) -> Any:
    found = [point for point in entry_points(group=ENTRY_POINT_GROUP) if point.name == name]
    if not found:
        known = ", ".join(installed_adapters()) or "none"
        raise AdapterNotFound(
            f"no adapter is called {name!r}; installed: {known}. An adapter that is not installed is named "
            "by its import path, package.module:Class."
        )
    return found[0].load()


def _name(adapter: Any, asked: str) -> str:
    name = getattr(adapter, "name", None)
    if not isinstance(name, str) or not name:
        raise MalformedAdapter(f"{asked}: an adapter needs a text attribute 'name'")
    return name


def _stages(adapter: Any, asked: str) -> frozenset[Stage]:
    claimed = getattr(adapter, "stages", None)
    if claimed is None or isinstance(claimed, str):
        raise MalformedAdapter(f"{asked}: an adapter needs an attribute 'stages', a set of stage names")
    known = {str(stage) for stage in Stage}
    unknown = [str(stage) for stage in claimed if str(stage) not in known]
    if unknown:
        raise MalformedAdapter(f"{asked}: unknown stages {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return frozenset(Stage(str(stage)) for stage in claimed) | ALWAYS_CLAIMED


def carried(adapter: Any) -> frozenset[str]:
    """Arrays left to backends that an adapter says it carries; none where it says nothing, or no names."""
    said = getattr(adapter, "carries", ())
    if isinstance(said, str):
        return frozenset({said})
    return frozenset(str(one) for one in said) if isinstance(said, Iterable) else frozenset()


def stated(adapter: Any, name: str, stage: Stage) -> str:
    """Return what an adapter states of itself for a stage; empty where it says nothing.

    Parameters
    ----------
    adapter : object
    name : str
        A key of :data:`.capabilities.STATEMENTS`: an attribute that is a text or a number, or a mapping of stages to
        these.
    stage : Stage
    """
    said = getattr(adapter, name, None)
    if isinstance(said, Mapping):
        said = {str(key): value for key, value in said.items()}.get(str(stage))
    return STATEMENTS[name].value_of(said) if stage in STATEMENTS[name].held_by else ""


def _mistaken(adapter: Any) -> Iterator[str]:
    """Yield what is wrong with the statements of an adapter."""
    for name, one in STATEMENTS.items():
        said = getattr(adapter, name, None)
        if said is None or callable(said):
            continue
        by_stage = dict(said) if isinstance(said, Mapping) else dict.fromkeys(one.held_by, said)
        for stage, value in by_stage.items():
            if str(stage) not in map(str, one.held_by):
                yield f"'{name}' speaks of {stage}; it may speak of {', '.join(map(str, one.held_by))}"
            elif not one.value_of(value):
                yield f"'{name}' is {value!r}; what may stand there: {one.may_be()}"
    unit, size = (stated(adapter, name, Stage.CONDUCT) for name in ("unit", "pixel_size"))
    if unit not in ("", "px") and float(size or 0) <= 0:
        yield f"'unit' is {unit!r}; 'pixel_size' must say how many metres wide a pixel of the object is"


def release_of(adapter: Any) -> str:
    """Return the version of a backend: what its adapter says, else that of the distribution named as its package."""
    said = getattr(adapter, "version", None)
    if isinstance(said, str):
        return said
    try:
        return version_of(type(adapter).__module__.partition(".")[0])
    except (PackageNotFoundError, ValueError):
        return ""


def missing_methods(selected: Selected) -> tuple[str, ...]:
    """Methods that the claimed stages need and the adapter lacks."""
    claimed = (ROWS[stage] for stage in Stage if stage in selected.stages)
    needed = dict.fromkeys(one for row in claimed if not _has(selected, row.alone) for one in row.required)
    return tuple(method for method in needed if not _has(selected, method))


def _has(selected: Selected, method: str) -> bool:
    return bool(method) and callable(getattr(selected.adapter, method, None))
