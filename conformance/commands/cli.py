"""The ``ptycho-conformance`` command: its exit codes, its standard streams, and what all commands share.

Every other module of this package is one command; it registers itself with :data:`app` when it is imported.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import itertools
import os
import pkgutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeAlias

import typer

from conformance import __version__
from conformance.contract.crossing import Crossing

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from rich.console import Console

PROGRAM = "ptycho-conformance"
OK, VIOLATIONS, UNDECIDED, USAGE = 0, 1, 2, 3
_LONG = 160

Adapters: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--adapter", metavar="NAME", help="Installed name, package.module:Class or FILE.toml; repeatable."),
]
Devices: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--torch-device", metavar="DEVICE", help="Only this device, cpu or cuda; repeatable."),
]

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    # Boxes leave half of 80 columns to the words, and cost half of the time to start.
    rich_markup_mode=None,
    help="Judge ptychography data pipelines and scan files against the written contract. "
    "Exit codes: 0 fine, 1 violations, 2 could not decide, 3 wrong usage.",
)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the versions and stop.")] = False) -> None:
    if version:
        from conformance.contract.version import contract_version

        typer.echo(f"ptycho-conformance {__version__}, contract {contract_version()}")
        raise typer.Exit(OK)


class Ending(Crossing, Exception):
    """Ends a command with a sentence on standard error.

    Attributes
    ----------
    exit_code : int
    """

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def wrong_usage(sentence: str) -> Ending:
    """Return what ends the command because it was called in a wrong way; the sentence names the value."""
    return Ending(sentence, USAGE)


def undecided(sentence: str) -> Ending:
    """Return what ends the command because it could not decide."""
    return Ending(sentence, UNDECIDED)


@contextlib.contextmanager
def wrong_adapters() -> Iterator[None]:
    """Turn a name that leads to no adapter into wrong usage."""
    from conformance.backends.discovery import AdapterNotFound, DeviceNotPresent, MalformedAdapter

    try:
        yield
    except (AdapterNotFound, DeviceNotPresent, MalformedAdapter) as error:
        raise wrong_usage(str(error)) from error


def console() -> Console:
    """Console of standard output."""
    from rich.console import Console

    # A pipe has no width of its own; wide lines keep one clause on one line.
    return Console(width=None if sys.stdout.isatty() else 160, soft_wrap=False)


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print, in the encoding of the stream and no other; what is said on a terminal is broken between words."""
    if err and sys.stderr.isatty():
        text = "\n".join(_broken(line) for line in text.split("\n"))
    typer.echo(text, file=sys.stderr if err else sys.stdout, nl=nl)


def _broken(line: str) -> str:
    import shutil
    import textwrap

    width = shutil.get_terminal_size().columns
    return line if len(line) < width else textwrap.fill(line, width - 1, break_long_words=False, break_on_hyphens=False)


def is_standard_output(path: Path | None) -> bool:
    """Whether a report goes to standard output."""
    return path is not None and str(path) == "-"


def writable(path: Path | None, option: str = "") -> None:
    """Make sure, before any work, that a file can be written; wrong usage where it cannot."""
    import tempfile

    if path is None or is_standard_output(path):
        return
    named = f"{option} {path}".lstrip()
    try:
        if path.is_dir():
            raise wrong_usage(f"{named}: this is a folder, not a file")
        if path.exists() and not path.is_file():
            return
        if not path.parent.is_dir():
            raise wrong_usage(f"{named}: there is no folder {path.parent}")
        # Only trying tells: permissions say nothing to root, nor of file systems that are read alone.
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists():
            path.open("ab").close()
    except OSError as error:
        raise wrong_usage(f"{named}: it cannot be written: {error.strerror or error}") from error


def write(path: Path, content: str | bytes) -> None:
    """Write a report or a picture, whole or not at all."""
    if isinstance(content, str) and is_standard_output(path):
        say(content, nl=False)
        return
    from conformance.files.atomic import written_whole

    try:
        with written_whole(path) as stream:
            stream.write(content if isinstance(content, bytes) else content.encode(errors="backslashreplace"))
    except OSError as error:
        raise undecided(f"{path}: it could not be written: {error.strerror or error}") from error


