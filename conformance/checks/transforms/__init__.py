"""Checks of the stage transforms, and the assertions they share."""
