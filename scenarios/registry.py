"""The stories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios import (
    claim_expires,
    concurrent_same_key,
    crash_points,
    kill_redis,
    pause_past_lease,
    retry_race,
    store_forgets,
    worker_storm,
)

if TYPE_CHECKING:
    from scenarios.storybook import Telling

_FILES: tuple[Telling, ...] = (
    kill_redis,
    *crash_points.POINTS,
    store_forgets,
    retry_race,
    worker_storm,
    concurrent_same_key,
    claim_expires,
    pause_past_lease,
)

STORIES: dict[str, Telling] = {module.STORY.name: module for module in _FILES}
