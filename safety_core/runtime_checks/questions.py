"""The one packet of questions, and how its replies read. Every question only reads; passwords are never asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency.lua import command
from safety_core.idempotency.steps import Exchange
from safety_core.idempotency.store_failure import StoreFailure

from .facts import ServerFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .facts import AuditFolder, Identity

SETTINGS = (
    "appendonly",
    "appendfsync",
    "no-appendfsync-on-rewrite",
    "save",
    "stop-writes-on-bgsave-error",
    "maxmemory",
    "maxmemory-policy",
    "min-replicas-to-write",
    "min-replicas-max-lag",
)
"""Asked for one by one: servers before 7.0 take one name at a time, and `*` would hand out passwords."""

WAITAOF, EVAL_RO = "waitaof", "eval_ro"
"""Commands that tell what the server can do. EVAL_RO came together with the flags of scripts."""

QUESTIONS = Exchange(
    command("INFO")
    + b"".join(command("CONFIG", "GET", name) for name in SETTINGS)
    + command("COMMAND", "INFO", WAITAOF, EVAL_RO),
    2 + len(SETTINGS),
    may_be_refused=True,
)


def read(
    replies: Sequence[Any],
    *,
    client_retries: int | None = None,
    before: Identity | None = None,
    audit_folder: AuditFolder | None = None,
) -> ServerFacts:
    """Return what the replies to QUESTIONS say.

    Args:
        replies: In order; a StoreFailure in the place of an error reply.
        client_retries: As in ServerFacts.
        before: As in ServerFacts.
        audit_folder: As in ServerFacts.
    """
    refused: dict[str, str] = {}
    info, *configured, features = replies
    return ServerFacts(
        info=_lines(_usable("INFO", info, refused) or b""),
        config={
            name: value
            for name, reply in zip(SETTINGS, configured, strict=True)
            if (value := _value(_usable(f"CONFIG GET {name}", reply, refused))) is not None
        },
        features=_names(_usable("COMMAND INFO", features, refused)),
        refused=refused,
        client_retries=client_retries,
        before=before,
        audit_folder=audit_folder,
    )


def plain(error: Exception) -> str:
    """Return the words of an error on one line, without a full stop."""
    return " ".join(str(error).split()).rstrip(".")


def _usable(question: str, reply: Any, refused: dict[str, str]) -> Any:
    if isinstance(reply, StoreFailure):
        refused[question] = plain(reply.error)
        return None
    return reply


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _lines(info: bytes) -> dict[str, str]:
    pairs = (line.partition(":")[::2] for line in _text(info).splitlines() if line and not line.startswith("#"))
    return {name: value.strip() for name, value in pairs}


def _value(reply: Any) -> str | None:
    return _text(reply[1]) if isinstance(reply, list) and len(reply) > 1 else None


def _names(reply: Any) -> frozenset[str] | None:
    if not isinstance(reply, list):
        return None
    return frozenset(_text(one[0]).lower() for one in reply if isinstance(one, list) and one)
