"""What can go wrong in the harness. Each message says what was attempted, expected, seen, and what to do next."""

from __future__ import annotations


class HarnessError(Exception):
    """Root of the harness's errors. ``exit_code`` is what the command line ends with."""

    exit_code = 3


class WrongInputError(HarnessError):
    """What the user gave cannot be used."""

    exit_code = 2


class CouldNotRunError(HarnessError):
    """The run could not be made, or not to its end; nothing was shown."""

    exit_code = 3
