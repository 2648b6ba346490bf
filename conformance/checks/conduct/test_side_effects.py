"""Checks of conduct (CND): nothing is printed, warned of, left behind, or drawn from global random generators."""

from __future__ import annotations

import contextlib
import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.conduct.invalid_calls import refused_calls
from conformance.checks.conduct.results import answered, same
from conformance.checks.conduct.sound_calls import CALLED, REQUEST, calls, scan_arrays
from conformance.checks.conduct.surroundings import GlobalRandomness, standard_output
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, many, side, sized, taken, takes
from conformance.scans.specimens import Recipe, make_specimen


@check("CND-004", any_of=CALLED)
def test_nothing_is_printed(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        with standard_output() as said:
            answered(call, given)
        evidence.holds(not said[0], f"{call.method} printed {said[0][:80]!r}.")


def _files(folder: Path | str, within: str = "") -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    with os.scandir(folder) as entries:
        # A run has written thousands of files by now: each is asked for no more than the folder knows of it.
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found |= _files(entry.path, f"{within}{entry.name}/")
            elif entry.is_file():
                found[within + entry.name] = (entry.stat().st_size, entry.stat().st_mtime_ns)
    return found


@check("CND-005", any_of=CALLED)
def test_nothing_is_left_behind(subject: Subject, evidence: Evidence) -> None:
    made = [(call, call.inputs(), subject.fresh_folder()) for call in calls(subject)]
    after = _files(subject.folder)
    for call, given, here in made:
        before = after
        with contextlib.chdir(here):
            answered(call, given)
            moved = Path.cwd() != here.resolve()
        # The inputs of this suite's own making are scan files, and saving writes what it was asked to.
        allowed = {"scan.npz", "saved.npz", "a.npz", "b.npz"}
        after = _files(subject.folder)
        left = sorted(name for name in after.keys() - before.keys() if Path(name).name not in allowed)
        evidence.holds(not left, f"{call.method} left {', '.join(left)} behind.")
        changed = sorted(name for name, held in before.items() if after.get(name) != held)
        evidence.holds(not changed, f"{call.method} changed or removed {', '.join(changed)}.")
        evidence.holds(
            not list(here.iterdir()), f"{call.method} left {sorted(here.iterdir())} in the working directory."
        )
        evidence.holds(not moved, f"{call.method} changed the working directory.")


@check("CND-005", needs=["load"])
def test_a_large_file_leaves_nothing_behind(subject: Subject, evidence: Evidence) -> None:
    """Some megabytes, from which on an index or a cache beside the file would pay."""
    arrays, rng, N = dict(scan_arrays()), np.random.default_rng(9), side(32)
    M = many(1_300, N)
    arrays |= {name: np.resize(values * 4, M) for name, values in arrays.items() if values.ndim == 1}
    arrays["objectGuess"] = np.tile(arrays["objectGuess"], (4, 4))
    arrays["probeGuess"] = np.resize(arrays["probeGuess"], (N, N))
    arrays["diff3d"] = rng.uniform(0.5, 9, (M, N, N)).astype(np.float32)
    path, here = subject.write(arrays), subject.fresh_folder()
    before = _files(subject.folder)
    with contextlib.chdir(here), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evidence.accepted(lambda: subject.adapter.load(path), f"a file of {path.stat().st_size >> 20} megabytes")
    left = sorted(name for name, held in _files(subject.folder).items() if before.get(name) != held)
    evidence.holds(not left, f"Loading a large file left or changed {', '.join(left[:3])}.")


@check("CND-005", any_of=CALLED)
def test_a_refusal_leaves_no_file_behind(subject: Subject, evidence: Evidence) -> None:
    before, here = _files(subject.folder), subject.fresh_folder()
    with contextlib.chdir(here):
        for refused in refused_calls(subject):
            with contextlib.suppress(Exception):
                answered(refused, refused.inputs())
    # What is refused there are files and folders of this suite's own making.
    left = sorted(name for name in _files(subject.folder).keys() - before.keys() if not name.endswith(".npz"))
    evidence.holds(not left, f"Calls that were refused left {', '.join(left[:3])} behind.")


@check("CND-006", any_of=CALLED)
def test_global_random_state_is_left_alone(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        answered(call, given)
        before = GlobalRandomness()
        try:
            # A state of our own, so that a call which sets the state to its own seed shows even the second time.
            GlobalRandomness.seed(20261124)
            ours = GlobalRandomness()
            answered(call, given)
            changed = ours.differences()
        finally:
            before.restore()
        evidence.holds(not changed, f"{call.method} changed the global state of {', '.join(changed)}.")


@check("CND-007", any_of=CALLED)
def test_global_random_state_is_not_read(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        before = GlobalRandomness()
        results = []
        try:
            for value in (1, 2, 3, 20261124):
                given = call.inputs()
                GlobalRandomness.seed(value)
                results.append(answered(call, given))
        finally:
            before.restore()
        for seen in results[1:]:
            same(evidence, seen, results[0], call, "after another seeding of the global generators")


@check("CND-015", any_of=CALLED)
def test_nothing_warns_without_cause(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        # Splitting after grouping warns by contract (CON-014).
        if call.method == "split_groups":
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            call.run(call.inputs())
        # Deprecations speak to the backend's author about libraries, not to the caller about data.
        said = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
        evidence.holds(not said, f"{call.method} warns about a clean scan: {said[:1]}")


@check("CND-015", needs=["group"])
def test_no_clean_scan_is_a_cause(subject: Subject, evidence: Evidence) -> None:
    """Many modes, few points and many, large frames, no object, far and repeated positions, frames in the dark."""
    recipes = {
        "of one mode": Recipe(M=20, N=8, modes=1, seed=51),
        "of eight modes": Recipe(M=20, N=8, modes=8, seed=51),
        "of one point": Recipe(M=1, N=8, seed=52),
        "of 2,500 points": Recipe(M=2_500, N=8, seed=53),
        "of frames 256 x 256": Recipe(M=6, N=256, seed=54),
        "without an object": Recipe(M=20, N=8, truth="none", seed=55),
        "on a spiral": Recipe(M=20, N=8, pattern="spiral", seed=56),
    }
    scans = {what: dict(make_specimen(recipe).arrays) for what, recipe in recipes.items()}
    usual = scans["of one mode"]
    places = {name: usual[name] for name in ("xcoords", "ycoords")}
    scans |= {
        "below zero": usual | {name: values - 500 for name, values in places.items()},
        "at one place": usual | {name: 0 * values + 20.0 for name, values in places.items()},
        "on a line along y": usual | {"xcoords": 0 * places["xcoords"] + 20.0},
        "on a diagonal": usual | {"xcoords": places["ycoords"]},
        "of which frames are dark": usual | {"diff3d": usual["diff3d"] * (np.arange(20) % 7 > 0)[:, None, None]},
        "of faint frames": usual | {"diff3d": usual["diff3d"] * np.float32(1e-4)},
    }
    for what, arrays in scans.items():
        if not taken(arrays):
            continue
        # What a line is to a triangulation shows in groups of several alone.
        (gridsize,) = next(iter(sized((2,))), (1,)) if what.startswith("on a") else (1,)
        nsamples = min(5, len(arrays["xcoords"]))
        request = GroupRequest(arrays["diff3d"].shape[-1], gridsize, nsamples=nsamples, seed=1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            subject.adapter.group(subject.scan(arrays), request)
        said = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
        evidence.holds(not said, f"A clean scan {what} is warned about: {said[:1]}")


@check("CND-015", needs=["group"])
def test_groups_that_just_suffice_are_no_cause(subject: Subject, evidence: Evidence) -> None:
    """Five points hold five different sets of four, nine hold 126: asking for all of them, or one less, is sound."""
    for M, sets in ((5, 5), (9, 126)) if takes(Property.OVERSAMPLING) else ():
        scan = subject.scan(make_specimen(Recipe(M=M, N=8, seed=42)).arrays)
        for nsamples in (sets - 1, sets):
            request = replace(REQUEST, K=M - 1, nsamples=nsamples, enable_oversampling=True, neighbor_pool_size=M - 1)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                warnings.simplefilter("ignore", ResourceWarning)
                grouped = subject.adapter.group(scan, request)
            said = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
            evidence.holds(not said, f"A request for {nsamples} of the {sets} groups that exist warns: {said[:1]}")
            different = {tuple(sorted(row)) for row in as_numpy(grouped["nn_indices"]).tolist()}
            evidence.holds(
                len(different) == nsamples, f"{len(different)} of {nsamples} groups asked for are different."
            )
