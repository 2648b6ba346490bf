"""Every failure replays: on the backend that failed it still fails, on the right one it is fixed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.contract.version import contract_version
from conformance.engine.catalogue import deciding
from conformance.engine.declaration import PROFILES, Declaration, check
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial, once, trials
from conformance.failures.capsule import Capsule, DamagedCapsule, read_capsule
from conformance.failures.recording import capsule_of, keep, untried
from conformance.failures.replay import Verdict, declaration_of, replay
from conformance.failures.replaying import replayed
from conformance.failures.writing import write_capsule
from conformance.files.examine import specimen_from_file
from conformance.scans.specimens import Recipe, Specimen, gallery, make_specimen, write_scan
from tests.program import command
from tests.zoo.liar import Liar, selected, zoo

pytestmark = pytest.mark.filterwarnings("ignore")

GROUPS = "grouping/test_members.py::test_members_are_distinct_on_any_scan"
FRAMES = "npz/test_frames.py::test_frames_of_a_specimen"


@cache
def right() -> Selected:
    """The right backend."""
    from ptycho_ref.adapter import RefAdapter

    return Selected("ref", RefAdapter(), frozenset(Stage))


def of(adapter: Any) -> Selected:
    return Selected(adapter.name, adapter, frozenset(Stage))


def specimens(folder: Path) -> list[Specimen]:
    """The gallery, and a scan that comes from a file as a measured one does."""
    specimen = make_specimen(Recipe(M=24, N=8, seed=77, margin=9.0))
    write_scan(folder / "measured.npz", specimen.arrays)
    return [*gallery(), Specimen("measured", specimen.arrays, consistent=False, path=folder / "measured.npz")]


def first_failure(liar: type[Liar], folder: Path) -> Trial:
    """The first failing run of a check of the clause that a liar is written for."""
    subject = Subject(selected(liar), folder / "subject")
    for declaration in deciding(liar.clauses[0]):
        if declaration.framework is not None:
            pytest.importorskip(declaration.framework)
        for trial in trials(declaration, subject, specimens(folder)):
            if trial.outcome is Outcome.FAIL:
                return trial
    pytest.fail(f"{liar.__name__} survives {liar.clauses[0]}")


@pytest.mark.parametrize("liar", zoo(), ids=[f"{liar.clauses[0]}-{liar.__name__}" for liar in zoo()])
def test_the_failure_of_every_liar_replays(liar: type[Liar], tmp_path: Path) -> None:
    if "ref" in liar.not_over:
        pytest.skip(liar.not_over["ref"])
    trial = first_failure(liar, tmp_path)
    (tmp_path / "scratch").mkdir()
    written = read_capsule(write_capsule(untried(trial, selected(liar), tmp_path / "scratch"), tmp_path / "capsules"))
    again = replay(written, selected(liar))
    if again.verdict is Verdict.FIXED:  # what it keeps between calls is seen only by trying
        capsule = capsule_of(trial, selected(liar), tmp_path / "scratch")
        written = read_capsule(write_capsule(capsule, tmp_path / "capsules"))
        again = replay(written, selected(liar))
    assert again.verdict is Verdict.STILL_FAILS, again.line()
    fixed = replay(replace(written, inputs=again.inputs), right())
    assert fixed.verdict is Verdict.FIXED, fixed.line()


class NamesOneFrame:
    """Every group names the first frame only."""

    name = "one-frame"
    stages = frozenset(Stage)

    def __init__(self) -> None:
        self.right = right().adapter

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "right":
            raise AttributeError(name)
        return getattr(self.right, name)

    def group(self, scan: Any, request: Any) -> Any:
        grouped = dict(self.right.group(scan, request))
        grouped["nn_indices"] = grouped["nn_indices"] * 0
        return grouped


class Breaks(NamesOneFrame):
    name = "breaks"

    def group(self, scan: Any, request: Any) -> Any:
        raise ZeroDivisionError("no groups today")


class LosesBrightFrames(NamesOneFrame):
    """Frames that hold a very bright pixel come out dark."""

    name = "loses-bright"

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        bright = held["diff3d"].max(axis=(1, 2)) > 40_000
        held["diff3d"] = np.where(bright[:, None, None], 0, held["diff3d"])
        return held


class Spoils(NamesOneFrame):
    """Overwrites the arrays that it is given before it gives a wrong answer."""

    name = "spoils"

    def patches(self, obj: Any, centres: Any, N: int) -> Any:
        given = self.right.patches(obj, centres, N)
        obj[...] = 0
        centres[...] = 0
        return given[::-1]


@pytest.fixture
def failing(tmp_path: Path) -> Callable[..., Trial]:
    """Runs one check on an adapter as a run does, smallest example last."""

    def run(adapter: Any, name: str, specimen: Specimen | None = None) -> Trial:
        subject = Subject(of(adapter), Path(tempfile.mkdtemp(dir=tmp_path)))
        trial = once(declaration_of(name), subject, specimen, profile=PROFILES["contract"])
        assert trial.outcome in (Outcome.FAIL, Outcome.ERROR)
        return trial

    return run


@pytest.fixture
def capsule(failing: Callable[..., Trial], tmp_path: Path) -> Path:
    """A capsule of a failure that Hypothesis found and shrank."""
    kept = keep(failing(NamesOneFrame(), GROUPS), of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is not None, kept.note
    return kept.path


def test_a_capsule_holds_what_a_person_needs(capsule: Path) -> None:
    held = {path.name for path in capsule.iterdir()}
    assert {"README.txt", "capsule.json", "arguments.json", "request.json", "environment.json", "input.npz"} <= held
    readme = (capsule / "README.txt").read_text()
    assert "names a scan point twice" in readme
    assert f"ptycho-conformance replay {capsule.name}" in readme
    environment = json.loads((capsule / "environment.json").read_text())
    assert environment["contract"] == contract_version()
    assert environment["packages"]["numpy"] == np.__version__
    last = json.loads((capsule / "request.json").read_text())[-1]
    assert last["method"] == "group"
    request = last["arguments"][1]["GroupRequest"]
    with np.load(capsule / "input.npz") as scan:
        assert scan["diff3d"].shape == (len(scan["xcoords"]), request["N"], request["N"])
    assert (capsule / "inputs" / "00-scan.npz").is_file()


def test_the_input_is_that_of_the_smallest_example_to_the_last_bit(
    failing: Callable[..., Trial], tmp_path: Path
) -> None:
    trial = failing(NamesOneFrame(), GROUPS)
    kept = keep(trial, of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is not None
    assert trial.drawn is not None
    meant, found = trial.drawn["case"], read_capsule(kept.path).drawn["case"]  # type: ignore[index]
    assert found.request == meant.request
    assert meant.specimen.M <= 5
    for name, array in meant.specimen.arrays.items():
        assert found.specimen.arrays[name].dtype == array.dtype
        assert found.specimen.arrays[name].tobytes() == array.tobytes()


def test_what_was_seen_and_expected_are_arrays(failing: Callable[..., Trial], tmp_path: Path) -> None:
    trial = failing(Spoils(), "patches/test_windows.py::test_windows_at_whole_positions")
    kept = keep(trial, of(Spoils()), tmp_path / "capsules")
    assert kept.path is not None
    seen, expected = (np.load(kept.path / f"{name}.npy", allow_pickle=False) for name in ("seen", "expected"))
    assert seen.shape == expected.shape
    assert not np.array_equal(seen, expected)


def test_inputs_that_the_adapter_spoils_are_kept_as_they_came(failing: Callable[..., Trial], tmp_path: Path) -> None:
    trial = failing(Spoils(), "patches/test_windows.py::test_windows_at_whole_positions")
    kept = keep(trial, of(Spoils()), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert held.replays
    assert np.abs(held.drawn["obj"]).min() > 0  # type: ignore[index]
    assert replay(held, right()).verdict is Verdict.FIXED


def test_one_failure_takes_one_place(failing: Callable[..., Trial], tmp_path: Path) -> None:
    places = {keep(failing(NamesOneFrame(), GROUPS), of(NamesOneFrame()), tmp_path / "capsules").path for _ in range(2)}
    other = keep(failing(Breaks(), GROUPS), of(Breaks()), tmp_path / "capsules").path
    assert len(places) == 1
    assert sorted(path.name for path in (tmp_path / "capsules").iterdir()) == sorted(
        path.name for path in (*places, other) if path is not None
    )


def test_an_adapter_that_breaks_leaves_a_capsule_as_well(failing: Callable[..., Trial], tmp_path: Path) -> None:
    kept = keep(failing(Breaks(), GROUPS), of(Breaks()), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert held.outcome is Outcome.ERROR
    shown = replay(held, of(Breaks()))
    assert shown.verdict is Verdict.STILL_FAILS
    assert "no groups today" in shown.sentence
    assert replay(held, right()).verdict is Verdict.FIXED


def test_a_claimed_stage_without_its_method_leaves_a_capsule(tmp_path: Path) -> None:
    class Claims:
        name = "claims"
        stages = frozenset(Stage)

    chosen = of(Claims())
    trial = once(declaration_of(GROUPS), Subject(chosen, tmp_path / "subject"))
    kept = keep(trial, chosen, tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert replay(held, chosen).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


def test_what_is_not_claimed_cannot_run(capsule: Path) -> None:
    class Nothing:
        name = "nothing"
        stages = frozenset[Stage]()

    shown = replay(read_capsule(capsule), Selected("nothing", Nothing(), frozenset()))
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "not claimed" in shown.sentence


def test_an_adapter_whose_dependency_is_missing_cannot_run(capsule: Path) -> None:
    missing = Selected("torch", None, frozenset(Stage), missing="pip install ptycho-conformance[torch]")
    shown = replay(read_capsule(capsule), missing)
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "pip install" in shown.sentence


class KeepsTheFirstAnswer(NamesOneFrame):
    """Gives the first patches for ever."""

    name = "keeps"

    def patches(self, obj: Any, centres: Any, N: int) -> Any:
        given = self.right.patches(obj, centres, N)
        if not hasattr(self, "kept"):
            self.kept = given * 0 + 1
            return given
        return self.kept


def test_a_failure_by_what_came_before_is_run_twice(failing: Callable[..., Trial], tmp_path: Path) -> None:
    adapter = KeepsTheFirstAnswer()
    trial = failing(adapter, "patches/test_windows.py::test_windows_at_whole_positions")
    kept = keep(trial, of(adapter), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert (held.runs, held.replays) == (2, True)
    assert "keeps something between calls" in (kept.path / "README.txt").read_text()
    assert replay(held, of(KeepsTheFirstAnswer())).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


def test_a_failure_of_chance_says_so(tmp_path: Path, failing: Callable[..., Trial]) -> None:
    class Once(NamesOneFrame):
        name = "once"
        spent = False

        def group(self, scan: Any, request: Any) -> Any:
            return (self.right if Once.spent else super()).group(scan, request)

    specimen = gallery()[0]
    trial = failing(Once(), "grouping/test_members.py::test_members_are_distinct", specimen)
    Once.spent = True
    kept = keep(trial, of(Once()), tmp_path / "capsules")
    assert kept.path is not None
    assert "did not fail again" in kept.said
    assert not read_capsule(kept.path).replays
    assert "depends on what ran before" in (kept.path / "README.txt").read_text()


def test_a_disk_that_refuses_is_a_note_and_no_error(failing: Callable[..., Trial], tmp_path: Path) -> None:
    (tmp_path / "capsules").write_text("a file where the folder should be")
    kept = keep(failing(NamesOneFrame(), GROUPS), of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is None
    assert "no capsule could be written" in kept.said


def test_a_check_that_is_not_the_suites_leaves_none(tmp_path: Path) -> None:
    @check("GRP-001")
    def test_mine(subject: Any, evidence: Any) -> None:
        evidence.holds(False, "No.")

    trial = once(test_mine.declaration, Subject(right(), tmp_path / "subject"))  # type: ignore[attr-defined]
    kept = keep(trial, right(), tmp_path / "capsules")
    assert kept.path is None
    assert "not one of the suite's own" in kept.note


def test_arguments_that_no_capsule_holds_are_drawn_again(
    failing: Callable[..., Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = replace(failing(NamesOneFrame(), GROUPS), drawn={"case": object()})
    kept = keep(trial, of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert held.drawn is None
    assert "draws the arguments anew" in held.notes[0]
    assert replay(held, of(NamesOneFrame())).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


# What has changed since.


def with_declaration(monkeypatch: pytest.MonkeyPatch, change: Callable[[Declaration], Declaration]) -> None:
    changed = change(declaration_of(GROUPS))
    monkeypatch.setattr("conformance.failures.replay.declaration_of", lambda name: changed)


def test_a_check_that_takes_other_arguments_cannot_run(capsule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_declaration(monkeypatch, lambda old: replace(old, given={"other": st.integers()}))
    shown = replay(read_capsule(capsule), right())
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "other arguments" in shown.sentence


def scaled(held: Capsule, factor: float, folder: Path) -> Capsule:
    """A capsule as if the check had written its input with other values."""
    changed = []
    for one in held.inputs:
        path = folder / one.name
        path.write_bytes(one.content or b"")
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        arrays["xcoords"] = arrays["xcoords"] * factor
        write_scan(path, arrays)
        changed.append(replace(one, sha256="0" * 64, content=path.read_bytes()))
    return replace(held, inputs=tuple(changed))


@pytest.mark.parametrize(("factor", "verdict"), [(1 + 1e-12, Verdict.FIXED), (1.01, Verdict.CANNOT_RUN)])
def test_an_input_may_differ_by_rounding_and_by_no_more(
    capsule: Path, tmp_path: Path, factor: float, verdict: Verdict
) -> None:
    held = scaled(read_capsule(capsule), factor, tmp_path)
    assert replay(held, right()).verdict is verdict
    assert replay(held, of(NamesOneFrame())).verdict is Verdict.STILL_FAILS


# A scan of the user's.


def measured(folder: Path, M: int = 60, legacy: bool = False) -> Specimen:
    """A scan file of counts in which one frame is very bright."""
    made = make_specimen(Recipe(M=M, N=8, seed=5, truth="none")).arrays
    stack = np.round(made["diff3d"] * 20).astype(np.uint16)
    stack[41, 2, 5] = 50_000
    arrays = {**made, "diff3d": np.moveaxis(stack, 0, -1) if legacy else stack}
    write_scan(folder / "night-4.npz", arrays)
    return specimen_from_file(folder / "night-4.npz")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_scan_of_the_users_is_cut_to_the_frame_that_matters(
    failing: Callable[..., Trial], tmp_path: Path, legacy: bool
) -> None:
    trial = failing(LosesBrightFrames(), FRAMES, measured(tmp_path, legacy=legacy))
    kept = keep(trial, of(LosesBrightFrames()), tmp_path / "capsules")
    assert kept.path is not None
    with np.load(kept.path / "scan.npz") as scan:
        stack = np.moveaxis(scan["diff3d"], -1, 0) if legacy else scan["diff3d"]
        assert stack.dtype == np.uint16
        assert len(stack) == 1
        assert stack[0, 2, 5] == 50_000
        assert len(scan["xcoords"]) == 1
    held = read_capsule(kept.path)
    assert "Cut to the scan points 41 to 41 of 60 of night-4.npz" in held.notes[0]
    (tmp_path / "night-4.npz").unlink()
    assert replay(held, of(LosesBrightFrames())).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


class NeedsAll(NamesOneFrame):
    """Loses a frame of scans as long as the one it is judged on."""

    name = "needs-all"

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        if len(held["diff3d"]) == 60:
            held["diff3d"] = held["diff3d"] * 2
        return held


def test_a_scan_that_cannot_be_cut_is_kept_whole(failing: Callable[..., Trial], tmp_path: Path) -> None:
    trial = failing(NeedsAll(), FRAMES, measured(tmp_path))
    kept = keep(trial, of(NeedsAll()), tmp_path / "capsules")
    assert kept.path is not None
    assert (kept.path / "scan.npz").read_bytes() == (tmp_path / "night-4.npz").read_bytes()


def test_a_scan_too_large_to_keep_is_named(
    failing: Callable[..., Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("writing", "shrinking", "replay"):
        monkeypatch.setattr(f"conformance.failures.{module}.MOST_BYTES", 1000)
    trial = failing(NeedsAll(), FRAMES, measured(tmp_path))
    kept = keep(trial, of(NeedsAll()), tmp_path / "capsules")
    assert kept.path is not None
    assert not (kept.path / "scan.npz").exists()
    held = read_capsule(kept.path)
    assert replay(held, of(NeedsAll())).verdict is Verdict.STILL_FAILS
    with (tmp_path / "night-4.npz").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(DamagedCapsule, match="no longer the scan"):
        read_capsule(kept.path)
    (tmp_path / "night-4.npz").unlink()
    with pytest.raises(DamagedCapsule, match="not there"):
        read_capsule(kept.path)


# Capsules of strangers.


def edit(name: str, **changes: Any) -> Callable[[Path], None]:
    """Change keys of a JSON file of a capsule, and make its checksum right again."""

    def change(folder: Path) -> None:
        record = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(record | changes))
        resealed(folder)

    return change


def resealed(folder: Path) -> None:
    record = json.loads((folder / "capsule.json").read_text())
    for name in record["files"]:
        if (folder / name).is_file():
            record["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "capsule.json").write_text(json.dumps(record))


def replaced(name: str, content: bytes | None, *, sealed: bool = False) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        if sealed:
            resealed(folder)

    return change


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("sprung"),))


def trapped(folder: Path) -> None:
    with np.load(folder / "input.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["xcoords"] = np.array([Trap()], dtype=object)
    np.savez(folder / "input.npz", **arrays)
    resealed(folder)


def linked(folder: Path) -> None:
    shutil.move(folder / "input.npz", folder.parent / "elsewhere.npz")
    (folder / "input.npz").symlink_to(folder.parent / "elsewhere.npz")


def as_folder(folder: Path) -> None:
    (folder / "arguments.json").unlink()
    (folder / "arguments.json").mkdir()


HOSTILE = {
    "no capsule.json": replaced("capsule.json", None),
    "no arguments": replaced("arguments.json", None),
    "arguments that are a folder": as_folder,
    "no input": replaced("input.npz", None),
    "input cut short": lambda folder: (folder / "input.npz").write_bytes((folder / "input.npz").read_bytes()[:-50]),
    "input cut short, sealed again": replaced("input.npz", b"PK\x03\x04", sealed=True),
    "input with an object": trapped,
    "input that is a link": linked,
    "JSON that is none": replaced("capsule.json", b"{'a': 1}"),
    "JSON in another encoding": replaced("capsule.json", "ψ".encode("utf-16")),
    "JSON too deep": replaced("capsule.json", b"[" * 100_000),
    "JSON that is a list": replaced("capsule.json", b"[]"),
    "another schema": edit("capsule.json", schema="ptycho-conformance.capsule/99"),
    "outcome of no kind": edit("capsule.json", outcome="MAYBE"),
    "clauses of numbers": edit("capsule.json", clauses=[1]),
    "no clauses": edit("capsule.json", clauses=[]),
    "files that are text": edit("capsule.json", files="input.npz"),
    "inputs outside the folder": edit(
        "capsule.json", inputs=[{"name": "../../etc/passwd", "sha256": "0", "made": True, "kept": True}]
    ),
    "inputs that are not there": edit(
        "capsule.json", inputs=[{"name": "07-scan.npz", "sha256": "0", "made": True, "kept": True}]
    ),
    "a check outside the suite": edit("capsule.json", check="os.py::system"),
    "a check by a path": edit("capsule.json", check="../evil.py::test_evil"),
    "a module that is no check": edit("capsule.json", check="conftest.py::pytest_runtest_setup"),
    "a function that is no check": edit("capsule.json", check="grouping/test_members.py::test_nothing"),
    "an attribute of a function": edit("capsule.json", check="grouping/test_members.py::check.__globals__"),
    "a number for a check": edit("capsule.json", check=3),
    "no arguments at all": edit("arguments.json", drawn=[]),
    "an argument of another name": edit("arguments.json", drawn={"evidence": 3}),
    "an argument that is a path": edit("arguments.json", drawn={"case": {"path": "/etc/passwd"}}),
    "a cache beside another file": edit(
        "arguments.json", drawn={"case": {"GroupRequest": {"N": 8, "dataset_path": "/tmp/x"}}}
    ),
    "a scan for a check without one": edit(
        "arguments.json", specimen={"scan": {"name": "x", "path": "/dev/zero", "bytes": 0, "sha256": ""}}
    ),
    "a scan without a name": edit("arguments.json", specimen={"scan": {}}),
    "a scan that is a number": edit("arguments.json", specimen=3),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_damaged_or_hostile_capsule_cannot_run(
    capsule: Path, change: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    change(capsule)
    (shown,) = replayed(capsule, ["ref"])
    assert shown.verdict is Verdict.CANNOT_RUN
    assert shown.sentence
    assert not (tmp_path / "sprung").exists()


def test_a_capsule_imports_nothing_by_itself(capsule: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    edit("capsule.json", asked="evil:Adapter", adapter="\x1b[2Jevil")(capsule)
    (shown,) = replayed(capsule, [])
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "--adapter evil:Adapter" in shown.sentence
    assert "evil" not in sys.modules
    assert "\x1b" not in shown.line()


def test_a_replay_imports_one_module_of_checks_and_no_framework(capsule: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from conformance.failures.replaying import replayed; "
        "print(replayed(Path(sys.argv[1]), ['ref'])[0].verdict); "
        "print(sorted(m for m in sys.modules if '.checks.' in m and '.test_' in m or m in ('torch', 'tensorflow')))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(capsule)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["FIXED", "['conformance.checks.grouping.test_members']"]


# The commands.

BACKENDS = """
from ptycho_ref.adapter import RefAdapter


