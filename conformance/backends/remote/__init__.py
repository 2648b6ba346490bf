"""Backends that live in another interpreter, environment or language."""
