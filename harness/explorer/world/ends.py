"""Why a schedule comes back to who runs it: for good, or until something outside has happened."""

from __future__ import annotations

from enum import Enum


class StalledError(Exception):
    """The schedule went on for ever."""


class AsleepError(Exception):
    """All that could be decided here was tried elsewhere."""


class AbandonedError(Exception):
    """The exploration ends in the middle of this schedule."""


class DepartedError(Exception):
    """The subject did not do again what it did before under the same decisions."""


class Pause(Enum):
    """What a world waits for when it comes back before its end."""

    JUMP = "time must jump"
    SERVER = "a server of its own comes up"
    PROGRAM = "a program of its own works"
    ORDER = "it must be told what happens next"
