"""What may be asked of the jobs API: the parameters of each endpoint. A parameter that nobody knows is an error.

A misspelt `dryrun=true` must not become a retry.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

JOB_ID = r"^[A-Za-z0-9_-]+$"
MOST = 1000
"""Most jobs or records in one answer, and most jobs in one batch."""

_Text = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)").fullmatch


def _written_out(given: Any) -> Any:
    """Return a time that is written out with its zone; a bare number could be seconds, milliseconds or a mistake."""
    if not isinstance(given, str) or _MOMENT(given) is None:
        raise ValueError("expected a time with its zone, as 2026-02-07T12:00:00Z")
    return given


_Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
_Queue = Annotated[str | None, Field(min_length=1, max_length=200, description="Only this queue.")]


class Page(BaseModel):
    """Which part of the failed jobs is listed."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    queue: _Queue = None


class HowToRetry(BaseModel):
    """How a job is retried."""

    model_config = ConfigDict(extra="forbid")

    retry_only_retryable: Annotated[bool, Field(description="False retries what is known not to help.")] = True
    dry_run: Annotated[bool, Field(description="Say what would be done, and do nothing.")] = False
    reason: Annotated[_Text, Field(description="Why, for the audit.")] = "asked for through the jobs API"
    plan: Annotated[
        str | None, Field(pattern=r"^[0-9a-f]{64}$", description="Hash of a dry run: do this, or nothing.")
    ] = None


class HowToRetryOne(HowToRetry):
    """How one job is retried."""

    force: Annotated[
        bool,
        Field(description="Lift cooldown, limit and kind of failure. Needs the role force. Never passes the guard."),
    ] = False


class HowToRetryAll(HowToRetry):
    """How many jobs are retried."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="Look at so many at most, the newest failures first.")] = (
        100
    )
    queue: _Queue = None
    spread_seconds: Annotated[
        float,
        Field(ge=0, le=3600, description="Spread them over so long at random, where a scheduler of RQ runs."),
    ] = 30.0


class Range(BaseModel):
    """Which records of the audit are shown: the newest, if there are more."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    job_id: Annotated[str | None, Field(min_length=1, max_length=256)] = None
    start: Annotated[_Moment | None, Field(description="From this time on.")] = None
    end: Annotated[_Moment | None, Field(description="Before this time.")] = None


class Nothing(BaseModel):
    """No parameter at all."""

    model_config = ConfigDict(extra="forbid")
