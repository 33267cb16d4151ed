"""The error of a configuration that cannot be used."""

from __future__ import annotations


class ConfigError(ValueError):
    """A file or a section cannot be used; the message names the place, what stands there, and what was expected."""
