"""Checks of the stage container, and the assertions they share."""
