"""The explorer: every schedule of a subject within a bound, on a real Redis, one command at a time."""
