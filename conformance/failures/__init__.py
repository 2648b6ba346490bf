"""Failures that are kept, replayed, and expected."""
