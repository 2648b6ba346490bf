"""Tells findings what would mend them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.files.finding import Finding
from conformance.files.fixing.declared import Seen, declared_fixes
from conformance.files.fixing.exact import exact_fixes_in_sight
from conformance.files.formats.values import Source


def with_fixes(source: Source, seen: Seen) -> Iterator[Finding]:
    """Yield findings, each with the fix that is known for it.

    Parameters
    ----------
    source : Source
        Arrays of the file.
    seen : Seen
        What was found in it.
    """
    if not seen.findings:
        return
    exact = {(one.clause, one.array): one for one in exact_fixes_in_sight(source)}
    declared = {one.clause: one for one in declared_fixes(seen)}
    for finding in seen.findings:
        fix = exact.get((finding.clause, finding.array), declared.get(finding.clause))
        yield finding if fix is None else replace(finding, fix=fix)
