"""Does the server keep what it acknowledged when it crashes, or when the machine does? Judges, asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.runtime_checks.check import Case, Check, Promise, unseen
from safety_core.runtime_checks.levels import Level
from safety_core.runtime_checks.questions import WAITAOF

if TYPE_CHECKING:
    from safety_core.runtime_checks.check import Found
    from safety_core.runtime_checks.expected import Expected
    from safety_core.runtime_checks.facts import ServerFacts

WAITAOF_SINCE = (7, 2)

FORGETS = Case(
    level=Level.CRITICAL,
    when="no append-only file, with or without snapshots",
    endangers=Promise.AT_MOST_ONCE,
    because="A server that is killed forgets every claim since its last snapshot, and the effect is done again.",
    setting="appendonly yes",
)
BEING_WRITTEN = Case(
    level=Level.WARNING,
    when="the append-only file is written for the first time since the server started",
    endangers=Promise.AT_MOST_ONCE,
    because="If appendonly was switched on just now, a server killed before the file is whole forgets claims.",
    otherwise="wait until it is written, then check again",
)
KEEPS = Case(level=Level.OK, when="an append-only file")


def _append_only_file(facts: ServerFacts, _expected: Expected) -> Found:
    if facts.has_append_only_file:
        is_first = facts.info.get("aof_last_rewrite_time_sec") == "-1"
        is_running = facts.info.get("aof_rewrite_in_progress") == "1"
        if is_first and is_running:
            return BEING_WRITTEN, "appendonly is yes, and its first file is being written"
        return KEEPS, "appendonly is yes"
    points = facts.config.get("save")
    snapshots = "snapshots cannot be seen" if points is None else f"snapshots: {points or 'none'}"
    return FORGETS, f"appendonly is no ({snapshots})"


APPEND_ONLY_FILE = Check(
    name="append_only_file",
    claim="Every write is appended to a file.",
    reads="INFO: aof_enabled, aof_rewrite_in_progress, aof_last_rewrite_time_sec; CONFIG GET: save",
    cases=(FORGETS, BEING_WRITTEN, KEEPS),
    judge=_append_only_file,
    unseen=unseen(Promise.AT_MOST_ONCE, "Without an append-only file a killed server forgets claims."),
)

LATE_FSYNC = Case(
    level=Level.WARNING,
    when="appendfsync everysec, and the guard does not wait for the fsync",
    endangers=Promise.AT_MOST_ONCE,
    because="A crash of the machine loses about the last second of claims; a crash of the process alone does not.",
    setting="appendfsync always",
    otherwise='or let the guard wait: GuardSettings(mode="durable"), on a server of 7.2 or later',
)
NO_FSYNC = Case(
    level=Level.WARNING,
    when="appendfsync no, and the guard does not wait for the fsync",
    endangers=Promise.AT_MOST_ONCE,
    because="A crash of the machine loses what the kernel had not written yet, often half a minute of claims.",
    setting="appendfsync always",
)
PAUSED_FSYNC = Case(
    level=Level.WARNING,
    when="no-appendfsync-on-rewrite yes, and the guard does not wait for the fsync",
    endangers=Promise.AT_MOST_ONCE,
    because="While the file is rewritten nothing is fsynced, and a crash of the machine loses those claims.",
    setting="no-appendfsync-on-rewrite no",
)
FSYNCED = Case(level=Level.OK, when="appendfsync always, or the guard waits for the fsync")
_LATE = {"everysec": LATE_FSYNC, "no": NO_FSYNC}


def _fsync(facts: ServerFacts, expected: Expected) -> Found:
    if not facts.has_append_only_file:
        return None
    if expected.is_durable and facts.knows(WAITAOF, since=WAITAOF_SINCE):
        return FSYNCED, "the guard waits for the fsync of each write (WAITAOF)"
    policy = facts.setting("appendfsync")
    if policy in _LATE:
        return _LATE[policy], f"appendfsync is {policy}"
    if facts.setting("no-appendfsync-on-rewrite") == "yes":
        return PAUSED_FSYNC, f"appendfsync is {policy}, but no-appendfsync-on-rewrite is yes"
    return FSYNCED, f"appendfsync is {policy}"


FSYNC = Check(
    name="fsync",
    claim="A write is on the disk before it is acknowledged.",
    reads="CONFIG GET: appendfsync, no-appendfsync-on-rewrite",
    cases=(LATE_FSYNC, NO_FSYNC, PAUSED_FSYNC, FSYNCED),
    judge=_fsync,
    unseen=unseen(Promise.AT_MOST_ONCE, "Unless it is `always`, a crash of the machine loses claims."),
)

WRITE_FAILED = Case(
    level=Level.CRITICAL,
    when="the last write to the append-only file failed",
    endangers=Promise.RECORDED,
    because="The server refuses writes (MISCONF), so that effects in flight are not recorded.",
    otherwise="make room on its disk; it writes on by itself",
)
REWRITE_FAILED = Case(
    level=Level.WARNING,
    when="the last rewrite of the append-only file failed",
    endangers=Promise.ANSWERED,
    because="The file only grows until the disk is full, and then every claim is refused.",
    otherwise="make room on its disk, then BGREWRITEAOF",
)
WRITTEN = Case(level=Level.OK, when="the append-only file can be written")


def _append_only_writes(facts: ServerFacts, _expected: Expected) -> Found:
    if not facts.has_append_only_file:
        return None
    write, rewrite = facts.said("aof_last_write_status"), facts.said("aof_last_bgrewrite_status")
    seen = f"last write of the append-only file: {write}, last rewrite: {rewrite}"
    if write != "ok":
        return WRITE_FAILED, seen
    return (WRITTEN if rewrite == "ok" else REWRITE_FAILED), seen


APPEND_ONLY_WRITES = Check(
    name="append_only_writes",
    claim="The append-only file can be written.",
    reads="INFO: aof_last_write_status, aof_last_bgrewrite_status",
    cases=(WRITE_FAILED, REWRITE_FAILED, WRITTEN),
    judge=_append_only_writes,
    unseen=unseen(Promise.RECORDED, "A file that cannot be written keeps nothing."),
)

SNAPSHOT_STOPS = Case(
    level=Level.CRITICAL,
    when="the last snapshot failed, and stop-writes-on-bgsave-error is yes",
    endangers=Promise.RECORDED,
    because="The server refuses every write (MISCONF), so that effects in flight are not recorded.",
    setting='save ""',
    otherwise="or make room on its disk, then BGSAVE",
)
SNAPSHOT_FAILED = Case(
    level=Level.WARNING,
    when="the last snapshot failed, and writes go on",
    endangers=Promise.ANSWERED,
    because="A replica may be unable to copy the data, and the disk may be full soon.",
    otherwise="make room on its disk, then BGSAVE",
)
SNAPSHOT_TAKEN = Case(level=Level.OK, when="the last snapshot was taken, or none was tried")


def _snapshots(facts: ServerFacts, _expected: Expected) -> Found:
    status = facts.said("rdb_last_bgsave_status")
    seen = f"last snapshot: {status}"
    if status == "ok":
        return SNAPSHOT_TAKEN, seen
    if facts.setting("save") and facts.setting("stop-writes-on-bgsave-error") == "yes":
        return SNAPSHOT_STOPS, f"{seen}, and stop-writes-on-bgsave-error is yes"
    return SNAPSHOT_FAILED, seen


SNAPSHOTS = Check(
    name="snapshots",
    claim="No failed snapshot stops the writes.",
    reads="INFO: rdb_last_bgsave_status; CONFIG GET: save, stop-writes-on-bgsave-error",
    cases=(SNAPSHOT_STOPS, SNAPSHOT_FAILED, SNAPSHOT_TAKEN),
    judge=_snapshots,
    unseen=unseen(Promise.RECORDED, "A server whose snapshot failed may refuse every write."),
)

NO_CONFIRMATION = Case(
    level=Level.CRITICAL,
    when="the guard is durable and waits for no replica, and the server cannot confirm an fsync",
    endangers=Promise.ANSWERED,
    because="The guard refuses every claim, because nothing can be confirmed.",
    setting="appendonly yes",
    otherwise="on a server of 7.2 or later; on an older one let GuardSettings(wait_replicas=...) name replicas",
)
NEVER_CONFIRMS = Case(
    level=Level.CRITICAL,
    when="the guard is durable, and appendfsync is no",
    endangers=Promise.ANSWERED,
    because="WAITAOF waits in vain for an fsync that is left to the kernel, and the guard refuses every claim.",
    setting="appendfsync everysec",
)
PAUSES = Case(
    level=Level.WARNING,
    when="the guard is durable, and no-appendfsync-on-rewrite is yes",
    endangers=Promise.ANSWERED,
    because="While the file is rewritten nothing is fsynced, and the guard refuses every claim.",
    setting="no-appendfsync-on-rewrite no",
)
CONFIRMS = Case(level=Level.OK, when="an fsync or a replica confirms each write, or nobody asks for it")


def _confirmation(facts: ServerFacts, expected: Expected) -> Found:
    has_it = facts.knows(WAITAOF, since=WAITAOF_SINCE)
    seen = f"the server {'knows' if has_it else 'does not know'} WAITAOF"
    if not expected.is_durable:
        return CONFIRMS, f"{seen}, and the guard does not ask for it"
    if not (has_it and facts.has_append_only_file):
        seen = f"{seen}, appendonly is {'yes' if facts.has_append_only_file else 'no'}"
        return (CONFIRMS if expected.confirming_replicas else NO_CONFIRMATION), seen
    if facts.setting("appendfsync") == "no":
        return NEVER_CONFIRMS, f"{seen}, but appendfsync is no"
    if facts.setting("no-appendfsync-on-rewrite") == "yes":
        return PAUSES, f"{seen}, but no-appendfsync-on-rewrite is yes"
    return CONFIRMS, seen


CONFIRMATION = Check(
    name="confirmation",
    claim="A durable guard's writes can be confirmed.",
    reads="COMMAND INFO WAITAOF, else the version; CONFIG GET: appendfsync, no-appendfsync-on-rewrite",
    cases=(NO_CONFIRMATION, NEVER_CONFIRMS, PAUSES, CONFIRMS),
    judge=_confirmation,
    unseen=unseen(Promise.ANSWERED, "A durable guard refuses every claim that nobody confirms."),
)
