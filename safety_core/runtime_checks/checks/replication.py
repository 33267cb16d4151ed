"""Is this the primary, has it the replicas that it needs, and what does a failover lose? Judges, asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.runtime_checks.check import Case, Check, Promise, unseen
from safety_core.runtime_checks.levels import Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safety_core.runtime_checks.check import Found
    from safety_core.runtime_checks.expected import Expected
    from safety_core.runtime_checks.facts import Replica, ServerFacts

IS_REPLICA = Case(
    level=Level.CRITICAL,
    when="the endpoint is a replica",
    endangers=Promise.AT_MOST_ONCE,
    because="A replica answers from the past, so that a claim of a moment ago is not there, and it takes no claims.",
    otherwise="connect to the primary",
)
IS_PRIMARY = Case(level=Level.OK, when="the endpoint is a primary")


def _role(facts: ServerFacts, _expected: Expected) -> Found:
    if facts.is_primary:
        return IS_PRIMARY, "the endpoint is a primary"
    primary = f"{facts.info.get('master_host', '?')}:{facts.info.get('master_port', '?')}"
    return IS_REPLICA, f"the endpoint is a replica of {primary}"


ROLE = Check(
    name="role",
    claim="The endpoint is a primary.",
    reads="INFO: role, master_host, master_port",
    cases=(IS_REPLICA, IS_PRIMARY),
    judge=_role,
    unseen=unseen(Promise.AT_MOST_ONCE, "A replica answers from the past."),
)

REFUSES_WRITES = Case(
    level=Level.CRITICAL,
    when="fewer good replicas than min-replicas-to-write",
    endangers=Promise.RECORDED,
    because="The server refuses every write (NOREPLICAS), so that effects in flight are not recorded.",
    otherwise="bring the replicas back; a lower min-replicas-to-write lets claims through that a failover loses",
)
TOO_FEW_TO_CONFIRM = Case(
    level=Level.CRITICAL,
    when="fewer good replicas than the guard waits for",
    endangers=Promise.ANSWERED,
    because="The guard refuses every claim that is not confirmed by as many replicas as it was told.",
    otherwise="bring the replicas back, or lower GuardSettings(wait_replicas=...)",
)
LAGS = Case(
    level=Level.WARNING,
    when="a replica that is not online, or lags",
    endangers=Promise.AT_MOST_ONCE,
    because="A failover to it loses the claims that it has not received.",
    otherwise="mend the link, or take the replica out of the failover (replica-priority 0 in its redis.conf)",
)
ENOUGH = Case(level=Level.OK, when="as many good replicas as are needed")


def _replicas(facts: ServerFacts, expected: Expected) -> Found:
    if not facts.is_primary:
        return None
    max_lag_s = expected.max_lag_s
    minimum = 0
    # INFO has this field only where a minimum is set.
    if "min_slaves_good_slaves" in facts.info:
        minimum = facts.whole_setting("min-replicas-to-write")
        max_lag_s = facts.whole_setting("min-replicas-max-lag")
    good = [replica for replica in facts.replicas if replica.is_good(max_lag_s)]
    seen = f"{len(good)} good replicas of {len(facts.replicas)}, min-replicas-to-write is {minimum}"
    if len(good) < minimum:
        return REFUSES_WRITES, seen
    if len(good) < expected.confirming_replicas:
        return TOO_FEW_TO_CONFIRM, f"{seen}, and the guard waits for {expected.confirming_replicas}"
    bad = [replica for replica in facts.replicas if not replica.is_good(max_lag_s)]
    return (LAGS, f"{seen}; {_named(bad)}") if bad else (ENOUGH, seen)


def _named(replicas: Iterable[Replica]) -> str:
    return ", ".join(f"{one.name} is {one.state} with a lag of {one.lag_s:g} s" for one in replicas)


REPLICAS = Check(
    name="replicas",
    claim="As many replicas follow as are needed.",
    reads="INFO: connected_slaves, slave0 ..., min_slaves_good_slaves; CONFIG GET: min-replicas-to-write, "
    "min-replicas-max-lag",
    cases=(REFUSES_WRITES, TOO_FEW_TO_CONFIRM, LAGS, ENOUGH),
    judge=_replicas,
    unseen=unseen(Promise.RECORDED, "A primary with too few replicas refuses every write."),
)

UNBOUNDED_LOSS = Case(
    level=Level.WARNING,
    when="replicas, no min-replicas-to-write, and the guard does not wait for all of them",
    endangers=Promise.AT_MOST_ONCE,
    because="A primary that is cut off from its replicas goes on taking claims, and a failover loses all of them.",
    setting="min-replicas-to-write 1",
    otherwise='which narrows it; what closes it is GuardSettings(mode="durable", wait_replicas=<all replicas>)',
)
BOUNDED_LOSS = Case(
    level=Level.WARNING,
    when="replicas, min-replicas-to-write, and the guard does not wait for all of them",
    endangers=Promise.AT_MOST_ONCE,
    because="Replication is asynchronous: a failover loses the claims that the new primary had not received.",
    otherwise='GuardSettings(mode="durable", wait_replicas=<all replicas>) closes it',
)
CUT_OFF = Case(
    level=Level.WARNING,
    when="no replica now, but there was one, and the guard waits for none",
    endangers=Promise.AT_MOST_ONCE,
    because="A failover to a replica that is cut off loses every claim since.",
    setting="min-replicas-to-write 1",
    otherwise="which refuses claims until it is back",
)
NOTHING_TO_LOSE = Case(level=Level.OK, when="no replicas, or the guard waits for all of them")


def _failover(facts: ServerFacts, expected: Expected) -> Found:
    if not facts.is_primary:
        return None
    count, waited = len(facts.replicas), expected.confirming_replicas
    if not count and not waited and facts.info.get("repl_backlog_active") == "1":
        return CUT_OFF, "no replica is connected, but there was one: the replication backlog is active"
    if not count:
        return NOTHING_TO_LOSE, "no replica is connected, so that there is nothing to fail over to"
    seen = f"{count} connected replicas, and the guard waits for {waited}"
    if waited >= count:
        return NOTHING_TO_LOSE, seen
    return (BOUNDED_LOSS if "min_slaves_good_slaves" in facts.info else UNBOUNDED_LOSS), seen


FAILOVER = Check(
    name="failover",
    claim="A failover loses no claim.",
    reads="INFO: connected_slaves, slave0 ..., min_slaves_good_slaves, repl_backlog_active",
    cases=(UNBOUNDED_LOSS, BOUNDED_LOSS, CUT_OFF, NOTHING_TO_LOSE),
    judge=_failover,
    unseen=unseen(Promise.AT_MOST_ONCE, "With replicas a failover may lose claims."),
)
