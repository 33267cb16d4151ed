"""The oracle's own tests: every checker with its smallest good and bad history, every reason for UNKNOWN."""
