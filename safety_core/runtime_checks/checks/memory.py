"""Does the memory hold the records, and what happens at its limit? Judges, asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.runtime_checks.check import Case, Check, Promise, unseen
from safety_core.runtime_checks.levels import Level
from safety_core.runtime_checks.questions import EVAL_RO

if TYPE_CHECKING:
    from safety_core.runtime_checks.check import Found
    from safety_core.runtime_checks.expected import Expected
    from safety_core.runtime_checks.facts import ServerFacts

SCRIPT_FLAGS_SINCE = (7, 0)
_PHYSICAL_PART = 0.9
_KEEPING = "noeviction"

EVICTS = Case(
    level=Level.CRITICAL,
    when="a policy that evicts, and a memory limit",
    endangers=Promise.AT_MOST_ONCE,
    because="At the limit records are dropped, and the effect of a dropped record is done again. The `volatile-` "
    "policies drop exactly the keys that have a TTL, which are the records.",
    setting="maxmemory-policy noeviction",
)
ACCEPTED = Case(
    level=Level.WARNING,
    when="a policy that evicts, and a memory limit, where that policy was accepted (accepted_eviction_policies)",
    endangers=Promise.AT_MOST_ONCE,
    because="Somebody has put up with it: at the limit records are dropped, and their effects are done again.",
    setting="maxmemory-policy noeviction",
)
WOULD_EVICT = Case(
    level=Level.WARNING,
    when="a policy that evicts, and no memory limit",
    endangers=Promise.AT_MOST_ONCE,
    because="Nothing is evicted today, but records are as soon as somebody sets maxmemory.",
    setting="maxmemory-policy noeviction",
)
HAS_EVICTED = Case(
    level=Level.WARNING,
    when="noeviction now, but keys were evicted since the server started",
    endangers=Promise.AT_MOST_ONCE,
    because="Records may be among them, and their effects would be done again.",
    otherwise="ask the venue about every intent of that time, then CONFIG RESETSTAT",
)
NEVER_EVICTS = Case(level=Level.OK, when="noeviction")


def _eviction(facts: ServerFacts, expected: Expected) -> Found:
    policy, limit = facts.eviction_policy, facts.maxmemory
    seen = f"maxmemory-policy is {policy}, maxmemory is {limit or 'not set'}"
    if policy != _KEEPING:
        is_accepted = policy in expected.accepted_policies
        return (WOULD_EVICT if not limit else ACCEPTED if is_accepted else EVICTS), seen
    evicted = facts.number("evicted_keys")
    return (HAS_EVICTED, f"{seen}, but evicted_keys is {evicted}") if evicted else (NEVER_EVICTS, seen)


EVICTION = Check(
    name="eviction",
    claim="No record is ever evicted.",
    reads="INFO, else CONFIG GET: maxmemory_policy, maxmemory; INFO: evicted_keys",
    cases=(EVICTS, ACCEPTED, WOULD_EVICT, HAS_EVICTED, NEVER_EVICTS),
    judge=_eviction,
    unseen=unseen(Promise.AT_MOST_ONCE, "Unless it is `noeviction`, records may be dropped."),
)

FULL = Case(
    level=Level.CRITICAL,
    when="the memory limit is reached",
    endangers=Promise.ANSWERED,
    because="The server refuses claims (OOM), and before 7.0 also the mark after an effect.",
    otherwise="CONFIG SET maxmemory to more bytes, or give the records a server of their own",
)
NEARLY_FULL = Case(
    level=Level.WARNING,
    when="less of the memory limit is free than wanted (a fifth, where nothing else was asked)",
    endangers=Promise.ANSWERED,
    because="At the limit the server refuses claims (OOM), and before 7.0 also the mark after an effect.",
    otherwise="CONFIG SET maxmemory to more bytes, or give the records a server of their own",
)
OVER_BUDGET = Case(
    level=Level.WARNING,
    when="more memory in use than the server was given (memory_budget_mb)",
    endangers=Promise.ANSWERED,
    because="What grows past its budget comes to the limit of server or machine, and there claims are refused.",
    otherwise="see what else lies on the server, shorten GuardSettings(retention_s=...), or give it more "
    "(memory_budget_mb)",
)
TOO_SMALL = Case(
    level=Level.WARNING,
    when="the expected records of one retention need more than the memory limit or the budget",
    endangers=Promise.ANSWERED,
    because="The records live as long as the retention says, so that the memory fills up before the first one ends.",
    otherwise="CONFIG SET maxmemory to more bytes, or shorten GuardSettings(retention_s=...)",
)
MACHINE_NEARLY_FULL = Case(
    level=Level.WARNING,
    when="no memory limit, and the server fills nine tenths of the machine's memory",
    endangers=Promise.ANSWERED,
    because="The kernel kills a server that takes the last of the memory.",
    otherwise="give the machine more memory, or the records a server of their own",
)
FREE = Case(level=Level.OK, when="there is room")


def _memory(facts: ServerFacts, expected: Expected) -> Found:
    limit = facts.maxmemory
    used = facts.number("used_memory") - int(facts.info.get("mem_not_counted_for_evict", "0"))
    if limit and used >= limit:
        return FULL, f"{used} of {limit} bytes used"
    budget = expected.budget_bytes
    if budget is not None and used > budget:
        return OVER_BUDGET, f"{used} bytes used, the budget is {budget}"
    needed = expected.needed_bytes
    machine = int(facts.info.get("total_system_memory", "0"))
    room = min(filter(None, (limit or machine, budget)), default=0)
    if needed is not None and room and needed > room:
        return TOO_SMALL, f"records need {needed} bytes, the limit is {room}"
    if not limit:
        resident = int(facts.info.get("used_memory_rss", "0"))
        seen = f"{used} bytes used, no limit"
        return (MACHINE_NEARLY_FULL if machine and resident > _PHYSICAL_PART * machine else FREE), seen
    is_low = used > limit * (1 - expected.headroom)
    return (NEARLY_FULL if is_low else FREE), f"{used} of {limit} bytes used"


MEMORY = Check(
    name="memory",
    claim="There is memory for the records.",
    reads="INFO: used_memory, mem_not_counted_for_evict, maxmemory, used_memory_rss, total_system_memory",
    cases=(FULL, OVER_BUDGET, NEARLY_FULL, TOO_SMALL, MACHINE_NEARLY_FULL, FREE),
    judge=_memory,
    unseen=unseen(Promise.ANSWERED, "A server whose memory is full refuses claims."),
)

MARKS_REFUSED = Case(
    level=Level.WARNING,
    when="a memory limit, and a server that does not know the flags of scripts",
    endangers=Promise.RECORDED,
    because="At the limit the mark after an effect is refused too (EXECUTED_UNRECORDED), which leaves a doubt.",
    setting="maxmemory 0",
    otherwise="or use a server of 7.0 or later, where the mark is let through (allow-oom)",
)
MARKS_LET_THROUGH = Case(level=Level.OK, when="no memory limit, or a server that knows the flags of scripts")


def _script_flags(facts: ServerFacts, _expected: Expected) -> Found:
    has_them = facts.knows(EVAL_RO, since=SCRIPT_FLAGS_SINCE)
    seen = f"the server {'knows' if has_them else 'does not know'} the flags of scripts"
    if has_them or not facts.maxmemory:
        return MARKS_LET_THROUGH, seen
    return MARKS_REFUSED, f"{seen}, and maxmemory is {facts.maxmemory}"


SCRIPT_FLAGS = Check(
    name="script_flags",
    claim="The mark after an effect goes through when the memory is full.",
    reads="COMMAND INFO EVAL_RO (as old as the flags), else the version; INFO, else CONFIG GET: maxmemory",
    cases=(MARKS_REFUSED, MARKS_LET_THROUGH),
    judge=_script_flags,
    unseen=unseen(Promise.RECORDED, "A full server may refuse the mark after an effect."),
)
