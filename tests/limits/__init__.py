"""Right backends with one honest limit each, and what the suite loses to it."""
