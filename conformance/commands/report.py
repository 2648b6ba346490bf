"""``ptycho-conformance report``: the documents that reviewers of a port read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.cli import Adapters, app, say, undecided, writable, write, wrong_adapters, wrong_usage

if TYPE_CHECKING:
    from conformance.backends.discovery import Selected
    from conformance.report.run_result import RunResult

_LARGEST = 1 << 28
_DOCUMENTS = ("data_contract.md", "torch_gap_matrix.md", "test_blueprint.md")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the documents; made if it is not there.")],
    adapter: Adapters = None,
    run: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A run of both, written by run --json: where they part.")
    ] = None,
    gridsize: Annotated[
        list[int] | None, typer.Option(min=1, max=4, metavar="C", help="1 to 4; repeatable. Default: 1 and 2.")
    ] = None,
    frameworks: Annotated[bool, typer.Option(help="Make tensors of TensorFlow and PyTorch as well.")] = True,
) -> None:
    """Write data_contract.md, torch_gap_matrix.md and test_blueprint.md.

    The gap matrix is of the first two adapters, the reference first.
    """
    from conformance.pytest_plugin.plugin import MARKERS
    from conformance.report.documents.data_contract import data_contract
    from conformance.report.documents.test_blueprint import test_blueprint

    if folder.exists() and not folder.is_dir():
        raise wrong_usage(f"{folder}: this is no folder")
    result = None if run is None else _read(run)
    chosen = _chosen(tuple(adapter or ()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise wrong_usage(f"{folder}: {error.strerror or error}") from error
    for name in _DOCUMENTS:
        writable(folder / name)
    matrix = _matrix(chosen, tuple(gridsize or (1, 2)), result, frameworks=frameworks)
    for name, text in zip(_DOCUMENTS, (data_contract(), matrix, test_blueprint(MARKERS)), strict=True):
        write(folder / name, text)
        say(str(folder / name))


def _read(path: Path) -> RunResult:
    """Read what ``run --json`` has written."""
    import msgspec

    from conformance.report.run_result import RunResult

    try:
        if path.stat().st_size > _LARGEST:
            raise wrong_usage(f"{path}: larger than the result of a run")
        return msgspec.json.decode(path.read_bytes(), type=RunResult)
    except OSError as error:
        raise wrong_usage(f"{path}: {error.strerror or error}") from error
    except msgspec.MsgspecError as error:
        raise wrong_usage(f"{path}: this is not the result of a run: {error}") from error


def _chosen(names: tuple[str, ...]) -> tuple[Selected, ...]:
    """Return the two adapters that are compared."""
    from conformance.backends.discovery import select

    with wrong_adapters():
        chosen = select(names)[:2]
    if len(chosen) < 2:
        raise wrong_usage("report compares two adapters: give --adapter twice, the reference first")
    missing = [f"{one.label}: {one.missing}" for one in chosen if one.adapter is None]
    if missing:
        raise undecided("; ".join(missing))
    return chosen


def _matrix(chosen: tuple[Selected, ...], sizes: tuple[int, ...], result: RunResult | None, *, frameworks: bool) -> str:
    import tempfile

    from conformance.backends.subject import Subject
    from conformance.report.documents.gap_matrix import gap_matrix

    with tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as scratch:
        reference, port = (Subject(one, Path(scratch) / str(number)) for number, one in enumerate(chosen))
        try:
            return gap_matrix(reference, port, sizes, result, frameworks=frameworks)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise undecided(f"{reference.name}, {port.name}: the layout cannot be shown: {said}") from error
