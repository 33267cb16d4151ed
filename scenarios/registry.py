"""The stories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios import (
    claims_evicted,
    clock_jumps,
    kill_redis,
    operator_deletes,
    redis_out_of_memory,
    retry_storm,
    script_flushed,
)

if TYPE_CHECKING:
    from scenarios.storybook import Telling

_FILES: tuple[Telling, ...] = (
    kill_redis,
    redis_out_of_memory,
    claims_evicted,
    operator_deletes,
    clock_jumps,
    script_flushed,
    retry_storm,
)

STORIES: dict[str, Telling] = {module.STORY.name: module for module in _FILES}
