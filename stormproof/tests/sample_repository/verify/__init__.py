"""The shop's own checks."""
