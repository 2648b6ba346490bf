"""What all commands share: exit codes, standard streams, and how a command is found."""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer

from conformance import commands
from conformance.commands.cli import app, ended, write, wrong_usage
from conformance.scans.specimens import Recipe, make_specimen, write_scan
from tests.commands.calling import Call
from tests.signals import heed_interrupts

ROOT = Path(__file__).parents[2]
SHARED = {"cli", "parts", "each", "fixed", "on_each", "reports", "validated"}
"""Modules of what several commands have in common."""
COMMANDS = sorted(one.name for one in pkgutil.iter_modules(commands.__path__) if one.name not in SHARED)
ARGUMENTS = {
    "--help": ["--help"],
    "--version": ["--version"],
    **{f"{name} --help": [name, "--help"] for name in COMMANDS},
    "explain": ["explain", "grouping"],
    "validate": ["validate", "bad.npz"],
    "simulate": ["simulate", "new.npz", "--pitch", "0.5", "--points", "3", "--side", "8"],
    "layout": ["layout", "--adapter", "ref", "--gridsize", "1"],
    "wrong usage": ["explain", "XYZ-1"],
    "nothing": [],
}
OWN_CODE = {name: {"validate": 1, "wrong usage": 3, "nothing": 3}.get(name, 0) for name in ARGUMENTS}
IN_PROCESSES = ["--help", "explain", "validate", "simulate", "wrong usage"]
"""Commands tried in processes of their own, which take half a second each."""
CLOSED = [">&-", ">&- 2>&-", "<&- >&- 2>&-"]
BUFFERED = ["", "1"]
LOADING = {"validate": (CLOSED[::2], BUFFERED[:1]), "simulate": (CLOSED[1:2], BUFFERED[1:])}
"""Commands that load numerics, which takes a second: how streams are closed for them, and how they are buffered."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    arrays = dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays)
    write_scan(tmp_path / "bad.npz", arrays | {"diff3d": -arrays["diff3d"]})
    return tmp_path


def test_every_module_is_a_command_and_has_its_tests() -> None:
    assert ended(["--version"]) == 0
    assert sorted(str(one.name or one.callback.__name__) for one in app.registered_commands if one.callback) == COMMANDS
    missing = [name for name in COMMANDS if not (Path(__file__).parent / f"test_{name}.py").exists()]
    assert not missing


def test_ci_runs_the_command_of_the_readme() -> None:
    commands = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.parametrize("arguments", ["['--help']", "['explain', 'GRP-004']", "['run', '--help']"])
def test_what_shows_text_alone_loads_no_numerics(arguments: str) -> None:
    code = (
        f"import sys; from conformance.commands.cli import ended; assert ended({arguments}) == 0\n"
        # Rich is not among them: older Typers load it whatever is shown.
        "heavy = {'numpy', 'scipy', 'hypothesis', 'pytest', 'torch', 'tensorflow', 'msgspec', 'tomlkit'}\n"
        "sys.stderr.write(repr(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ARGUMENTS)
def test_help_and_results_fit_a_terminal(name: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = call(*ARGUMENTS[name])
    assert done.exit_code == OWN_CODE[name]
    if name in ("nothing", "--help") or name.endswith("--help"):
        assert all(len(line) <= 80 for line in (done.stdout + done.stderr).splitlines())


@pytest.mark.parametrize(
    ("arguments", "value"), [(["explin"], "explin"), (["--bogus"], "--bogus"), (["--version=3"], "--version")]
)
def test_wrong_usage_of_the_whole(arguments: list[str], value: str, call: Call) -> None:
    call(*arguments).refuses(value)


@pytest.mark.parametrize("arguments", [[], ["--"]])
def test_no_command_at_all_shows_help_and_is_wrong_usage(arguments: list[str], call: Call) -> None:
    done = call(*arguments)
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == call("--help").stdout


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (typer.Abort(), "interrupted"),
        (MemoryError(), "the memory of this machine does not suffice"),
        (SystemExit(5), "what was judged ended the process with exit code 5"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_ends_early_is_undecided(
    error: BaseException, said: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr("conformance.commands.explain.contract", fails)
    assert call("explain", "GRP-004") == (2, "", f"{said}\n")


def test_a_bug_is_a_traceback_and_says_what_it_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.commands.explain.contract", lambda: 1 // 0)
    done = call("explain", "GRP-004")
    assert (done.exit_code, done.stdout) == (2, "")
    first, *_, last = done.stderr.splitlines()
    assert first.startswith("Traceback")
    assert last.startswith("this is a bug of ptycho-conformance ")


def test_a_sentence_is_one_line_whatever_the_value(call: Call) -> None:
    call("explain", "two\nlines").refuses("two\\nlines")
    call("validate", "two\nlines.npz").refuses("two lines.npz")


def test_a_report_that_cannot_be_written_in_the_end_is_undecided(tmp_path: Path) -> None:
    with pytest.raises(type(wrong_usage(""))) as caught:
        write(tmp_path / "absent" / "result.json", "{}")
    assert caught.value.exit_code == 2


def started(
    name: str, folder: Path, *, shell: str = 'exec "$@"', **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own, started by a shell."""
    program = [sys.executable, "-m", "conformance", *ARGUMENTS[name]]
    return subprocess.run(
        ["sh", "-c", shell, "sh", *program],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "streams"), [(name, one) for name in IN_PROCESSES for one in LOADING.get(name, (CLOSED, []))[0]]
)
def test_closed_streams_change_no_exit_code(name: str, streams: str, folder: Path) -> None:
    done = started(name, folder, shell=f'exec "$@" {streams}')
    assert done.returncode == OWN_CODE[name]
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.parametrize(
    ("name", "unbuffered"), [(name, one) for name in IN_PROCESSES for one in LOADING.get(name, ([], BUFFERED))[1]]
)
def test_a_reader_that_leaves_changes_no_exit_code(name: str, unbuffered: str, folder: Path) -> None:
    there, here = os.pipe()
    os.close(there)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "conformance", *ARGUMENTS[name]],
            cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            stdout=here,
            stderr=subprocess.PIPE if name != "wrong usage" else here,
            check=False,
            timeout=120,
        )
    finally:
        os.close(here)
    assert done.returncode == OWN_CODE[name]
    assert not done.stderr


