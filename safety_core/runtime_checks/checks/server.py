"""Does the server answer, is it new enough, ready, and the one that it was? Judges, asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.runtime_checks.check import Case, Check, Promise, unseen
from safety_core.runtime_checks.levels import Level

if TYPE_CHECKING:
    from safety_core.runtime_checks.check import Found
    from safety_core.runtime_checks.expected import Expected
    from safety_core.runtime_checks.facts import ServerFacts

OLDEST = (6, 0)

ANSWERS = Case(level=Level.OK, when="the server answers")
UNREACHABLE = Case(
    level=Level.UNKNOWN,
    when="the server does not answer, or does not let this user in",
    endangers=Promise.ANSWERED,
    because="Nothing else can be said of it.",
    otherwise="check address, password and TLS, and that it runs",
)


def _reachable(_facts: ServerFacts, _expected: Expected) -> Found:
    return ANSWERS, "the server answers"


REACHABLE = Check(
    name="reachable",
    claim="The server answers.",
    reads="the connection",
    cases=(ANSWERS,),
    judge=_reachable,
    unseen=UNREACHABLE,
)

TOO_OLD = Case(
    level=Level.CRITICAL,
    when="older than 6.0",
    endangers=Promise.AT_MOST_ONCE,
    because="The scripts of the guard are made for Redis 6.0 and later, and were never tried on less.",
    otherwise="use Redis 6.0 or later, or Valkey",
)
NEW_ENOUGH = Case(level=Level.OK, when="6.0 or later")


def _version(facts: ServerFacts, _expected: Expected) -> Found:
    seen = f"the server is compatible with Redis {facts.said('redis_version')}"
    return (NEW_ENOUGH if facts.version >= OLDEST else TOO_OLD), seen


VERSION = Check(
    name="version",
    claim="The server is Redis 6.0 or later, or Valkey.",
    reads="INFO: redis_version",
    cases=(TOO_OLD, NEW_ENOUGH),
    judge=_version,
    unseen=unseen(Promise.AT_MOST_ONCE, "The guard was never tried on servers before 6.0."),
)

STILL_LOADING = Case(
    level=Level.CRITICAL,
    when="the server is loading its data",
    endangers=Promise.ANSWERED,
    because="It refuses claims (LOADING) until all records are there.",
    otherwise="wait, then check again",
)
LOADED = Case(level=Level.OK, when="all data is loaded")


def _loading(facts: ServerFacts, _expected: Expected) -> Found:
    is_loading = facts.number("loading") or facts.info.get("async_loading", "0") != "0"
    return (STILL_LOADING, "the server is loading its data") if is_loading else (LOADED, "all data is loaded")


LOADING = Check(
    name="loading",
    claim="The server has loaded its data.",
    reads="INFO: loading, async_loading",
    cases=(STILL_LOADING, LOADED),
    judge=_loading,
    unseen=unseen(Promise.ANSWERED, "A server that is loading refuses claims."),
)

RESTARTED = Case(
    level=Level.CRITICAL,
    when="another run id than at the last look",
    endangers=Promise.AT_MOST_ONCE,
    because="The server was restarted or replaced. What it forgot is unknown, not absent.",
    otherwise="ask the venue about every open intent; the reference guard refuses claims until then (quarantine)",
)
FAILED_OVER = Case(
    level=Level.CRITICAL,
    when="the same run id, but the server took over another one's data meanwhile",
    endangers=Promise.AT_MOST_ONCE,
    because="It was a replica for a while. What it forgot is unknown, not absent.",
    otherwise="ask the venue about every open intent; the reference guard refuses claims until then (quarantine)",
)
THE_SAME = Case(level=Level.OK, when="the same server as at the last look, or the first look")


def _same_store(facts: ServerFacts, _expected: Expected) -> Found:
    now, before = facts.identity, facts.before
    if before is None:
        return THE_SAME, f"run id {now.run_id}, replication id {now.replication_id}"
    if now.run_id != before.run_id:
        return RESTARTED, f"run id {now.run_id} after {before.run_id}"
    if now.replication_id == before.replication_id:
        return THE_SAME, f"still run id {now.run_id}, replication id {now.replication_id}"
    seen = f"replication id {now.replication_id} after {before.replication_id}"
    # A first replica brings a new replication id too, but then there is no former one.
    has_taken_over = now.former_replication_id.strip("0") != ""
    return (FAILED_OVER, seen) if has_taken_over else (THE_SAME, f"{seen}, as with a first replica")


SAME_STORE = Check(
    name="same_store",
    claim="The server is the one that it was at the last look.",
    reads="INFO: run_id, master_replid, master_replid2",
    cases=(RESTARTED, FAILED_OVER, THE_SAME),
    judge=_same_store,
    unseen=unseen(Promise.AT_MOST_ONCE, "A restart or a failover that loses claims would go unseen."),
)
