"""The stories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios import crash_points, kill_redis, store_forgets

if TYPE_CHECKING:
    from scenarios.storybook import Telling

_FILES: tuple[Telling, ...] = (kill_redis, *crash_points.POINTS, store_forgets)

STORIES: dict[str, Telling] = {module.STORY.name: module for module in _FILES}
