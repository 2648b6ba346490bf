"""Checks of the stage normalization, and the assertions they share."""
