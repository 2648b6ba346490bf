"""Checks of the stage patches, and the assertions they share."""
