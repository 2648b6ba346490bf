"""Which conditions the checks make: the accepted calls of a right backend, by the features of their arrays."""
