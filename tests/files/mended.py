"""What fixes do to files of people: ``python -m tests.files.mended`` mends every variant and proves what fixes claim.

Of every file: what is not named by a fix stays byte for byte; a second run does nothing; a finding whose fix was done
is gone; nothing new is found; what was offered by an option is done by that option.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from conformance.files.examine import examine
from conformance.files.finding import Finding, Severity
from conformance.files.fix import Fix, Grade
from conformance.files.fixing.declared import FRAMES as DROP_FRAMES
from conformance.files.fixing.declared import MASKING, ROOT, SCALE, Declared
from conformance.files.fixing.declared import POINTS as DROP_POINTS
from conformance.files.fixing.mending import Mending, is_mendable, mended
from conformance.files.rules.masks import ADOPTING
from tests.files.variants import Variant, all_variants

_PER_FRAME = frozenset({"xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index", "diff3d", "diffraction"})
_ALSO = {
    "adopt-mask": {"diff3d", "diffraction", "bad_pixels"},
    "mask-pixels": {"diff3d", "diffraction", "bad_pixels"},
    "drop-frames": {*_PER_FRAME, "bad_pixels", "Y"},
    "drop-surplus": _PER_FRAME,
    "shift-positions": _PER_FRAME,
    "scale-positions": _PER_FRAME,
    "root": {"measurement_domain", "scale_contract_version"},
}
"""Arrays that a fix changes beside the one that it names."""


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}


def _loud(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(one.clause, one.array) for one in findings if one.severity is not Severity.NOTE}


def said_of(fix: Fix) -> Declared | None:
    """What a user says who follows an offered fix; None where the offer alone does not say it."""
    options = {
        MASKING: Declared(mask_markers=True),
        ROOT: Declared(intensity=True),
        DROP_FRAMES: Declared(drop_frames=True),
        DROP_POINTS: Declared(drop_points=True),
        SCALE: Declared(scale_probe=True),
        ADOPTING: Declared(mask_ones=str(fix.arguments.get("ones", ""))),
    }
    return options.get(fix.option) if fix.option != ADOPTING or fix.arguments.get("ones") else None


def broken_claims(done: Mending, source: Path, out: Path, said: Declared) -> Iterator[str]:
    """Yield what a mended file does not keep of what fixes promise.

    Parameters
    ----------
    done : Mending
    source, out : Path
        What was mended, and what was written.
    said : Declared
        What the user said.
    """
    if not done.written:
        return
    touched = {"_metadata"}
    for fix in done.fixes:
        touched |= {fix.array, str(fix.before.get("name")), str(fix.after.get("name")), *_ALSO.get(fix.op, ())}
    before, after = _members(source), _members(out)
    for name in before.keys() - touched:
        if after.get(name) != before[name]:
            yield f"{name} was changed, and no fix names it"
    again = mended(examine(out), out.with_name("twice.npz"), said)
    if again.fixes:
        yield f"a second run does {', '.join(fix.sentence() for fix in again.fixes)}"
    elif again.written and _members(out.with_name("twice.npz")) != after:
        yield "a second run writes another file"
    new = _loud(done.after.findings) - _loud(done.before.findings)
    violations = {(one.clause, one.array) for one in done.after.of(Severity.VIOLATION)}
    gone = {(fix.clause, fix.array) for fix in done.fixes if fix.grade is Grade.EXACT} & _loud(done.after.findings)
    if gone:
        yield f"still found after its fix: {sorted(gone)}"
    named = {fix.clause for fix in done.fixes}
    hidden = {one for one in _loud(done.before.findings) - _loud(done.after.findings) if one[0] not in named}
    if hidden and not done.before.of(Severity.VIOLATION) and not said.options:
        yield f"found before, hidden now: {sorted(hidden)}"
    if new & violations and not done.before.of(Severity.VIOLATION):
        yield f"new: {sorted(new & violations)}"


def proven(one: Variant, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the fixes of a variant, each alone with the exact ones, and what is wrong with what it did.

    Parameters
    ----------
    one : Variant
    folder : Path
        An empty one.
    """
    source = one.make(folder)
    found = examine(source)
    if not is_mendable(found):
        return
    offers = [said_of(each.fix) for each in found.findings if each.fix is not None and each.fix.option]
    offered = {offer.options: offer for offer in offers if offer is not None}
    for number, said in enumerate((Declared(), *offered.values())):
        out = folder / f"out{number}" / "out.npz"
        out.parent.mkdir()
        done = mended(found, out, said)
        done_by = [fix for fix in done.fixes if fix.option]
        wrong = list(broken_claims(done, source, out, said))
        if said.options and not done_by and not done.notes:
            wrong.append(f"{said.options[0]} was offered, and did nothing")
        if done.fixes or wrong:
            yield " ".join(("exact", *said.options)), "; ".join(wrong)


def main() -> int:
    """Print what every fix of every variant claims and does not keep."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(all_variants()):
            place = Path(folder) / str(number)
            place.mkdir()
            for what, wrong in proven(one, place):
                outcomes["broken" if wrong else "proven"] += 1
                if wrong:
                    print(f"{one.name}, {what}: {wrong}")
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())))
    return int(bool(outcomes["broken"]))


if __name__ == "__main__":
    sys.exit(main())
