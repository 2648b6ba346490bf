"""Paths that name no file, or a strange one."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.hostile.archives import build, parts_of, scan
from tests.hostile.corpus import FIT, UNREAD, Hostile


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _socket(path: Path) -> None:
    made = socket.socket(socket.AF_UNIX)
    place = Path.cwd()
    os.chdir(path.parent)
    try:
        made.bind(path.name)
    finally:
        os.chdir(place)
        made.close()


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 33)


def files(generator: np.random.Generator) -> Iterator[Hostile]:
    """Yield every file of this family."""
    yield Hostile("path", "a pipe", lambda path: os.mkfifo(path), UNREAD)
    yield Hostile("path", "a folder", lambda path: path.mkdir(), UNREAD)
    yield Hostile("path", "a socket", _socket, UNREAD)
    for target in ("/dev/zero", "/dev/null", "/dev/urandom", "/proc", "/nowhere", "/proc/self/mem"):
        yield Hostile("path", f"a link to {target}", _link(target), UNREAD)
    yield Hostile("path", "a link to itself", lambda path: path.symlink_to(path.name), UNREAD)
    yield Hostile("path", "nothing", lambda path: None, UNREAD)
    yield Hostile("path", "8 GB of holes", _sparse, "refused")

    def linked(path: Path) -> None:
        real = path.with_suffix(".real")
        real.write_bytes(build(parts_of(scan())))
        path.symlink_to(real)

    yield Hostile("path", "a link to a sound file", linked, FIT)