class Wrong(RefAdapter):
    name = "wrong"

    def transform(self, name, array, gridsize):
        given = super().transform(name, array, gridsize)
        return given[:, ::-1] if name == "channel_to_flat" else given
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "backends.py").write_text(BACKENDS)
    return tmp_path


def test_a_run_ends_every_failure_with_its_replay(project: Path) -> None:
    run = ("run", "--adapter", "backends:Wrong", "--stage", "transforms")
    done = command(*run, folder=project)
    assert done.returncode == 1
    lines = [line.strip() for line in done.stdout.splitlines() if "ptycho-conformance replay" in line]
    names = sorted(path.name for path in (project / "capsules").iterdir())
    assert len(lines) == done.stdout.count("FAIL TRF")
    # Several checks decide TRF-001; the capsule that is named is of the first one that failed.
    first = Path(lines[0].split()[2]).name
    assert lines[0] == f"ptycho-conformance replay capsules/{first} --adapter backends:Wrong"
    assert first in names
    assert first.startswith("TRF-001-wrong-")

    shared = command(*run, "--jobs", "2", "--capsules", "shared", folder=project)
    assert shared.returncode == 1
    assert sorted(path.name for path in (project / "shared").iterdir()) == names
    assert command(*run, "--no-capsules", "--capsules", "none", folder=project).returncode == 1
    assert not (project / "none").exists()

    one = f"capsules/{first}"
    still = command("replay", one, "--adapter", "backends:Wrong", folder=project)
    assert still.returncode == 1
    assert still.stdout.startswith("STILL FAILS · wrong: channel_to_flat")
    both = command("replay", one, "--adapter", "ref", "--adapter", "backends:Wrong", folder=project)
    assert both.returncode == 1
    assert both.stdout.startswith("FIXED · ref: ")
    assert command("replay", one, "--adapter", "ref", folder=project).returncode == 0
    own = command("replay", one, folder=project)
    assert own.returncode == 2
    assert own.stdout.startswith("CANNOT RUN · wrong: ")


