"""Checks of the stage conduct, and the assertions they share."""
