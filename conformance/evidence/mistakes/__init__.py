"""The mistakes that an explanation tries."""
