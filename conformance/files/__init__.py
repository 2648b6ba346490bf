"""Scan files of any format: read without trust, and examined."""
