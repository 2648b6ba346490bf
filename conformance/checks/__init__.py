"""The checks: one folder a stage. Run them with ``pytest --pyargs conformance.checks --adapter NAME``."""
