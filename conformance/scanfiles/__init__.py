"""Scan files: read without trust, and decided by the clauses about files."""
