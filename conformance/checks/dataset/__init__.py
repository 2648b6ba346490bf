"""Checks of the stage dataset, and the assertions they share."""
