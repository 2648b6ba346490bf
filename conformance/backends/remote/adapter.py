"""An adapter that lives elsewhere, as one that lives here."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.backends.remote.description import BackendDescription
from conformance.backends.remote.session import Session
from conformance.backends.remote.values import Handle
from conformance.contract.capabilities import STATEMENTS
from conformance.evidence.breakdown import AdapterBroke

_MOST_DEPTH = 8


@dataclass(frozen=True)
class _Origin:
    """How a handle came to be: the call that returned it, and which of its handles it is."""

    session: Session
    method: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    place: int


class RemoteAdapter:
    """Has the methods of an adapter over there; a process that died is started anew, and what it held is made again.

    Parameters
    ----------
    description : BackendDescription
    device : str
        Device on which the adapter works; empty for an adapter that knows none.
    session : Session, optional
        A process that is there already and that nobody else uses.
    """

    def __init__(self, description: BackendDescription, device: str = "", session: Session | None = None) -> None:
        self._description, self._device = description, device
        self._lent = False
        if session is not None:
            session.greet(device)
        self._session = Session(description, device) if session is None else session
        self._origins: weakref.WeakKeyDictionary[Handle, _Origin] = weakref.WeakKeyDictionary()
        hello = self._session.hello
        self._methods = frozenset(hello["methods"])
        self.seconds_of_a_call = description.seconds
        self.name = description.name or hello.get("name")
        self.stages = hello.get("stages")
        self.framework = hello.get("framework")
        self.version = str(hello.get("version") or "")
        self.carries = tuple(hello.get("carries") or ())
        for name, said in {**(hello.get("states") or {}), **description.states}.items():
            if name in STATEMENTS:
                setattr(self, name, said)
        if hello.get("devices") and not device:
            self.devices = tuple(hello["devices"])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._methods:
            raise AttributeError(name)
        return self._called(name)

    def on(self, device: str) -> RemoteAdapter:
        """Return the adapter that works on a device; the first takes over this one's process."""
        session = None if self._lent or self._session.ended else self._session
        self._lent = True
        return RemoteAdapter(self._description, device, session)

    def lacks(self, package: str) -> bool:
        """Whether a package cannot be found where the backend lives."""
        return self._living().lacks(package)

    def end(self) -> None:
        """End the process of the backend."""
        self._session.end()

    def _called(self, method: str) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            return self._call(method, arguments, named)

        return called

    def _call(self, method: str, arguments: Sequence[Any], named: Mapping[str, Any], depth: int = 0) -> Any:
        session = self._living()
        given = tuple(self._current(one, session, depth) for one in arguments)
        known = {name: self._current(one, session, depth) for name, one in named.items()}
        value, handles = session.call(method, given, known)
        for place, handle in enumerate(handles):
            self._origins[handle] = _Origin(session, method, tuple(arguments), dict(named), place)
        return value

    def _living(self) -> Session:
        if self._session.ended or self._lent:
            self._lent = False
            self._session = Session(self._description, self._device)
        return self._session

    def _current(self, held: Any, session: Session, depth: int) -> Any:
        """Return what stands for a handle in the process that lives; one that has died made it once."""
        origin = self._origins.get(held) if isinstance(held, Handle) else None
        if origin is None or origin.session is session:
            return held
        if depth > _MOST_DEPTH:
            raise AdapterBroke(f"what {origin.method} returned cannot be made again")
        self._call_again(held, origin, depth)
        return held

    def _call_again(self, held: Handle, origin: _Origin, depth: int) -> None:
        session = self._living()
        given = tuple(self._current(one, session, depth + 1) for one in origin.arguments)
        known = {name: self._current(one, session, depth + 1) for name, one in origin.named.items()}
        _, handles = session.call(origin.method, given, known)
        if len(handles) <= origin.place:
            raise AdapterBroke(f"what {origin.method} returned cannot be made again")
        made = handles[origin.place]
        held.key, held.stands_for = made.key, made
        self._origins[held] = _Origin(session, origin.method, origin.arguments, origin.named, origin.place)
