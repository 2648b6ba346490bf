"""Checks of the stage reassembly, and the assertions they share."""
