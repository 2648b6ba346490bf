"""Wrong backends that nobody wrote: drawn by seed from operators, places and conditions."""
