"""Checks of the stage grouping, and the assertions they share."""
