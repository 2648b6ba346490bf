"""Cells and arrays of structures of MATLAB: values of one shape that are kept one by one, as one array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.values import Stored, nbytes
from conformance.files.hdf5.child import MOST_NODES
from conformance.files.hdf5.opened import Node, OpenedHdf5

_MOST_DEPTH, _MOST_APART = 6, 64
_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True)
class Stacked:
    """Arrays of one shape, one after the other along a new first axis.

    Attributes
    ----------
    name : str
    held : tuple of Stored
    """

    name: str
    held: tuple[Stored, ...]
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of arrays, and the shape of each."""
        return (len(self.held), *self.held[0].shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of each."""
        return self.held[0].dtype

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield some arrays at a time."""
        step = max(1, _BLOCK_BYTES // max(1, nbytes(self.held[0])))
        for first in range(0, len(self.held), step):
            yield np.stack([one.array() for one in self.held[first : first + step]])

    def array(self) -> NDArray[Any]:
        """Return all values."""
        return np.concatenate(list(self.blocks()))


def in_variables(variables: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Arrays of numbers among variables that were loaded: those in structures by ``structure/field``, cells stacked.

    Parameters
    ----------
    variables : Mapping[str, Any]
        As SciPy loads them: a cell is an array of objects, a structure one of fields.
    """
    return dict(_loaded(variables, "", 0))


def _loaded(variables: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, value in variables.items():
        if not isinstance(value, np.ndarray) or depth > _MOST_DEPTH:
            continue
        if value.dtype.names is not None:
            yield from _loaded(_structure(value), f"{prefix}{name}/", depth + 1)
        elif value.dtype.kind in "biufc":
            yield f"{prefix}{name}", value
        elif value.dtype.hasobject and value.size:
            yield from _loaded(_cell(name, list(value.ravel(order="F"))), prefix, depth + 1)


def texts_in_variables(variables: Mapping[str, Any]) -> dict[str, str]:
    """Texts among variables that were loaded: those in structures by ``structure/field``.

    Parameters
    ----------
    variables : Mapping[str, Any]
        As for :func:`in_variables`.
    """
    return dict(_loaded_texts(variables, "", 0))


def _loaded_texts(variables: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in variables.items():
        if not isinstance(value, np.ndarray) or depth > _MOST_DEPTH:
            continue
        if value.dtype.names is not None:
            yield from _loaded_texts(_structure(value), f"{prefix}{name}/", depth + 1)
        elif value.dtype.kind == "U" and value.size == 1:
            yield f"{prefix}{name}", str(value.ravel()[0])
        elif value.dtype.hasobject and value.size == 1:
            yield from _loaded_texts({name: value.ravel()[0]}, prefix, depth + 1)


def _structure(value: NDArray[Any]) -> dict[str, Any]:
    """Fields of a structure; of an array of structures that hold stacks, each by its number."""
    fields = value.dtype.names or ()
    items = list(value.ravel(order="F"))
    stacks = any(
        isinstance(one[field], np.ndarray) and _is_stack(one[field].shape) for one in items for field in fields
    )
    if len(items) == 1 or not stacks:
        return {field: value[field] for field in fields}
    return {f"{k}/{field}": one[field] for k, one in enumerate(items[:_MOST_APART], 1) for field in fields}


def _is_stack(shape: tuple[int, ...]) -> bool:
    return sum(n > 1 for n in shape) > 2


def _cell(name: str, items: Sequence[Any]) -> dict[str, Any]:
    """What a cell holds: its one item, items of one shape as one array, or the first ones by number."""
    if len(items) == 1:
        return {name: items[0]}
    arrays = [one for one in items if isinstance(one, np.ndarray) and one.dtype.kind in "biufc"]
    alike = len(arrays) == len(items) and len({(one.shape, one.dtype) for one in arrays}) == 1
    if alike and not _is_stack(arrays[0].shape):
        return {name: np.stack(arrays, axis=-1)}
    return {f"{name}/{k}": one for k, one in enumerate(items[:_MOST_APART], 1)}


def in_nodes(file: OpenedHdf5) -> dict[str, Stored]:
    """Arrays of numbers in an HDF5 file, the first axis slowest; what cells point to stands under the cell's name.

    Parameters
    ----------
    file : OpenedHdf5
    """
    pointed = {target for node in file.nodes.values() for target in node.references}
    walk = _Walk(file)
    found: dict[str, Stored] = {}
    for name, node in file.nodes.items():
        parts = name.split("/")
        if not any("/".join(parts[:k]) in pointed for k in range(2, len(parts) + 1)):
            found |= walk.resolved(name, node, 0)
    return found


class _Walk:
    """A way through cells, which may point to one another in circles.

    Parameters
    ----------
    file : OpenedHdf5
    """

    def __init__(self, file: OpenedHdf5) -> None:
        self._file, self._left = file, MOST_NODES
        # Fields of structures that hold a stack each belong to several scans.
        self._apart = {
            name.rpartition("/")[0]
            for name, node in file.nodes.items()
            if len(node.references) > 1
            and any(_is_stack(file.nodes[one].shape or ()) for one in node.references if one in file.nodes)
        }

    def resolved(self, name: str, node: Node, depth: int) -> dict[str, Stored]:
        self._left -= 1
        if not node.references:
            return {name: self._file.stored(node.path)} if _is_plain(node) else {}
        targets = [self._file.nodes[one] for one in node.references if one in self._file.nodes]
        if depth > _MOST_DEPTH or self._left < 0 or not targets:
            return {}
        if len(targets) == 1:
            return self._inside(name, targets[0], depth + 1)
        alike = {(one.shape, one.dtype) for one in targets}
        whole = len(targets) == len(node.references) and len(alike) == 1 and all(map(_is_plain, targets))
        if whole and name.rpartition("/")[0] not in self._apart:
            return {name: Stacked(name, tuple(self._file.stored(one.path) for one in targets))}
        found: dict[str, Stored] = {}
        for k, target in enumerate(targets[:_MOST_APART], 1):
            found |= self._inside(f"{name}/{k}", target, depth + 1)
        return found

    def _inside(self, name: str, target: Node, depth: int) -> dict[str, Stored]:
        """What an object holds under another name: a dataset, or the fields of a structure."""
        if target.kind != "group":
            return self.resolved(name, target, depth)
        found: dict[str, Stored] = {}
        for field, node in self._file.nodes.items():
            if field.startswith(f"{target.path}/") and self._left > 0:
                found |= self.resolved(f"{name}{field[len(target.path) :]}", node, depth + 1)
        return found


def _is_plain(node: Node) -> bool:
    held = node.kind == "dataset" and not node.references and not node.outside
    return held and node.shape is not None and node.dtype is not None
