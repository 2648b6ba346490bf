"""The checks: one module a stage. Run them with ``pytest --pyargs conformance.checks --adapter NAME``."""
