"""Every real fault by name. Documents, stories and experiments read this list; nobody keeps another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import WrongInputError
from harness.nemesis import (
    aof_corrupt,
    aof_tail_cut,
    ask,
    bandwidth,
    clock_jump,
    command_reply_lost,
    config_forbidden,
    disk_full,
    eviction,
    flushall,
    half_open,
    jitter,
    key_deleted,
    latency,
    loading,
    moved,
    noscript,
    oom,
    output_buffer_cut,
    partition_replica,
    partition_workers,
    readonly_after_failover,
    replica_promotion,
    replies_lost,
    reset,
    restart_empty,
    script_flush,
    server_kill,
    server_pause,
    slicing,
    slow_command,
    venue_failing,
    worker_kill,
    worker_pause,
)

if TYPE_CHECKING:
    from harness.nemesis.fault import RealFault

_FILES = (
    server_kill,
    restart_empty,
    aof_tail_cut,
    aof_corrupt,
    loading,
    noscript,
    replica_promotion,
    readonly_after_failover,
    partition_replica,
    moved,
    ask,
    server_pause,
    slow_command,
    worker_kill,
    worker_pause,
    command_reply_lost,
    partition_workers,
    half_open,
    reset,
    replies_lost,
    latency,
    jitter,
    bandwidth,
    slicing,
    eviction,
    oom,
    disk_full,
    output_buffer_cut,
    clock_jump,
    script_flush,
    key_deleted,
    flushall,
    config_forbidden,
    venue_failing,
)

ALL: dict[str, RealFault[Any]] = {module.FAULT.name: module.FAULT for module in _FILES}


def find(name: str) -> RealFault[Any]:
    """Return the fault of that name.

    Raises:
        WrongInputError: There is none.
    """
    if name not in ALL:
        raise WrongInputError(f"unknown real fault {name!r}; expected one of: {', '.join(ALL)}")
    return ALL[name]
