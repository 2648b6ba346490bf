"""The clauses about scan files themselves (FIL), each decided by one function over a view of the file."""
