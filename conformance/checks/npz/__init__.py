"""Checks of the stage npz, and the assertions they share."""
