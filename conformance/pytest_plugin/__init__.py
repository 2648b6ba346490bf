"""pytest as one way to start the engine."""
