"""What nearly every relation needs and draws: a scan, the seed of its content, the factors of a mixture."""

from __future__ import annotations

from conformance.scans.drawn import seeds

FACTORS = ((1.0, 40.0), (3e-3j, 1.0), (-250.0, 90.0j))
SEED = {"seed": seeds}
SCANS = ("load", "assemble")
