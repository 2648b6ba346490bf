"""Expected values, written naively from the clauses: loops and float64, one module a stage."""
