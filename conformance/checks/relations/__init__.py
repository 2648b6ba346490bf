"""Checks of the stage relations, and the assertions they share."""
