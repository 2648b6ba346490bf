"""What came of a run or of a file, for a terminal and for programs."""
