"""The settings of one guard, turned once into the bytes and numbers that every call needs.

Holds what was learnt about the server's features as well, so that a connection made for the mark after an effect
needs no question first. Never talks to a server.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .effect_types import EffectType
from .keys import KeySpace
from .lua import FINISH, FINISH_WITHOUT_FLAGS, Script, bulk, bulk_text, command
from .settings import GuardSettings, Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from .steps import StoreValidator

TYPE_BULK = {member: bulk_text(member.value) for member in EffectType}
"""Each effect type as an argument in RESP."""

_SHEBANG_SINCE = (7, 0)
_WAITAOF_SINCE = (7, 2)


class Terms:
    """What every call of one guard shares.

    Attributes:
        settings: As given.
        keys: The keys of this guard.
        lease_ms: Lease in milliseconds.
        retention: Retention in milliseconds, as an argument in RESP.
        starts: Whether START is sent.
        durable: Whether every write must be confirmed.
        finish: The finishing script that the server knows.
        wait: WAIT or WAITAOF in RESP; empty outside durable mode or where the server can do neither.
        clock: Seconds of a clock that only runs forward on this machine.
        validator: Judges the server behind every new connection; None asks nothing.
    """

    __slots__ = (
        "claim_constants",
        "clock",
        "durable",
        "finish",
        "keys",
        "lease_ms",
        "life_ms",
        "retention",
        "retention_ms",
        "settings",
        "starts",
        "store_key",
        "validator",
        "wait",
    )

    def __init__(
        self,
        settings: GuardSettings,
        clock: Callable[[], float] = time.monotonic,
        validator: StoreValidator | None = None,
    ) -> None:
        self.settings = settings
        self.validator = validator
        self.clock = clock
        self.keys = KeySpace(settings)
        self.lease_ms = max(1, round(settings.lease_s * 1000))
        self.life_ms = round(settings.request_life_s * 1000)
        self.retention_ms = max(1, round(settings.retention_s * 1000))
        self.retention = bulk_text(self.retention_ms)
        self.starts = settings.mode is not Mode.FAST
        self.durable = settings.mode is Mode.DURABLE
        self.finish: Script = FINISH
        self.wait = b""
        self.store_key = bulk_text(self.keys.store_key)
        self.claim_constants = b"".join(
            (
                bulk_text(self.lease_ms),
                self.retention,
                bulk(b"C" if self.starts else b"S"),
                bulk(b"1" if settings.retry_failed else b"0"),
            )
        )

    def claim_tail(self, identity: str, *, quarantined: bool) -> bytes:
        """Return the arguments of CLAIM that are the same for every key on one connection."""
        return bulk_text(identity) + self.claim_constants + bulk(b"1" if quarantined else b"0")

    def learn(self, version: str, *, aof: bool) -> str | None:
        """Take note of the server's version and of its append-only file.

        Returns None, or why durable mode cannot be kept on this server.
        """
        number = tuple(int(part) for part in version.split(".")[:2])
        self.finish = FINISH if number >= _SHEBANG_SINCE else FINISH_WITHOUT_FLAGS
        if not self.durable:
            return None
        replicas, wait_ms = self.settings.wait_replicas, self.settings.wait_ms
        if aof and number >= _WAITAOF_SINCE:
            self.wait = command("WAITAOF", 1, replicas, wait_ms)
        elif replicas:
            self.wait = command("WAIT", replicas, wait_ms)
        else:
            return "durable mode needs an append-only file on a server of 7.2 or later, or wait_replicas"
        return None

    def confirmed(self, reply: object) -> bool:
        """Return whether the reply to `wait` says that enough copies are safe."""
        wanted = self.settings.wait_replicas
        if isinstance(reply, int):
            return reply >= wanted
        if isinstance(reply, list):
            local, replicas = reply
            return bool(local >= 1 and replicas >= wanted)
        return False
