"""Lists of expected failures: what they may say, how witnesses decide them, and how they are kept up to date."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.commands.cli import ended
from conformance.failures.expected import ExpectedFailure, MalformedExpectations, overdue, read_expected
from conformance.runs.updating import edited
from tests.program import command

TODAY = datetime.date(2026, 5, 4)
PLAIN = '[[expected]]\nclause = "TRF-001"\nadapter = "wrong"\nreason = "known"\n'


def entry(clause: str = "TRF-001", adapter: str = "wrong", **more: Any) -> ExpectedFailure:
    return ExpectedFailure(clause, adapter, "known", **more)


def listed(*entries: ExpectedFailure) -> dict[tuple[str, str], ExpectedFailure]:
    return {(one.clause, one.adapter): one for one in entries}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("expected = 3", "[[expected]]"),
        ("expected = [3]", "entry 1: expected object, got int"),
        ("[[expected]", "line 1"),
        (PLAIN + PLAIN, "entry 2 repeats TRF-001 for wrong"),
        (PLAIN + "owner = 'me'\n", "entry 1: it has the unknown key owner"),
        (PLAIN.replace('"known"', '" "'), "entry 1: it lacks reason"),
        (PLAIN.replace('"known"', "3"), "entry 1: reason: expected str, got int"),
        (PLAIN.replace("TRF-001", "TRF-999"), "entry 1 names TRF-999"),
        ('[[expected]]\nclause = "TRF-001"\nreason = "known"\n', "entry 1: it lacks adapter"),
        (PLAIN + 'expires = "soon"\n', "entry 1: expires: this is no date such as 2027-03-31"),
        (PLAIN + "expires = 3\n", "entry 1: expires: expected date"),
        (PLAIN + "expires = 10:00:00\n", "entry 1: expires: expected date"),
        (PLAIN + "witness = 3\n", "entry 1: witness: expected str, got int"),
    ],
)
def test_what_is_no_list_is_refused_by_name(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(text)
    with pytest.raises(MalformedExpectations, match="expected.toml") as caught:
        read_expected(path)
    assert told in str(caught.value)


@pytest.mark.parametrize("date", ["2027-03-31", '"2027-03-31"', "2027-03-31T10:00:00"])
def test_an_entry_holds_a_link_a_date_and_a_witness_beside_the_list(date: str, tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(PLAIN + f'link = "https://x.org/1"\nexpires = {date}\nwitness = "seen/TRF-001-wrong-12345678"\n')
    (found,) = read_expected(path).values()
    assert (found.link, found.expires) == ("https://x.org/1", datetime.date(2027, 3, 31))
    assert found.witness == tmp_path / "seen" / "TRF-001-wrong-12345678"


def test_an_entry_lasts_until_its_day_is_over() -> None:
    known = listed(entry(expires=TODAY), entry("TRF-002", expires=TODAY - datetime.timedelta(days=1)))
    (sentence,) = overdue(known, ["wrong"], TODAY)
    assert "TRF-002 for wrong" in sentence
    assert overdue(known, ["another"], TODAY) == []


def test_a_name_that_no_installed_adapter_has_is_said() -> None:
    known = listed(entry(), entry(adapter="torch-cuda"), entry(adapter="wrogn"), entry("TRF-002", adapter="wrogn"))
    assert overdue(known, ["wrong"], TODAY) == []
    (sentence,) = overdue(known, ["wrong"], TODAY, installed=["ref", "torch"])
    assert "'wrogn'" in sentence


TEXT = """\
# Known failures of the beamline's backend.

# Waits for the new reader.
[[expected]]
clause = "TRF-001"   # flattening
adapter = "wrong"
reason = "known"

# Never worked.
# See the wiki.
[[expected]]
clause = "TRF-002"
adapter = "wrong"
reason = "known"
witness = "old/b"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "expected.toml"
    path.write_text(TEXT)
    return path


def test_dropping_an_entry_takes_its_comment_and_no_other(path: Path) -> None:
    before = read_expected(path)
    after = {key: one for key, one in before.items() if one.clause == "TRF-002"}
    text = edited(TEXT, path, before, after)
    assert "Waits" not in text
    assert text.startswith("# Known failures of the beamline's backend.\n\n# Never worked.\n# See the wiki.\n[[exp")


def test_a_new_witness_changes_one_line(path: Path) -> None:
    before = read_expected(path)
    place = path.parent / "seen" / "a"
    after = {key: entry(one.clause, witness=place) for key, one in before.items()}
    text = edited(TEXT, path, before, after)
    assert [line for line in text.splitlines() if line not in TEXT.splitlines()] == ['witness = "seen/a"'] * 2
    assert 'witness = "old/b"' not in text


def test_entries_are_added_at_the_end(path: Path) -> None:
    before = read_expected(path)
    new = ExpectedFailure("TRF-003", 'odd "name"', "not yet examined", witness=path.parent / "seen" / "c")
    text = edited(TEXT, path, before, before | listed(new))
    assert text.startswith(TEXT)
    path.write_text(text)
    assert read_expected(path) == before | listed(new)


