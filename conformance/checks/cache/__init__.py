"""Checks of the stage cache, and the assertions they share."""
