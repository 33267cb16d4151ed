"""What can go wrong before anything is decided, and while one check is at work."""

from __future__ import annotations


class RolloutError(Exception):
    """What the user gave cannot be used: tree, rules, baseline or key. ``exit_code`` ends the command line."""

    exit_code = 2


class CannotCheckError(Exception):
    """A question could not be asked, so that its check is UNKNOWN. The message says why."""
