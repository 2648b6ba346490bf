"""Mends scan files: what may be changed, by whose word, and how."""
