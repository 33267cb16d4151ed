"""What can go wrong with containers. A message says what was attempted, expected, seen, and what to do next."""

from __future__ import annotations

from harness.errors import CouldNotRunError, WrongInputError


class WrongImageError(WrongInputError):
    """What names an image has another form."""


class ContainersUnavailableError(CouldNotRunError):
    """No engine answers, the image is not there, or the container did not start or is gone."""