@pytest.mark.parametrize("name", IN_PROCESSES)
def test_ascii_is_enough(name: str, folder: Path) -> None:
    done = started(name, folder, PYTHONIOENCODING="ascii")
    assert done.returncode == OWN_CODE[name]
    assert b"Error" not in done.stderr
    done.stdout.decode("ascii")
    plain = started(name, folder, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="")
    assert plain.returncode == OWN_CODE[name] or (name == "simulate" and b"exists" in plain.stderr)
    assert b"Error" not in plain.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device is needed that is always full")
def test_a_result_that_is_lost_is_undecided(folder: Path) -> None:
    done = started("explain", folder, shell='exec "$@" >/dev/full')
    assert (done.returncode, done.stderr) == (2, b"standard output: No space left on device\n")


def test_an_interrupt_is_one_line(folder: Path) -> None:
    (folder / "interrupting.py").write_text(
        "import os, signal, time\n"
        "class Adapter:\n"
        "    def __init__(self):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(60)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "layout", "--adapter", "interrupting:Adapter"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
        preexec_fn=heed_interrupts,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"interrupted\n")


def test_a_file_with_a_name_that_is_no_text_is_judged(folder: Path) -> None:
    name = os.fsencode(folder) + b"/caf\xe9.npz"
    with open(name, "wb") as stream:  # noqa: PTH123 - the name is bytes
        np.savez(stream, a=np.ones(3))
    program = [sys.executable.encode(), b"-m", b"conformance", b"validate", name]
    done = subprocess.run(program, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1
    assert b"not fit for training" in done.stdout
    assert not done.stderr


@pytest.mark.parametrize(
    ("name", "named", "inside"), [("explain", "NPZ-034", "Why: "), ("validate", "bad.npz", "Remedy: ")]
)
def test_on_a_narrow_terminal_lines_break_between_words(name: str, named: str, inside: str, folder: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "conformance", name, named]
    environment = os.environ | {"COLUMNS": "60", "TERM": "xterm"}
    subprocess.run(program, cwd=folder, env=environment, stdout=theirs, check=False, timeout=120)
    os.close(theirs)
    lines = re.sub(r"\x1b\[[\d;]*m", "", os.read(ours, 1 << 16).decode()).splitlines()
    os.close(ours)
    assert any(inside in line for line in lines)
    assert len(lines) > 2
    assert all(len(line) <= 60 for line in lines)