def test_a_list_without_entries_gets_some(path: Path) -> None:
    assert edited("", path, {}, listed(entry())) == PLAIN
    assert edited("# Nothing yet.\n", path, {}, listed(entry())) == f"# Nothing yet.\n\n{PLAIN}"


def test_a_list_within_one_line_is_refused(path: Path) -> None:
    text = 'expected = [{clause = "TRF-001", adapter = "wrong", reason = "known"}]\n'
    path.write_text(text)
    with pytest.raises(MalformedExpectations, match="cannot be edited"):
        edited(text, path, read_expected(path), {})


def test_a_text_that_looks_like_a_header_is_none(path: Path) -> None:
    text = PLAIN.replace('"known"', '"""\nknown\n[[expected]]\n"""') + "\n# Stays.\n" + PLAIN.replace("001", "002")
    path.write_text(text)
    before = read_expected(path)
    kept = {key: one for key, one in before.items() if one.clause == "TRF-002"}
    assert edited(text, path, before, kept) == "# Stays.\n" + PLAIN.replace("001", "002")


def test_comments_go_with_the_header_below_them(path: Path) -> None:
    above = "[owner]\nname = 'me'  # mine\n\n# Ours.\n\n"
    below = "# For later.\n[later]\nx = 1\n# The end.\n"
    text = f"{above}# This one.\n{PLAIN}# Its end.\n\n{below}"
    path.write_text(text)
    before = read_expected(path)
    assert edited(text, path, before, before) == text
    assert edited(text, path, before, {}) == above + below
    renewed = {key: entry(witness=path.parent / "seen") for key in before}
    assert edited(text, path, before, renewed).replace('witness = "seen"\n', "") == text


def test_what_is_dropped_and_what_is_added_may_come_at_once(path: Path) -> None:
    before = read_expected(path)
    text = edited(TEXT, path, before, listed(entry("TRF-003")))
    assert text == f"# Known failures of the beamline's backend.\n\n{PLAIN.replace('001', '003')}"


def test_other_tables_survive(path: Path) -> None:
    text = f"[owner]\nname = 'me'\n\n{PLAIN}\n[later]\nx = 1\n"
    path.write_text(text)
    left = edited(text, path, read_expected(path), {})
    assert "[owner]" in left
    assert "[later]" in left
    assert "TRF-001" not in left


# What a run makes of a list.

BACKENDS = '''
import pathlib

from ptycho_ref.adapter import RefAdapter


class Wrong(RefAdapter):
    """Wrong in one transform, and broken in another, until it is repaired."""

    name = "wrong"

    def transform(self, name, array, gridsize):
        with pathlib.Path("asked.txt").open("a") as stream:
            print(name, file=stream)
        given = super().transform(name, array, gridsize)
        if name == "grid_to_channel" and not pathlib.Path("repaired").exists():
            raise ZeroDivisionError("not today")
        wrong = name == "channel_to_flat" and not pathlib.Path("repaired").exists()
        return given[::-1] if wrong else given
'''


class Project:
    """A folder with a backend, in which runs are made."""

    searched = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.list = folder / "expected.toml"
        (folder / "backends.py").write_text(BACKENDS)

    def run(self, *arguments: str, expected: bool = True) -> tuple[int, dict[str, Any]]:
        """Run the stage; return the exit code and the JSON."""
        (self.folder / "asked.txt").unlink(missing_ok=True)
        given = ("--expected", "expected.toml") if expected else ()
        asked = ("run", "--adapter", "backends:Wrong", "--stage", "transforms", "--json", "out.json", *given)
        if "--jobs" in arguments:
            done = command(*asked, *arguments, folder=self.folder)
            code, self.said = done.returncode, done.stdout + done.stderr
        else:
            code = self._here(*asked, *arguments, "--in-process")
        return code, json.loads((self.folder / "out.json").read_text())

    def _here(self, *arguments: str) -> int:
        """Run the command in this process, with the backend of the folder."""
        said = io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            patch.chdir(self.folder)
            patch.setattr(sys, "path", [*sys.path])
            patch.delitem(sys.modules, "backends", raising=False)
            code = ended(arguments)
            sys.modules.pop("backends", None)
        self.said = said.getvalue()
        return code

    def asked(self) -> int:
        """How often the last run asked for the wrong transform."""
        return (self.folder / "asked.txt").read_text().split().count("channel_to_flat")


