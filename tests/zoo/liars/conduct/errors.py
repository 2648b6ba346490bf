"""Backends whose errors do not say what is wrong."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance.adapter import ConfigureRequest, GroupRequest
from tests.zoo.liar import Array, Liar, breaks


class Restating(Liar):
    """Refuses rightly, in other words."""

    def restated(self, error: ValueError) -> Exception:
        raise NotImplementedError

    def _heard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except ValueError as error:
            raise self.restated(error) from error

    def load(self, path: Path) -> Any:
        return self._heard(lambda: self.right.load(path))

    def group(self, scan: Any, request: GroupRequest) -> Any:
        return self._heard(lambda: self.right.group(scan, request))

    def configure(self, request: ConfigureRequest) -> Any:
        return self._heard(lambda: self.right.configure(request))


class Reworded(ValueError):
    """A refusal with a remedy."""

    def __init__(self, text: str, remedy: str | None = None) -> None:
        super().__init__(text)
        self.remedy = remedy


@breaks("CND-008")
class RaisesAssertionErrors(Restating):
    def restated(self, error: ValueError) -> Exception:
        return AssertionError(str(error))


@breaks("CND-008")
class RaisesIndexErrors(Restating):
    def restated(self, error: ValueError) -> Exception:
        return IndexError(str(error))


@breaks("CND-008")
class RaisesKeyErrors(Restating):
    def restated(self, error: ValueError) -> Exception:
        return KeyError(str(error))


@breaks("CND-008")
class RaisesRuntimeErrorsWhenGrouping(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        try:
            return self.right.group(scan, request)
        except ValueError as error:
            raise RuntimeError(str(error)) from error


@breaks("CND-009")
class KeepsTheFileToItself(Restating):
    def restated(self, error: ValueError) -> Exception:
        file = getattr(error, "file", None) or "?"
        return Reworded(str(error).replace(file, "the file"), error.remedy)


@breaks("CND-009")
class NamesTheFolderOnly(Restating):
    def restated(self, error: ValueError) -> Exception:
        file = Path(str(getattr(error, "file", None) or "?"))
        return Reworded(str(error).replace(file.name, "…"), error.remedy)


@breaks("CND-010")
class KeepsTheArrayToItself(Restating):
    def restated(self, error: ValueError) -> Exception:
        array = getattr(error, "array", None) or "?"
        return Reworded(str(error).replace(array, "it"), error.remedy.replace(array, "it"))


@breaks("CND-010")
class NamesTheAliasOfTheArray(Restating):
    def restated(self, error: ValueError) -> Exception:
        text = str(error).replace("diff3d", "diffraction data")
        return Reworded(text, error.remedy.replace("diff3d", "diffraction data"))


@breaks("CND-011")
class KeepsTheClauseToItself(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.clause, "contract"), error.remedy)


@breaks("CND-011")
class AlwaysNamesTheFirstClause(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.clause, "NPZ-001"), error.remedy)


@breaks("CND-012")
class OffersNoRemedy(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).partition(" Remedy:")[0], None)


@breaks("CND-012")
class OffersItsRemedyInSilence(Restating):
    """The remedy is an attribute; the message does not hold it."""

    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.remedy, ""), error.remedy)


@breaks("CND-012")
class OffersAWordForARemedy(Restating):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace(error.remedy, "Abort"), "Abort")


@breaks("CND-008")
class LetsTheArchiveErrorThrough(Liar):
    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) == "NPZ-033":
                raise zipfile.BadZipFile(f"{path}: damaged [NPZ-033]") from error
            raise


class OfArrays(Liar):
    """Refuses arrays that do not fit in other words; files and requests as it should."""

    def restated(self, error: ValueError) -> Exception:
        raise NotImplementedError

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Any:
        return self._heard(lambda: self.right.patches(obj, centres_xy, N))

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        return self._heard(lambda: self.right.reassemble(patches, centres_xy, chunk))

    def _heard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except ValueError as error:
            self.land()
            raise self.restated(error) from error


@breaks("CND-010")
class LeavesArraysUnnamed(OfArrays):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).replace("centres_xy", "input").replace("patches", "input"), error.remedy)


@breaks("CND-011")
class CitesAClauseThatNeverWas(OfArrays):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(f"{str(error).partition('[')[0]}[REA-099] Remedy: {error.remedy}", error.remedy)


@breaks("CND-012")
class LeavesTheRemedyOfArraysEmpty(OfArrays):
    def restated(self, error: ValueError) -> Exception:
        return Reworded(str(error).partition(" Remedy:")[0], "")


class OfOneCall(ValueError):
    """A refusal that asks for more than its message when it is made again."""

    def __init__(self, array: str, problem: str) -> None:
        super().__init__(f"{array}: {problem}")
        self.array = array


@breaks("CND-018")
class RefusesArraysInThisProcessOnly(OfArrays):
    def restated(self, error: ValueError) -> Exception:
        return OfOneCall("centres_xy", str(error))


@breaks("CND-009")
class FormatsMessagesWithPaths(Liar):
    """A name with braces is taken for a field of the message."""

    def load(self, path: Path) -> Any:
        try:
            return self.right.load(path)
        except ValueError:
            str(path).format()
            raise


class OfAList(ValueError):
    """A refusal of a data set, by the name of its list."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message, remedy)
        self.remedy = remedy

    def __str__(self) -> str:
        return str(self.args[0])


@breaks("CND-009")
class NamesTheFirstFileOfAList(Liar):
    """What a worker raised is told with the file that the list begins with."""

    def batches(self, paths: Sequence[Path], request: Any) -> Iterator[Any]:
        try:
            yield from self.right.batches(paths, request)
        except ValueError as error:
            message = str(error)
            for path in list(paths)[1:]:
                message = message.replace(Path(path).name, Path(paths[0]).name)
            raise OfAList(message, getattr(error, "remedy", None)) from error
