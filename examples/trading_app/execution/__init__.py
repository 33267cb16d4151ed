"""Places orders at the venue."""
