"""A run as one file that anybody can check: what was seen, what was decided, and digests of all of it."""
