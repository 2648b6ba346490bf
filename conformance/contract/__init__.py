"""The contract as data: clauses, stages, arrays, and the version."""
