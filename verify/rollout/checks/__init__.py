"""The eight checks, each with `ID`, `TITLE`, `CLAIM` and `check`."""