def outcomes(result: dict[str, Any], *wanted: str) -> dict[str, str]:
    return {cell["clause"]: cell["outcome"] for cell in result["cells"] if cell["outcome"] in wanted}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose list was written by a run, and the number of calls that run took."""
    project = Project(tmp_path_factory.mktemp("seeded"))
    code, result = project.run("--update-expected")
    assert code == 0, project.said
    assert outcomes(result, "FAIL", "ERROR") == {}
    assert "added" in project.said
    (project.folder / "searched.txt").write_text(str(project.asked()))
    return project.folder


@pytest.fixture
def project(seeded: Path, tmp_path: Path) -> Project:
    shutil.copytree(seeded, tmp_path, dirs_exist_ok=True)
    made = Project(tmp_path)
    made.searched = int((seeded / "searched.txt").read_text())
    return made


def test_a_run_writes_a_list_with_witnesses_beside_it(project: Project) -> None:
    entries = read_expected(project.list).values()
    assert {"TRF-001", "TRF-006"} <= {one.clause for one in entries}
    for one in entries:
        assert one.reason == "not yet examined"
        assert one.witness is not None
        assert one.witness.parent == project.folder / "expected-witnesses"
        assert (one.witness / "README.txt").is_file()
    assert 'witness = "expected-witnesses/TRF-001-wrong-' in project.list.read_text()


@pytest.mark.parametrize("workers", [(), ("--jobs", "2")])
def test_known_failures_are_decided_by_their_witness_without_a_search(
    project: Project, workers: tuple[str, ...]
) -> None:
    shutil.rmtree(project.folder / "capsules")
    code, result = project.run(*workers)
    assert code == 0, project.said
    known = outcomes(result, "EXPECTED-FAIL")
    assert set(known) == {one.clause for one in read_expected(project.list).values()}
    count = result["denominators"][0]["counts"]
    assert count["EXPECTED-FAIL"] == len(known)
    assert sum(count.values()) == len(result["cells"])
    checks = [check for cell in result["cells"] if cell["clause"] in known for check in cell["checks"]]
    assert {check["outcome"] for check in checks} == {"EXPECTED-FAIL"}
    assert {check["comparisons"] for check in checks} == {0}
    assert project.asked() < project.searched
    assert not (project.folder / "capsules").exists()


def test_a_failure_that_is_gone_fails_the_run_until_the_list_is_updated(project: Project) -> None:
    text = project.list.read_text()
    project.list.write_text("# Ours.\n\n" + text)
    (project.folder / "repaired").touch()
    code, result = project.run()
    assert code == 1
    assert any(
        "TRF-001 for wrong is listed" in line and "--update-expected" in line for line in result["stale_expectations"]
    )
    assert outcomes(result, "EXPECTED-FAIL") == {}
    assert outcomes(result, "PASS").keys() >= {"TRF-001", "TRF-006"}
    code, _ = project.run("--update-expected")
    assert code == 0
    assert project.list.read_text() == "# Ours.\n\n"
    assert "no longer needed" in project.said


def test_a_witness_that_is_missing_fails_the_run_and_an_update_finds_another(project: Project) -> None:
    text = project.list.read_text().replace('"not yet examined"', '"known since 2024"', 1)
    project.list.write_text(text + "# The end.\n")
    shutil.rmtree(project.folder / "expected-witnesses")
    code, result = project.run()
    assert code == 1
    assert any("cannot be replayed" in line for line in result["stale_expectations"])
    assert project.run("--update-expected")[0] == 0
    assert project.list.read_text() == text + "# The end.\n"
    assert all(one.witness is not None and one.witness.is_dir() for one in read_expected(project.list).values())


def test_an_expired_entry_excuses_nothing(project: Project) -> None:
    text = project.list.read_text()
    project.list.write_text(text.replace("reason =", "expires = 2020-02-29\nreason =", 1))
    code, result = project.run()
    assert code == 1
    assert any("was expected to fail until 2020-02-29" in line for line in result["stale_expectations"])
    assert outcomes(result, "FAIL").keys() == {"TRF-001"}


@pytest.mark.night
def test_a_witness_of_another_clause_is_no_witness(project: Project) -> None:
    entries = {one.clause: one for one in read_expected(project.list).values()}
    first, other = (entries[clause].witness for clause in ("TRF-001", "TRF-006"))
    assert first is not None
    assert other is not None
    project.list.write_text(project.list.read_text().replace(first.name, other.name))
    code, result = project.run()
    assert code == 1
    assert any("TRF-001 for wrong: the witness" in line for line in result["stale_expectations"])


@pytest.mark.night
def test_an_adapter_that_breaks_is_not_excused_by_a_witness_of_a_wrong_answer(project: Project) -> None:
    source = (project.folder / "backends.py").read_text()
    (project.folder / "backends.py").write_text(source.replace("return given[::-1]", "return 1 / 0"))
    code, result = project.run()
    assert code != 0
    assert outcomes(result, "ERROR").keys() >= {"TRF-001"}


def test_entries_of_other_adapters_are_left_alone(project: Project) -> None:
    text = project.list.read_text() + '\n[[expected]]\nclause = "TRF-001"\nadapter = "other"\nreason = "known"\n'
    project.list.write_text(text)
    assert project.run("--update-expected")[0] == 0
    assert project.list.read_text() == text


def test_an_update_needs_a_list(project: Project) -> None:
    assert project.run("--update-expected", expected=False)[0] == 3
