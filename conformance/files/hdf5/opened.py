"""An HDF5 file, read through a process of its own."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.pace import told
from conformance.files.unfit import UnfitFile

BLOCK_BYTES = 1 << 24
_MOST_SMALL = 256 << 20
_PATIENCE = 60.0
_PIECE = 1 << 20
_LONGEST_LINE = 64 << 20
_OPEN = "its writer has not closed it: wait until it does; if it died, h5clear -s COPY, and look for the last frames"
_LINKS = ("external", "dangling")
_FILTERS: Mapping[int, str] = {
    32000: "LZF",
    32001: "Blosc",
    32004: "LZ4",
    32008: "bitshuffle",
    32013: "ZFP",
    32015: "Zstandard",
    32017: "SZ",
    32026: "Blosc2",
}


@dataclass(frozen=True)
class Node:
    """One object of an HDF5 file, or a link.

    Attributes
    ----------
    path : str
    kind : str
        ``group``, ``dataset``, ``external``, ``dangling``, ``damaged`` or ``cut``.
    attributes : Mapping[str, Any]
        Small attributes in plain types.
    shape : tuple of int or None
    dtype : numpy.dtype or None
        None for what is no number.
    value : Any
        Content of a small dataset in plain types.
    filters : tuple of (int, str)
        Ids and names of the filters that pack a dataset.
    available : bool
        Whether the HDF5 library here has all of them.
    outside : bool
        Whether the values lie in other files.
    file, target : str
        Where an external or dangling link leads; of values outside: the other files, in words.
    references : tuple of str
        Paths of what a dataset points to, as the cells of MATLAB do.
    """

    path: str
    kind: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    dtype: np.dtype[Any] | None = None
    value: Any = None
    filters: tuple[tuple[int, str], ...] = ()
    available: bool = True
    outside: bool = False
    file: str = ""
    target: str = ""
    references: tuple[str, ...] = ()


class OpenedHdf5:
    """An HDF5 file, open for as long as this is used as a context.

    Attributes
    ----------
    path : Path
    nodes : Mapping[str, Node]
        What the file holds, by path.

    Raises
    ------
    UnfitFile
        The HDF5 library cannot read the file, breaks down over it, or takes too long.
    OSError
        The file cannot be read.
    """

    nodes: Mapping[str, Node]
    _child: subprocess.Popen[bytes]
    _pending: bytearray

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity, self._waits = _identity(path), False
        kept = _kept.get()
        before = kept.pop(self._identity, None) if kept and self._identity else None
        if before is not None:
            self._child, self._pending, self.nodes, self._waits = before._child, before._pending, before.nodes, True
            return
        command = [sys.executable, "-I", "-X", "utf8", str(Path(__file__).with_name("child.py")), str(path.resolve())]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            bufsize=0,
        )
        self._pending = bytearray()
        _widen(self._child.stdout)
        try:
            self.nodes = {one["path"]: _node(one) for one in self._reply()["nodes"]}
        except BaseException:
            self.close()
            raise
        self._waits = True

    @property
    def links(self) -> tuple[str, ...]:
        """Links that are not followed, and where they lead, in words."""
        return tuple(f"the link {one.path} {_leads(one)}" for one in self.nodes.values() if one.kind in _LINKS)

    def stored(self, path: str) -> Dataset:
        """Return the values of a dataset, to be read in blocks.

        Raises
        ------
        UnfitFile
            It is missing, holds no numbers, lies in other files, or is packed by a filter that this library lacks.
        """
        node = self.nodes.get(path)
        if node is None:
            raise UnfitFile("FIL-002", path, "it is missing")
        if node.kind == "external":
            raise UnfitFile("FIL-020", path, f"it is a link to {node.file}, which is not followed: copy its data here")
        if node.outside:
            named = f": {node.file}" if node.file else ""
            why = f"its values lie in other files (external storage or a virtual data set){named}"
            raise UnfitFile("FIL-020", path, why)
        if not node.available:
            raise UnfitFile("FIL-021", path, packed_by(node))
        if node.shape is None or node.dtype is None:
            raise UnfitFile("FIL-002", path, "it holds no numbers")
        return Dataset(self, path, node.shape, node.dtype)

    def read(self, path: str, start: int, stop: int, *, rows: bool = True, lead: int = 0) -> bytearray:
        """Return the bytes of some rows of a dataset, or of all of it.

        Parameters
        ----------
        path : str
        start, stop : int
            Rows along the first axis.
        rows : bool
            Whether to take rows; otherwise the whole.
        lead : int
            Axes of length one before that axis.
        """
        request = json.dumps({"path": path, "start": start, "stop": stop, "rows": rows, "lead": lead}) + "\n"
        assert self._child.stdin is not None
        self._waits = False
        try:
            self._child.stdin.write(request.encode())
        except BrokenPipeError:
            raise self._broke_down() from None
        content = self._exactly(int(self._reply(path)["bytes"]))
        self._waits = True
        return content

    def _reply(self, array: str = "file") -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while b"\n" not in self._pending:
            self._receive(deadline)
            if len(self._pending) > _LONGEST_LINE:
                raise UnfitFile("FIL-022", array, "the list of what it holds has no end")
        line, _, rest = bytes(self._pending).partition(b"\n")
        self._pending = bytearray(rest)
        said: dict[str, Any] = json.loads(line)
        if "missing" in said:
            raise UnfitFile("FIL-021", array, "HDF5 files need h5py: pip install 'ptycho-conformance[formats]'")
        if "trouble" in said:
            # What the operating system refuses is no fault of the file.
            if said["errno"] is not None:
                raise OSError(said["errno"], os.strerror(said["errno"]), str(self.path))
            why = f"the HDF5 library cannot read it: {said['trouble'][:200]}{self._packed(array)}"
            raise UnfitFile("FIL-022", array, _OPEN if "consistency flags" in said["trouble"] else why)
        return said

    def _packed(self, array: str) -> str:
        """Say how a dataset is packed, where that may be why it cannot be read."""
        node = getattr(self, "nodes", {}).get(array)
        foreign = (
            [f"{code} ({name or _FILTERS.get(code, 'unknown')})" for code, name in node.filters if code > 6]
            if node
            else []
        )
        return f"; it is packed by filter {', '.join(foreign)}, of the package hdf5plugin" if foreign else ""

    def _exactly(self, count: int) -> bytearray:
        """The next bytes, written where they stay: frames are too many to be copied once more."""
        deadline = time.monotonic() + _PATIENCE
        content = bytearray(count)
        place = min(count, len(self._pending))
        content[:place] = self._pending[:place]
        del self._pending[:place]
        view = memoryview(content)
        while place < count:
            place += self._received_into(view[place:], deadline)
        return content

    def _receive(self, deadline: float) -> None:
        piece = bytearray(_PIECE)
        self._pending += piece[: self._received_into(memoryview(piece), deadline)]

    def _received_into(self, place: memoryview, deadline: float) -> int:
        """Wait for bytes, write them into memory, and return how many there were."""
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise UnfitFile("FIL-022", "file", f"the HDF5 library did not answer within {_PATIENCE:.0f} s")
        count = os.readv(self._child.stdout.fileno(), [place[:_PIECE]])
        if not count:
            raise self._broke_down()
        return count

    def _broke_down(self) -> UnfitFile:
        code = self._child.wait()
        how = f"signal {-code}" if code < 0 else f"status {code}"
        return UnfitFile("FIL-022", "file", f"the HDF5 library broke down over it ({how})")

    def close(self) -> None:
        """End the process that reads the file, or keep it for the next look, where there may be one."""
        kept = _kept.get()
        if kept is not None and self._waits and self._identity and self._identity not in kept:
            kept[self._identity] = self
        else:
            self.end()

    def end(self) -> None:
        """End the process that reads the file."""
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> OpenedHdf5:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_Identity = tuple[str, int, int, int, int]
_kept: ContextVar[dict[_Identity, OpenedHdf5] | None] = ContextVar("_kept", default=None)


@contextlib.contextmanager
def looked_at_again() -> Iterator[None]:
    """Let a process that is done with a file serve the next look at the same file; at the end none is left."""
    kept: dict[_Identity, OpenedHdf5] = {}
    token = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(token)
        for one in kept.values():
            one.end()


def _identity(path: Path) -> _Identity | None:
    """What tells a file from any other and from itself before a change; None where nobody looks again."""
    if _kept.get() is None:
        return None
    with contextlib.suppress(OSError):
        found = path.stat()
        return str(path.resolve()), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return None


@dataclass(frozen=True)
class Dataset:
    """The values of one dataset, read in blocks along its first axis.

    Attributes
    ----------
    file : OpenedHdf5
    name : str
    shape : tuple of int
    dtype : numpy.dtype
    """

    file: OpenedHdf5
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool = False
    needs_unpickling: bool = False

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the values, some slices of the first axis that is longer than one at a time."""
        if not self.shape or 0 in self.shape:
            yield self._block(self.file.read(self.name, 0, 0, rows=False), self.shape)
            return
        # Axes of length one before the frames would make one block of them all.
        lead = next((axis for axis, n in enumerate(self.shape[:-1]) if n != 1), len(self.shape) - 1)
        before, rows, after = self.shape[:lead], self.shape[lead], self.shape[lead + 1 :]
        step = max(1, BLOCK_BYTES // max(1, math.prod(after) * self.dtype.itemsize))
        for first in range(0, rows, step):
            count = min(step, rows - first)
            content = self.file.read(self.name, first, first + count, lead=lead)
            yield self._block(content, (*before, count, *after))
            told(self.name, first + count, rows)

    def array(self) -> NDArray[Any]:
        """Return all values.

        Raises
        ------
        UnfitFile
            They take more memory than positions, probes and objects do.
        """
        size = math.prod(self.shape) * self.dtype.itemsize
        if size > _MOST_SMALL:
            raise UnfitFile("FIL-022", self.name, f"it claims {size / 1e6:.0f} MB, where a probe or positions stand")
        parts = list(self.blocks())
        return parts[0] if len(parts) == 1 else np.concatenate([one.ravel() for one in parts]).reshape(self.shape)

    def _block(self, content: bytearray, shape: tuple[int, ...]) -> NDArray[Any]:
        if len(content) != math.prod(shape) * self.dtype.itemsize:
            raise UnfitFile(
                "FIL-022", self.name, "the HDF5 library gave another number of values than the file promises"
            )
        return np.frombuffer(content, self.dtype).reshape(shape)


def _widen(pipe: Any) -> None:
    """Let a pipe pass fewer, larger pieces; where the system does not grant it, it stays as it is."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIECE)


def _leads(link: Node) -> str:
    if link.kind == "dangling":
        return f"leads to {link.target or 'nothing'}, which is not in the file"
    return f"leads to {link.file}, which is not followed: give that file too, or copy its data here"


def packed_by(node: Node) -> str:
    """Say which filter packs a dataset that cannot be unpacked here, and what to install."""
    lacking = [one for one in node.filters if one[0] > 6]
    names = ", ".join(f"{code} ({name or _FILTERS.get(code, 'unknown')})" for code, name in lacking)
    known = any(code in _FILTERS for code, _ in lacking)
    remedy = "pip install hdf5plugin" if known else "ask whoever wrote the file which plugin holds it"
    return f"its values are packed by filter {names}, which the HDF5 library here lacks: {remedy}"


def _node(one: Mapping[str, Any]) -> Node:
    shape, dtype = one.get("shape"), one.get("dtype")
    return Node(
        one["path"],
        one["kind"],
        one.get("attributes", {}),
        None if shape is None else tuple(shape),
        None if dtype is None else np.dtype(dtype),
        one.get("value"),
        tuple((code, name) for code, name in one.get("filters", ())),
        one.get("available", True),
        one.get("outside", False),
        one.get("file", ""),
        one.get("target", ""),
        tuple(one.get("references", ())),
    )


def _environment() -> dict[str, str]:
    """Environment of the reading process: no plugin folder of a stranger, threads of its own kept few."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HDF5_", "PYTHON"))}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
