"""The stories by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios import (
    breaker_opens,
    claim_expires,
    claims_evicted,
    clock_jumps,
    concurrent_same_key,
    crash_points,
    every_probe_killed,
    failover_during_claim,
    half_open_connections,
    kill_redis,
    network_cut,
    operator_deletes,
    pause_past_lease,
    redis_lost_while_open,
    redis_out_of_memory,
    redis_slow_but_alive,
    replies_lost,
    retry_race,
    retry_storm,
    script_flushed,
    sliced_and_slow,
    store_forgets,
    storm_meets_breaker,
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
    failover_during_claim,
    redis_out_of_memory,
    claims_evicted,
    operator_deletes,
    clock_jumps,
    script_flushed,
    network_cut,
    half_open_connections,
    replies_lost,
    redis_slow_but_alive,
    sliced_and_slow,
    retry_storm,
    breaker_opens,
    every_probe_killed,
    redis_lost_while_open,
    storm_meets_breaker,
)

STORIES: dict[str, Telling] = {module.STORY.name: module for module in _FILES}
