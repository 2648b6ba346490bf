"""Formats of scan files, one module a format, each told by the content of the file."""
