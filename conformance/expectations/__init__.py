"""Failures that are known: the list, its witnesses, and how it is brought up to date."""
