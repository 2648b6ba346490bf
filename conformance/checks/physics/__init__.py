"""Checks of the stage physics, and the assertions they share."""
