"""Why a test that explores fails. Each message stands for itself, so pytest prints it without a traceback."""

from __future__ import annotations

import pytest


class ChaosError(pytest.fail.Exception, AssertionError):  # type: ignore[misc, name-defined]  # its public name
    """Root of them."""

    # As pytest does for its own: the line of a failure in the summary is short, and begins with what is wrong.
    __module__ = "builtins"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.pytrace = False


class PromiseBrokenError(ChaosError):
    """INVALID: the guard broke its promise. The message is the picture and the line that replays it."""

    __module__ = "builtins"


class NotShownError(ChaosError):
    """UNKNOWN: whether the guard keeps its promise was not shown, and why."""

    __module__ = "builtins"


class CannotExploreError(ChaosError):
    """What was asked for cannot be explored; nothing was run."""

    __module__ = "builtins"
