"""The stories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios import kill_redis

if TYPE_CHECKING:
    from scenarios.storybook import Telling

_FILES: tuple[Telling, ...] = (kill_redis,)

STORIES: dict[str, Telling] = {module.STORY.name: module for module in _FILES}
