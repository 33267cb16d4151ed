"""Each story holds for the reference, fails for a planted guard, and shows nothing where its fault did nothing."""
