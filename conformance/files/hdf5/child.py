"""The process that opens an HDF5 file: it lists what the file holds, sends rows of it, and follows nothing out of it.

It speaks on its standard input and output: a request is a line of JSON; a reply is a line of JSON, followed by so many
bytes as that line says. A crash of the HDF5 library ends this process and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

MOST_NODES, MOST_DEPTH, MOST_ATTRIBUTES, MOST_ITEMS = 20_000, 24, 64, 64
_MOST_NAMED = 8
MEMORY, SECONDS, SLOWEST = 2 << 30, 120, 1 << 20
_NUMERIC = "biufc"
_LAST_OWN = 6
"""Ids of filters up to here are of the HDF5 library itself."""


def main(path: str) -> None:
    """Serve requests about one file until the input ends."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # A large sound file may take longer than a small one that is made to take long.
    seconds = SECONDS + _size(path) // SLOWEST
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    try:
        import h5py
    except ImportError:
        _reply(replies, {"missing": "h5py"})
        return
    try:
        held = h5py.File(path, "r", locking=False)
    except OSError as error:
        _reply(replies, _trouble(error))
        return
    with held:
        _reply(replies, {"nodes": list(_nodes(held))})
        for line in requests:
            _serve(held, json.loads(line), replies)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _serve(held: Any, request: dict[str, Any], replies: BinaryIO) -> None:
    try:
        rows = (*[0] * request["lead"], slice(request["start"], request["stop"]))
        block = held[request["path"]][rows] if request["rows"] else held[request["path"]][()]
        content = _plain(block)
    except Exception as error:  # noqa: BLE001  # whatever the library raises about a stranger's bytes is the answer
        _reply(replies, _trouble(error))
        return
    _reply(replies, {"bytes": len(content)}, content)


def _plain(block: Any) -> memoryview:
    import numpy as np

    return np.ascontiguousarray(block).reshape(-1).view(np.uint8).data


def _trouble(error: Exception) -> dict[str, Any]:
    number = error.errno if isinstance(error, OSError) else None
    return {"trouble": str(error) or type(error).__name__, "errno": number}


def _reply(replies: BinaryIO, said: dict[str, Any], content: bytes | memoryview = b"") -> None:
    replies.write(json.dumps(said).encode() + b"\n")
    replies.write(content)
    replies.flush()


def _nodes(held: Any) -> Iterator[dict[str, Any]]:
    """Everything that hard links and links inside the file reach, each object once, and links that lead out of it."""
    import h5py

    yield {"path": "/", "kind": "group", "attributes": _attributes(held)}
    seen = {h5py.h5o.get_info(held.id).addr}
    waiting = [(held, "/", 0)]
    number = 0
    while waiting:
        group, prefix, depth = waiting.pop()
        for name in group:
            number += 1
            if number > MOST_NODES or depth > MOST_DEPTH:
                yield {"path": prefix, "kind": "cut"}
                return
            path = f"{prefix}{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                yield {"path": path, "kind": "external", "file": link.filename, "target": link.path}
                continue
            try:
                one = group.get(name)
            except Exception as error:  # noqa: BLE001  # a damaged object is named, and the others are still read
                yield {"path": path, "kind": "damaged", "why": str(error)}
                continue
            if one is None:
                yield {"path": path, "kind": "dangling", "target": getattr(link, "path", "")}
            elif one.file.id.get_filesize() is not None and one.file.filename != held.filename:
                yield {"path": path, "kind": "external", "file": one.file.filename, "target": one.name}
            elif isinstance(one, h5py.Dataset):
                yield _dataset(path, one)
            elif isinstance(one, h5py.Group):
                address = h5py.h5o.get_info(one.id).addr
                if address not in seen:
                    seen.add(address)
                    yield {"path": path, "kind": "group", "attributes": _attributes(one)}
                    waiting.append((one, f"{path}/", depth + 1))


def _dataset(path: str, one: Any) -> dict[str, Any]:
    import h5py

    said: dict[str, Any] = {"path": path, "kind": "dataset", "attributes": _attributes(one)}
    created = one.id.get_create_plist()
    said["filters"] = [_filter(created.get_filter(k)) for k in range(created.get_nfilters())]
    if any(code > _LAST_OWN for code, _ in said["filters"]):
        with contextlib.suppress(ImportError):
            import hdf5plugin  # noqa: F401  # registers its filters
    said["available"] = all(h5py.h5z.filter_avail(code) for code, _ in said["filters"])
    said["outside"] = bool(created.get_external_count() or one.is_virtual)
    said["file"] = _others(one, created) if said["outside"] else ""
    said["shape"] = list(one.shape) if one.shape is not None else None
    try:
        dtype = one.dtype
    except Exception:  # noqa: BLE001  # a type that NumPy does not know
        dtype = None
    said["dtype"] = _dtype(dtype)
    said["references"] = _references(one, dtype)
    if said["shape"] is not None and not said["outside"]:
        said["value"] = _small(one, said["shape"])
    return said


