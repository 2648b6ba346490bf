"""What one hook of the plugin notes on a check for another."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.backends.discovery import Selected
from conformance.evidence.evidence import Evidence
from conformance.failures.recording import Kept
from conformance.failures.witnesses import Standing

evidence_key = pytest.StashKey[Evidence]()
"""The record of the check."""

subject_key = pytest.StashKey[Selected]()
"""The adapter under judgement."""

kept_key = pytest.StashKey[Kept]()
"""Where its failure was kept."""

standings_key = pytest.StashKey[Mapping[str, Standing]]()
"""What the witnesses of its clauses say, for the clauses that have one."""
