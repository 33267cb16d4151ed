"""What a configuration file of Redis looks like. Writes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def config_text(directives: Mapping[str, str]) -> str:
    """Return the text of a redis.conf with *directives*, name to value as it stands there."""
    return "".join(f"{name} {value}\n" for name, value in directives.items())
