"""History in, verdict out. Pure: no I/O, no clock, no randomness, no threads."""
