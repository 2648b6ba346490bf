"""Writes a failure as a folder, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
import zipfile
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from conformance import __version__
from conformance.contract.clauses import contract
from conformance.contract.version import contract_version
from conformance.failures.capsule import MOST_BYTES, Capsule, command, file_hash, plain_name
from conformance.failures.encoding import Encoder
from conformance.failures.record import Arguments, CapsuleRecord, InputRecord, ScanRecord
from conformance.files.atomic import folder_written_whole
from conformance.scans.specimens import Specimen

_PACKAGES = ("numpy", "scipy", "hypothesis", "pytest", "h5py", "torch", "tensorflow", "tensorflow-cpu")


def write_capsule(capsule: Capsule, folder: Path, adapter_option: str = "") -> Path:
    """Write a capsule into a folder of capsules, whole or not at all; the same failure always takes the same place.

    Parameters
    ----------
    capsule : Capsule
    folder : Path
        Made if it is not there.
    adapter_option : str
        What ``--adapter`` must be given for the recorded adapter; empty when it is installed.

    Returns
    -------
    Path
        The capsule.

    Raises
    ------
    NotEncodable
        An argument is of a kind that a capsule does not hold.
    OSError
        The folder cannot be written.
    """
    encoder = Encoder()
    arguments = Arguments(_specimen(capsule.specimen, encoder), _drawn(capsule.drawn, encoder))
    request = msgspec.to_builtins(arguments)
    name = f"{capsule.clauses[0]}-{plain_name(capsule.adapter)}-{_digest(capsule, request, encoder.arrays)[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / name
    with folder_written_whole(place) as draft:
        _write_files(draft, capsule, request, encoder.arrays)
        held = {path.name for path in draft.iterdir()}
        _write_text(draft / "README.txt", _readme(capsule, held, name, adapter_option))
    return place


def _specimen(specimen: Specimen | None, encoder: Encoder) -> dict[str, Any] | None:
    if specimen is None:
        return None
    if specimen.path is None:
        encoded: dict[str, Any] = encoder.encode(specimen, "specimen")
        return encoded
    size = specimen.path.stat().st_size
    outside = str(specimen.path) if size > MOST_BYTES else None
    return {"scan": ScanRecord(specimen.name, file_hash(specimen.path), size, outside)}


def _drawn(drawn: Mapping[str, Any] | None, encoder: Encoder) -> dict[str, Any] | None:
    return None if drawn is None else {name: encoder.encode(held, name) for name, held in drawn.items()}


def _digest(capsule: Capsule, request: Any, arrays: Mapping[str, NDArray[Any]]) -> str:
    known = [capsule.check, capsule.adapter, str(capsule.outcome), request]
    digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape} {array.flags.c_contiguous}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _write_files(draft: Path, capsule: Capsule, request: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    (draft / "arguments.json").write_text(json.dumps(request, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    _write_text(draft / "request.json", json.dumps(list(capsule.calls), indent=2, ensure_ascii=False) + "\n")
    if arrays:
        _write_arrays(draft / "input.npz", arrays)
    path = capsule.specimen.path if capsule.specimen else None
    if path is not None and path.stat().st_size <= MOST_BYTES:
        shutil.copyfile(path, draft / "scan.npz")
    for name, array in (("seen", capsule.seen), ("expected", capsule.expected)):
        if array is not None and not array.dtype.hasobject and array.nbytes <= MOST_BYTES:
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
    for one in capsule.inputs:
        if one.content is not None:
            (draft / "inputs").mkdir(exist_ok=True)
            (draft / "inputs" / one.name).write_bytes(one.content)
    (draft / "environment.json").write_text(json.dumps(environment(), indent=2) + "\n", encoding="utf-8")
    files = {path.name: file_hash(path) for path in sorted(draft.iterdir()) if path.suffix in (".npz", ".npy", ".json")}
    text = json.dumps(
        msgspec.to_builtins(_record(capsule, files).sealed()), indent=2, allow_nan=False, ensure_ascii=False
    )
    _write_text(draft / "capsule.json", text + "\n")


def _write_text(path: Path, text: str) -> None:
    # What an adapter says may hold characters that no encoding has; escaped they are valid JSON as well.
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def _write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    # numpy.savez cannot hold a member called "file".
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as stream:
                npy.write_array(stream, array, allow_pickle=False)


def _record(capsule: Capsule, files: dict[str, str]) -> CapsuleRecord:
    return CapsuleRecord(
        schema="ptycho-conformance.capsule/1",
        check=capsule.check,
        clauses=capsule.clauses,
        adapter=capsule.adapter,
        asked=capsule.asked,
        outcome=capsule.outcome,
        sentence=capsule.sentence,
        runs=2 if capsule.runs > 1 else 1,
        replays=capsule.replays,
        notes=capsule.notes,
        methods=tuple(sorted(capsule.methods)),
        inputs=tuple(InputRecord(one.name, one.sha256, one.made, one.content is not None) for one in capsule.inputs),
        files=files,
    )


@cache
def environment() -> dict[str, Any]:
    """Return what the failure was seen with: versions of the suite, the contract, Python and the packages at hand."""
    packages = {name: _version(name) for name in _PACKAGES}
    return {
        "suite": __version__,
        "contract": contract_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "byte_order": sys.byteorder,
        "packages": {name: held for name, held in packages.items() if held},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _readme(capsule: Capsule, held: Collection[str], name: str, adapter_option: str) -> str:
    titles = ", ".join(f"{clause} · {contract()[clause].title}" for clause in capsule.clauses)
    files = [
        ("request.json", "what the adapter was asked, the call that failed last"),
        ("arguments.json", "the arguments of the check, with which it is called again"),
        ("input.npz", "their arrays; numpy.load opens it"),
        ("scan.npz", "the smallest part of the scan that still fails"),
        ("inputs", "the files that lay before the adapter, to be opened in a debugger"),
        ("seen.npy", "what the adapter gave"),
        ("expected.npy", "what the contract says"),
        ("environment.json", "the versions with which this was seen"),
    ]
    lines = [
        f"{capsule.outcome} {titles} · adapter {capsule.adapter}",
        "",
        capsule.sentence,
        *(["", *capsule.notes] if capsule.notes else []),
        "",
        f"Replay it:                  {command(name, adapter_option)}",
        f"Replay it on another one:   {command(name, 'NAME')}",
        f"Read the clause:            ptycho-conformance explain {capsule.clauses[0]}",
        "",
        f"The check: {capsule.check}. In this folder:",
        *(f"  {file:<18}{meaning}" for file, meaning in files if file in held),
    ]
    return "\n".join(lines) + "\n"
