"""Checks of the stage config, and the assertions they share."""
