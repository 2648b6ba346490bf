"""A failure as a folder: made, kept small, read without trust, and run again."""
