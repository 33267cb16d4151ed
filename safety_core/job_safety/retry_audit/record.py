"""One record of the audit: its columns, its line, its place in the chain. Values only.

Holds who, what, why and how it ended; never a payload or a result of a job.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Self, final

from .errors import AuditInputError, AuditReadError

GENESIS = "0" * 64
"""What a writer's first record names as the hash before it."""
MAX_NAME = 256
MAX_TEXT = 2000
"""Longest texts, in characters; an error message is cut there, everything else is refused."""


class AuditAction(StrEnum):
    """What was decided or done."""

    RETRY = "retry"
    FORCE = "force"
    OVERRIDE = "override"
    MANUAL_CLEAR = "manual_clear"
    RETENTION = "retention"


NEEDS_AUDIT = frozenset({AuditAction.FORCE, AuditAction.OVERRIDE, AuditAction.MANUAL_CLEAR, AuditAction.RETENTION})
"""No audit, no act."""


class Phase(StrEnum):
    """Which side of an act a record stands on."""

    INTENT = "intent"
    """Written before the act."""
    OUTCOME = "outcome"
    """Written after it."""
    DECISION = "decision"
    """Nothing is done: a refusal or a dry run."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One record.

    Attributes:
        job_id: Which job, or what was overridden.
        timestamp: When it was written, UTC.
        user_or_system: Who did it.
        retry_reason: Why.
        attempt_number: Which attempt, 0 where there is none.
        failure_type: What had failed, empty where nothing had.
        dry_run_flag: Whether nothing was to be changed.
        success: Whether it went well; None where that is not known yet.
        error_message: What went wrong.
        action: What was decided or done.
        phase: Which side of the act this stands on.
        block_reason: Why a retry was refused; empty where it was not.
        details: Further facts as a JSON object.
        intent_writer: OUTCOME: writer of its intent; else empty.
        intent_sequence: OUTCOME: sequence of its intent; else 0.
        writer: Who wrote it: one process from its start to its end or its first failed write.
        sequence: Number of the record among its writer's, from 1.
        previous_hash: Hash of the writer's record before it.
        hash: SHA-256 over all other columns.
    """

    job_id: str
    timestamp: datetime
    user_or_system: str
    retry_reason: str
    attempt_number: int = 0
    failure_type: str = ""
    dry_run_flag: bool = False
    success: bool | None = None
    error_message: str = ""
    action: AuditAction = AuditAction.RETRY
    phase: Phase = Phase.DECISION
    block_reason: str = ""
    details: str = "{}"
    intent_writer: str = ""
    intent_sequence: int = 0
    writer: str = ""
    sequence: int = 0
    previous_hash: str = GENESIS
    hash: str = field(default="", repr=False)

    def as_row(self) -> dict[str, Any]:
        """Return the columns in their order."""
        return dict(zip(COLUMNS, _values_of(self), strict=True))

    def chained(self, writer: str, sequence: int, previous_hash: str) -> tuple[Self, bytes]:
        """Return the record in its place of a writer's chain, and its line in a journal."""
        row = self.as_row()
        row.update(writer=writer, sequence=sequence, previous_hash=previous_hash)
        del row["hash"]
        text = _encode({**row, "timestamp": _stamp(self.timestamp)})
        digest = _digest(text)
        return type(self)(**row, hash=digest), f'{text[:-1]},"hash":"{digest}"}}\n'.encode("ascii")

    def computed_hash(self) -> str:
        """Return the hash that the other columns give."""
        row = self._json_row()
        del row["hash"]
        return _digest(_encode(row))

    def as_line(self) -> bytes:
        """Return the record as one line of a journal."""
        return f"{_encode(self._json_row())}\n".encode("ascii")

    def _json_row(self) -> dict[str, Any]:
        return {**self.as_row(), "timestamp": _stamp(self.timestamp)}


COLUMNS = tuple(each.name for each in fields(AuditRecord))
"""Names of the columns; the first nine are the schema of the retry audit, the rest is ours."""
_GIVEN = frozenset(COLUMNS[: COLUMNS.index("details") + 1]) - {"timestamp", "phase"}
"""Columns that a caller may give."""
_values_of = attrgetter(*COLUMNS)


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def record_of_line(line: bytes) -> AuditRecord:
    """Return the record that a line holds.

    Raises:
        AuditReadError: It holds none.
    """
    try:
        return record_of_row(json.loads(line))
    except (ValueError, TypeError, KeyError) as error:
        raise AuditReadError(f"a line of a journal holds no record: {error}") from error


def record_of_row(row: dict[str, Any]) -> AuditRecord:
    """Return the record of one row of a journal or a shard."""
    stamp = row["timestamp"]
    moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    return AuditRecord(
        **{
            **row,
            "timestamp": moment.astimezone(UTC),
            "action": AuditAction(row["action"]),
            "phase": Phase(row["phase"]),
        }
    )


def make_record(given: dict[str, Any], at: datetime, phase: Phase, **linked: Any) -> AuditRecord:
    """Check the fields that a caller gave and return the record, not yet chained.

    Raises:
        AuditInputError: A field is unknown, missing, too long or of a wrong type.
    """
    unknown = given.keys() - _GIVEN
    if unknown:
        raise AuditInputError(f"the audit has no column {', '.join(sorted(unknown))}")
    for name in ("job_id", "user_or_system", "retry_reason"):
        _assert_text(name, given.get(name), MAX_NAME, required=True)
    for name, most in (("failure_type", MAX_NAME), ("block_reason", MAX_NAME), ("details", MAX_TEXT * 50)):
        _assert_text(name, given.get(name, ""), most, required=False)
    number = given.get("attempt_number", 0)
    if type(number) is not int or not 0 <= number < 2**31:
        raise AuditInputError(f"attempt_number is {number!r}; expected a whole number, 0 or more")
    if type(given.get("dry_run_flag", False)) is not bool or given.get("success") not in {None, True, False}:
        raise AuditInputError("dry_run_flag must be True or False, and success True, False or None")
    try:
        action = AuditAction(given.get("action", AuditAction.RETRY))
    except ValueError:
        raise AuditInputError(f"action is none of: {', '.join(AuditAction)}") from None
    texts = {name: _plain(value) for name, value in given.items() if isinstance(value, str)}
    texts["error_message"] = _plain(str(given.get("error_message", "")))[:MAX_TEXT]
    return AuditRecord(
        **{**given, **texts, **linked, "action": action, "timestamp": at.astimezone(UTC), "phase": phase}
    )


def _assert_text(name: str, value: object, most: int, *, required: bool) -> None:
    if not isinstance(value, str) or len(value) > most or (required and not value.strip()):
        shown = f"{len(value)} characters long" if isinstance(value, str) else f"a {type(value).__name__}"
        least = 1 if required else 0
        raise AuditInputError(f"{name} is {shown}; expected a string of {least} to {most} characters")


def _stamp(at: datetime) -> str:
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")


def _plain(text: str) -> str:
    """Return `text` as every store can hold it: what is no Unicode becomes an escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