def _others(one: Any, created: Any) -> str:
    """Names of the other files that hold the values of a dataset, and which of them do not lie beside this one."""
    try:
        sources = [source.file_name for source in one.virtual_sources()] if one.is_virtual else []
        sources += [os.fsdecode(created.get_external(k)[0]) for k in range(created.get_external_count())]
    except Exception:  # noqa: BLE001  # what cannot be listed is not named
        return ""
    names = list(dict.fromkeys(Path(name).name for name in sources if name != "."))
    folder = Path(one.file.filename).parent
    # Nothing is looked for but in the folder of the file itself.
    lacking = [name for name in names if not (folder / name).exists()]
    return _some(names) + (f"; not beside it: {_some(lacking)}" if lacking else "")


def _some(names: list[str]) -> str:
    return ", ".join(name[:80] for name in names[:_MOST_NAMED]) + ", ..." * (len(names) > _MOST_NAMED)


def _references(one: Any, dtype: Any) -> list[str]:
    """Paths of what a dataset of references to objects points to, as MATLAB keeps its cells."""
    import math

    import h5py

    if dtype is None or h5py.check_ref_dtype(dtype) is not h5py.Reference or math.prod(one.shape or (0,)) > MOST_NODES:
        return []
    try:
        return [one.file[reference].name for reference in one[()].ravel() if reference]
    except Exception:  # noqa: BLE001  # references that lead nowhere point to nothing
        return []


def _filter(one: tuple[Any, ...]) -> tuple[int, str]:
    return int(one[0]), one[3].decode("utf-8", "replace") if len(one) > 3 else ""


def _dtype(dtype: Any) -> Any:
    """NumPy's text of a dtype, or its fields where all hold numbers; complex numbers may be stored as two fields.

    None stands for all others.
    """
    if dtype is None:
        return None
    if dtype.kind in _NUMERIC and dtype.subdtype is None:
        return dtype.str
    if dtype.names is not None and len(dtype.names) == 2:
        real, imaginary = (dtype.fields[name][0] for name in dtype.names)
        if real == imaginary and real.kind == "f" and dtype.itemsize == 2 * real.itemsize:
            return f"{real.str[0]}c{dtype.itemsize}"
    if dtype.names is not None and len(dtype.names) <= MOST_ITEMS and not dtype.hasobject:
        parts = [dtype.fields[name] for name in dtype.names]
        # Which fields hold words is of no interest; the others are told where they stand in a record.
        named = zip(dtype.names, parts, strict=True)
        held = [(name, *part[:2]) for name, part in named if part[0].kind in "iuf"]
        if held:
            return {
                "names": [name for name, _, _ in held],
                "formats": [one.str for _, one, _ in held],
                "offsets": [at for _, _, at in held],
                "itemsize": dtype.itemsize,
            }
    return None


def _small(one: Any, shape: list[int]) -> Any:
    """Return the value of a small dataset in plain types; None for a large one."""
    import math

    if math.prod(shape) > MOST_ITEMS:
        return None
    try:
        return _as_json(one[()])
    except Exception:  # noqa: BLE001  # a value that cannot be read is none
        return None


def _attributes(one: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        for name in list(one.attrs)[:MOST_ATTRIBUTES]:
            try:
                value = one.attrs[name]
                if getattr(value, "size", 1) <= MOST_ITEMS:
                    found[name] = _as_json(value)
            except Exception:  # noqa: BLE001  # an attribute that cannot be read is none
                continue
    except Exception:  # noqa: BLE001  # nor are attributes that cannot be listed
        return found
    return found


def _as_text(value: bytes) -> str:
    """Text in UTF-8, as HDF5 asks for, or else as instruments write their units."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _as_json(value: Any) -> Any:
    import numpy as np

    if isinstance(value, bytes):
        return _as_text(value[:4096])
    if isinstance(value, str):
        return value[:4096]
    if isinstance(value, np.ndarray):
        return [_as_json(item) for item in value.tolist()] if value.ndim else _as_json(value.item())
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, np.generic):
        return _as_json(value.item())
    if isinstance(value, complex):
        return [value.real, value.imag]
    return value if isinstance(value, bool | int | float) else None


if __name__ == "__main__":
    main(str(Path(sys.argv[1])))
