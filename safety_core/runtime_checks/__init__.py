"""Is the server fit to hold claims? The public surface of the runtime checks. Composes, and holds no logic."""

from __future__ import annotations

from .redis_safety import Expected, Finding, Level, RedisRuntimeValidator, SafetyReport
from .section import RedisSafetySection

__all__ = ["Expected", "Finding", "Level", "RedisRuntimeValidator", "RedisSafetySection", "SafetyReport"]
