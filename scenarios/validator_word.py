"""What the core's validator says of a story's server: of what a promise leaves out it must have warned."""

from __future__ import annotations

from safety_core.runtime_checks import Level, RedisRuntimeValidator

WHOSE = "reference"
"""The subject whose validator it is. Other guards are not judged by it."""


def flagged(redis_url: str, check: str) -> str:
    """Return what the check *check* says of the server, empty where it finds nothing to say."""
    finding = RedisRuntimeValidator(redis_url).validate_on_startup().of(check)
    if finding is None or finding.level is Level.OK:
        return ""
    return f"the validator says {finding.level} {finding.check}: {finding.sentence}"
