"""Checks of the stage rawdata, and the assertions they share."""
