"""Two backends asked the same, stage by stage."""

from __future__ import annotations

from conformance.engine.agreement import comparison


@comparison
def test_backends_agree() -> None:
    """Every adapter is compared with the first, in every stage in which backends are compared."""
