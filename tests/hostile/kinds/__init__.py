"""Kinds of hostile files, a module a family; each has ``files(generator)``."""
