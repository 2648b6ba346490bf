"""Reference backend in NumPy: the one to read in order to understand a clause."""
