"""The stories by name. Each module tells one: ``tell(folder, subject, choice, seed) -> ExplorationRecord``."""

from __future__ import annotations

from scenarios import kill_redis

STORIES = {module.NAME: module for module in (kill_redis,)}