def main() -> None:
    """Run the command that the arguments name; nothing ends it with another code than 0, 1, 2 or 3."""
    before = sys.stdout, sys.stderr
    _hold_descriptors()
    sys.stdout, sys.stderr = _stream(before[0], 1), _stream(before[1], 2)
    try:
        with _terminated_as_interrupted():
            status = ended(sys.argv[1:])
        status = _delivered(status)
    finally:
        sys.stdout, sys.stderr = before
    sys.exit(status)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let a command that is told to end do so as if the user had interrupted it: with its reports, and no drafts."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What the caller has told this process to ignore, as nohup does, stays ignored.
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]

    def end(*_: Any) -> None:
        # A second one would interrupt what cleans up.
        for number in heeded:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ended(arguments: Sequence[str]) -> int:
    """Run a command in this process, and return its exit code; why it ends early is said on standard error."""
    try:
        return _run(arguments)
    except Ending as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", UNDECIDED)
    except MemoryError:
        return _say("the memory of this machine does not suffice", UNDECIDED)
    except SystemExit as error:
        return _say(f"what was judged ended the process with exit code {error.code}", UNDECIDED)
    except Exception as error:  # noqa: BLE001 - whatever it is, the exit code must not say that something was violated
        from conformance.files.machine import trouble_in

        if trouble := trouble_in(error):
            return _say(trouble, UNDECIDED)
        traceback.print_exc()
        return _say(f"this is a bug of {PROGRAM} {__version__}; please report it with the lines above", UNDECIDED)


def _run(arguments: Sequence[str]) -> int:
    _import_commands()
    command = typer.main.get_command(app)
    try:
        with command.make_context(PROGRAM, list(arguments)) as context:
            command.invoke(context)
            if context.invoked_subcommand is None:
                say(command.get_help(context), err=True)
                return USAGE
    except typer.Exit as error:
        return error.exit_code
    except Exception as error:
        # Typer carries its own copy of click in some versions, so usage errors are known by what they can do.
        if not hasattr(error, "format_message"):
            raise
        raise wrong_usage(_usage_sentence(error, arguments)) from error
    return OK


def _usage_sentence(error: Any, arguments: Sequence[str]) -> str:
    """Say in one sentence what the parser of the arguments refuses, with the value, which not every version names."""
    sentence = " ".join(error.format_message().replace("Value error, ", "").split())
    values = _values_of(getattr(getattr(error, "param", None), "opts", ()), arguments)
    if values and not any(value in sentence for value in values):
        sentence = f"{sentence.rstrip('.')}, not {' '.join(values)}"
    where = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
    hint = f" See {where} --help" if len(sentence) < _LONG else ""
    return f"{sentence}{'' if sentence.endswith(('.', '?')) else '.'}{hint}"


def _values_of(options: Sequence[str], arguments: Sequence[str]) -> list[str]:
    values = []
    for given, following in itertools.zip_longest(arguments, arguments[1:], fillvalue=""):
        name, equals, value = given.partition("=")
        if name in options:
            values.append(value if equals else following)
    return values


def _import_commands() -> None:
    folder = str(Path(__file__).parent)
    for module in pkgutil.iter_modules([folder]):
        importlib.import_module(f"{__package__}.{module.name}")


def _say(sentence: str, exit_code: int) -> int:
    say(" ".join(sentence.split()), err=True)
    return exit_code


class _Descriptor(io.FileIO):
    """A standard stream of the process; once nobody takes what is written, the rest is dropped.

    Attributes
    ----------
    lost : OSError or None
        Why the rest was dropped.
    """

    lost: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or drop; an error here would end the command with a code that says something else."""
        if self.lost is None:
            try:
                return super().write(data)
            except OSError as error:
                self.lost = error
        return memoryview(data).nbytes


def _hold_descriptors() -> None:
    """Open what the caller has closed, or the next file that is opened would be standard output."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _stream(given: TextIO | None, descriptor: int) -> TextIO:
    """Return a standard stream that never raises: neither for a closed pipe nor for a character it cannot write."""
    buffer = getattr(given, "buffer", None)
    # What is captured, as in a test, or is a Windows console, stays what it is.
    if given is not None and not isinstance(getattr(buffer, "raw", buffer), io.FileIO):
        return given
    at_once = descriptor == 2 or os.isatty(descriptor) or isinstance(buffer, io.FileIO)
    return io.TextIOWrapper(
        io.BufferedWriter(_Descriptor(descriptor, "w", closefd=False)),
        encoding=given.encoding if given else "utf-8",
        errors="backslashreplace",
        line_buffering=at_once,
    )


def _delivered(status: int) -> int:
    """Write out what is left; the exit code is undecided where a result was lost, and not for want of a reader."""
    sys.stdout.flush()
    lost = getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "lost", None)
    if lost is not None and lost.errno != errno.EPIPE:
        status = _say(f"standard output: {lost.strerror}", status or UNDECIDED)
    sys.stderr.flush()
    return status
