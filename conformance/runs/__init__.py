"""A judgement of one run, and a series of seeds."""
