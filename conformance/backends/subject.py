"""The adapter under judgement, with what it offers and the scans already handed to it."""

from __future__ import annotations

import copy
import itertools
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import METHODS, OPTIONAL_METHODS, GroupRequest
from conformance.backends.conventions import Convention, conventions, translating
from conformance.backends.discovery import Selected, missing_methods, stated
from conformance.backends.guard import Guard
from conformance.backends.kept import Kept, bytes_of
from conformance.contract.capabilities import CONVENTION
from conformance.contract.stages import ROWS, Stage
from conformance.contract.types import Array
from conformance.contract.version import contract_version
from conformance.contract.versions import wordings
from conformance.evidence.tensors import as_numpy, copied
from conformance.scans.specimens import Specimen, fingerprint, write_scan


class Subject:
    """An adapter with a folder to work in.

    Attributes
    ----------
    adapter : Adapter
        The instance under judgement, behind a guard, in the convention of the contract.
    convention : Convention
        In which it is stated to take and give arrays.
    name : str
        Its name.
    folder : Path
        Scratch folder of this subject; every file handed to the adapter lies below it.
    """

    def __init__(self, selected: Selected, folder: Path) -> None:
        self.selected = selected
        self.convention = stated_convention(selected)
        self.adapter: Any = None
        if selected.adapter is not None:
            self.adapter = Guard(translating(selected.adapter, self.convention))
        self.name = selected.label
        self.folder = folder
        self._numbers = itertools.count()
        self._written: set[tuple[Any, ...]] = set()
        self._scans = Kept[tuple[Any, int, Any]](_MOST_BYTES)
        self._grouped = Kept[Mapping[str, Any]](_MOST_BYTES)

    def under(self, convention: Convention) -> Subject:
        """Return the same adapter as if it stated another convention."""
        other = copy.copy(self)
        other.convention, other.adapter = convention, Guard(translating(self.selected.adapter, convention))
        return other

    def forget_failure(self) -> None:
        """Forget the call that failed last, with all that its error holds."""
        if self.selected.adapter is not None:
            self.adapter.forget()

    def fresh_folder(self) -> Path:
        """Make an empty folder that nobody else uses."""
        folder = self.folder / f"{next(self._numbers):05d}"
        folder.mkdir(parents=True)
        return folder

    def write(self, arrays: Mapping[str, Any], name: str = "scan.npz") -> Path:
        """Write arrays as an NPZ of exactly these members in a folder of its own, and return its path."""
        path = self.fresh_folder() / name
        write_scan(path, arrays)
        self.keep_in_mind(arrays)
        return path

    def keep_in_mind(self, arrays: Mapping[str, Any]) -> None:
        """Know arrays again that were written into a file for the adapter."""
        self._written.update(mark for one in arrays.values() if (mark := _mark(one)))

    def lies_in_a_file(self, values: Array) -> bool:
        """Whether an array is one of those that were written, shape and dtype included.

        Parameters
        ----------
        values : ndarray
            What the adapter gave.
        """
        return _mark(values) in self._written

    def scan(self, arrays: Mapping[str, Any]) -> Any:
        """Hand a scan to the adapter: through a file when it reads files, else in memory."""
        if "load" in offered(self.selected):
            return self.adapter.load(self.write(arrays))
        return self.adapter.assemble(dict(arrays))

    def scan_of(self, specimen: Specimen) -> Any:
        """Hand a specimen to the adapter, once a run; again when the adapter has changed what it was handed."""
        key = (specimen.name, specimen.fingerprint)
        scan, before, _ = self._scans.get(key) or (None, 0, None)
        if scan is None or self._content(scan)[0] != before:
            from_file = specimen.path is not None and "load" in offered(self.selected)
            scan = self.adapter.load(specimen.path) if from_file else self.scan(specimen.arrays)
            # The arrays are kept, so that those of an adapter that lives elsewhere need not cross again.
            self._scans.keep(key, (scan, *self._content(scan)), bytes_of(specimen.arrays))
        return scan

    def _content(self, scan: Any) -> tuple[int, Any]:
        """Checksum of what a scan holds, and the arrays; 0 where the adapter does not tell."""
        try:
            arrays = self.adapter.arrays(scan)
            return fingerprint({name: as_numpy(one) for name, one in arrays.items() if one is not None}), arrays
        except Exception:  # noqa: BLE001 - whether a scan can be read is for the checks of reading to say
            return 0, None

    def grouped(self, specimen: Specimen, request: GroupRequest) -> Mapping[str, Any]:
        """Group a specimen, once for each request with a seed; the result must not be changed.

        What is kept are copies: an adapter that writes into results it has given away spoils no other check.
        """
        key = (specimen.name, specimen.fingerprint, request)
        if request.seed is None or request.dataset_path is not None:
            return self._group(specimen, request)
        found = self._grouped.get(key)
        if found is None:
            found = {name: copied(one) for name, one in self._group(specimen, request).items()}
            self._grouped.keep(key, found, bytes_of(found))
        return found

    def _group(self, specimen: Specimen, request: GroupRequest) -> Mapping[str, Any]:
        result: Mapping[str, Any] = self.adapter.group(self.scan_of(specimen), request)
        return result


_MOST_BYTES = 1 << 28
"""Of scans, and of groups, that are kept for the next check."""
_LARGEST_MARKED = 1 << 20


def _mark(values: Any) -> tuple[Any, ...]:
    """What tells an array from others; empty of what is none, or so large that it takes long."""
    if not isinstance(values, np.ndarray) or values.dtype.hasobject or values.nbytes > _LARGEST_MARKED:
        return ()
    return values.shape, values.dtype.str, zlib.crc32(np.ascontiguousarray(values).tobytes())


def stated_convention(selected: Selected) -> Convention:
    """Return the convention that an adapter states, as far as the version of the contract hears it."""
    if selected.convention is not None:
        return selected.convention
    if selected.adapter is None or CONVENTION not in wordings(selected.version or contract_version()):
        return Convention()
    return conventions(lambda name: stated(selected.adapter, name, Stage.CONDUCT))


def offered(selected: Selected) -> frozenset[str]:
    """Methods that a claimed stage requires, optional ones that are there, and those that make or read a scan."""
    if selected.methods:
        return selected.methods
    required = {method for stage in selected.stages for method in METHODS[Stage(stage)]}
    # Who has another method of a stage in their place lacks none of these.
    excused = {one for row in ROWS.values() if row.alone for one in row.required} - set(missing_methods(selected))
    required -= {one for one in excused if not callable(getattr(selected.adapter, one, None))}
    if not required & {"load", "assemble"}:
        required |= {method for method in ("load", "assemble") if callable(getattr(selected.adapter, method, None))}
    optional = {method for method in OPTIONAL_METHODS if callable(getattr(selected.adapter, method, None))}
    # What is measured is judged by the arrays that it holds.
    read = {"arrays"} if "measure" in optional and callable(getattr(selected.adapter, "arrays", None)) else set()
    return frozenset(required | optional | read)
