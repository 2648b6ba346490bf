"""What was found in scan files, as SARIF 2.1.0, which code hosts show beside the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from conformance import __version__
from conformance.contract.clauses import contract
from conformance.files.examine import ScanReport
from conformance.files.finding import Finding, Severity

_LEVEL = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif(reports: Sequence[ScanReport], unread: Sequence[str]) -> str:
    """Return the reports as one run of SARIF.

    Parameters
    ----------
    reports : sequence of ScanReport
    unread : sequence of str
        A sentence for each file that could not be read; they are told as failures of the run.
    """
    results = [_result(report.path, one) for report in reports for one in report.findings]
    rules = [_rule(clause) for clause in sorted({str(one["ruleId"]) for one in results})]
    run = {
        "tool": {"driver": {"name": "ptycho-conformance", "version": __version__, "rules": rules}},
        "invocations": [
            {
                "executionSuccessful": not unread,
                "toolExecutionNotifications": [{"level": "error", "message": {"text": _text(one)}} for one in unread],
            }
        ],
        "results": results,
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(clause: str) -> dict[str, Any]:
    told = contract()[clause]
    return {"id": clause, "shortDescription": {"text": told.title}, "help": {"text": told.remedy or told.title}}


def _result(path: Path, found: Finding) -> dict[str, Any]:
    # Where in the array stands in the message; the fingerprint stays when only the numbers change.
    print_ = hashlib.sha256(f"{path.name}\0{found.clause}\0{found.array}".encode(errors="replace")).hexdigest()
    place = {
        # Code hosts show no result without a line; a file of arrays has none but its first.
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path.as_posix(), errors="replace")},
            "region": {"startLine": 1},
        },
        "logicalLocations": [{"fullyQualifiedName": found.array, "kind": "member"}],
    }
    return {
        "ruleId": found.clause,
        "level": _LEVEL[found.severity],
        "message": {"text": _text(found.sentence())},
        "locations": [place],
        "partialFingerprints": {"fileClauseArray/v1": print_},
    }


def _text(said: str) -> str:
    """Text that is Unicode: names of files may be none."""
    return said.encode(errors="replace").decode()
