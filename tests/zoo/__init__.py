"""Wrong adapters: for every clause at least one that breaks it as real software does."""
