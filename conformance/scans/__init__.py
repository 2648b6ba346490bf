"""Scans made for judging, and the seed that moves them."""
