"""Checks of the forward model (PHY)."""

from __future__ import annotations

