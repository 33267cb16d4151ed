"""Failure stories on real processes and a real Redis, one story per file."""
