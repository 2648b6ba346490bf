"""Backends whose refusals and warnings stay in the process that made them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.adapter import GroupRequest
from tests.zoo.liar import Liar, breaks
from tests.zoo.liars.conduct.errors import Restating, Reworded


class Crossing(Restating):
    """Refuses rightly and in the same words, by an error of another class."""

    kind: Callable[[str, str], Exception]

    def restated(self, error: ValueError) -> Exception:
        self.land()
        return type(self).kind(str(error), error.remedy)


class AsksForItsRemedy(ValueError):
    """Hands the message alone to its base, and cannot be made of that."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


class NamesOnly(ValueError):
    """Takes nothing but keywords."""

    def __init__(self, *, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


class Forgetful(Reworded):
    """Is made anew of its message."""

    def __reduce__(self) -> Any:
        return type(self), self.args


class BecomesItsBase(Reworded):
    """Is made anew as its base class."""

    def __reduce__(self) -> Any:
        return Reworded, (str(self), self.remedy)


class Prefixed(Reworded):
    """Says what it is whenever it is made, and so twice in another process."""

    def __init__(self, text: str, remedy: str | None = None) -> None:
        super().__init__(f"refused: {text}", remedy)


class Locked(Reworded):
    """Holds what no process can hand over."""

    def __init__(self, text: str, remedy: str | None = None) -> None:
        super().__init__(text, remedy)
        self.lock = threading.Lock()


@breaks("CND-018")
class RaisesErrorsThatCannotBeReadAgain(Crossing):
    kind = AsksForItsRemedy


@breaks("CND-018")
class RaisesErrorsMadeOfKeywords(Crossing):
    kind = staticmethod(lambda text, remedy: NamesOnly(text=text, remedy=remedy))


@breaks("CND-018")
class LosesTheRemedyOnTheWay(Crossing):
    kind = Forgetful


@breaks("CND-018")
class LosesTheClassOnTheWay(Crossing):
    kind = BecomesItsBase


@breaks("CND-018")
class RepeatsItselfOnTheWay(Crossing):
    kind = Prefixed


@breaks("CND-018")
class RaisesErrorsThatHoldALock(Crossing):
    kind = Locked


@breaks("CND-018")
class RaisesErrorsOfAClassMadeOnTheSpot(Crossing):
    def restated(self, error: ValueError) -> Exception:
        self.land()
        return type("Refused", (Reworded,), {})(str(error), error.remedy)


@breaks("CND-018")
class RefusesGroupingsByErrorsThatCannotBeReadAgain(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        try:
            return self.right.group(scan, request)
        except ValueError as error:
            self.land()
            raise AsksForItsRemedy(str(error), error.remedy) from error  # type: ignore[attr-defined]


class Doubt(UserWarning):
    """Takes the number of the line as well."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


class WarningAnew(Liar):
    """Warns when the right backend does, in the same words, by a warning of another class."""

    def load(self, path: Path) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scan = self.right.load(path)
        for one in caught:
            self.land()
            warnings.warn(self.restated(str(one.message)), stacklevel=2)
        return scan

    def restated(self, text: str) -> Warning:
        raise NotImplementedError


@breaks("CND-018")
class WarnsOfWhatCannotBeReadAgain(WarningAnew):
    def restated(self, text: str) -> Warning:
        return Doubt(text, 12)


@breaks("CND-018")
class WarnsByAClassMadeOnTheSpot(WarningAnew):
    def restated(self, text: str) -> Warning:
        return type("Odd", (UserWarning,), {})(text)
