"""Layouts of other tools that a scan is written in."""
