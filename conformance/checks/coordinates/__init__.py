"""Checks of the stage coordinates, and the assertions they share."""
