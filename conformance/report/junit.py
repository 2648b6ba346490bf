"""What was found in scan files, as JUnit XML: a test case a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from conformance.files.examine import ScanReport
from conformance.files.finding import Severity
from conformance.report.validation import fit

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(reports: Sequence[ScanReport], unread: Sequence[str], strict: bool) -> str:
    """Return the reports as one suite of JUnit.

    Parameters
    ----------
    reports : sequence of ScanReport
    unread : sequence of str
        A sentence for each file that could not be read.
    strict : bool
        Whether warnings count as violations.
    """
    bad = [one for one in reports if not fit(one, strict)]
    numbers = {"tests": len(reports) + len(unread), "failures": len(bad), "errors": len(unread)}
    suite = Element("testsuite", {"name": "validate", **{name: str(number) for name, number in numbers.items()}})
    for report in reports:
        case = SubElement(suite, "testcase", {"classname": "scan file", "name": xml_text(str(report.path))})
        grave = [one for one in report.findings if one.severity is not Severity.NOTE]
        said = "\n".join(one.sentence() for one in grave)
        if report in bad:
            failure = SubElement(case, "failure", {"message": xml_text(grave[0].sentence()), "type": grave[0].clause})
            failure.text = xml_text(said)
        elif said:
            SubElement(case, "system-out").text = xml_text(said)
    for line in unread:
        case = SubElement(suite, "testcase", {"classname": "scan file", "name": xml_text(line.partition(": ")[0])})
        SubElement(case, "error", {"message": xml_text(line), "type": "unread"})
    return "<?xml version='1.0' encoding='utf-8'?>\n" + tostring(suite, encoding="unicode") + "\n"


def xml_text(said: str) -> str:
    """Text without characters that XML does not have: names of strangers' files hold anything."""
    return _NO_XML.sub("?", said)