def test_wrong_usage_of_replay_ends_with_three(project: Path) -> None:
    assert command("replay", "nowhere", folder=project).returncode == 3
    assert command("replay", ".", "--adapter", "nobody", folder=project).returncode == 3
    assert command("replay", ".", "--bogus", folder=project).returncode == 3
    assert command("replay", ".", folder=project).returncode == 3


def test_pytest_ends_every_failure_with_its_replay(project: Path) -> None:
    checks = Path(__file__).parent.parent / "conformance" / "checks" / "transforms" / "test_layouts.py"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", str(checks), "-c", "/dev/null", "--rootdir", str(project), "-q"),
            *(
                "-p",
                "no:cacheprovider",
                "--ptycho-adapter",
                "backends:Wrong",
                "--ptycho-capsules",
                "kept",
                "-k",
                "channel_to_flat",
            ),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (name,) = [path.name for path in (project / "kept").iterdir()]
    assert f"Replay it:       ptycho-conformance replay kept/{name} --adapter backends:Wrong" in done.stdout


def test_the_capsule_of_a_replay_that_was_tried_knows_its_sentence(
    failing: Callable[..., Trial], tmp_path: Path
) -> None:
    trial = failing(NamesOneFrame(), GROUPS)
    made = capsule_of(trial, of(NamesOneFrame()), tmp_path)
    assert made.replays
    assert made.sentence == trial.reason
