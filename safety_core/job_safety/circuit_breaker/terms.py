"""The settings of one breaker, turned once into the bytes that every call needs. Never talks to a server."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from safety_core.idempotency.keys import KeySpace, escape
from safety_core.idempotency.lua import bulk_text

from .errors import BreakerNameError
from .local import LocalBreaker
from .machine import milliseconds
from .states import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from .settings import BreakerSettings, ScopeLimits

MAX_NAME = 256
"""Longest name of a job type or an exchange, in characters."""
_MAX_KNOWN = 4096


@final
@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One scope and its keys.

    Attributes:
        scope: What it stands for.
        name: Which one.
        keys: Its two keys in RESP.
        limits: When it opens.
    """

    scope: Scope
    name: str
    keys: bytes
    limits: ScopeLimits


@final
@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The scopes that one job type's calls pass, outermost first, ready to be sent.

    Attributes:
        each: The scopes.
        keys: All of their keys in RESP.
        allow_tail: The constant arguments of ALLOW.
        record_tails: The constant arguments of RECORD, by scope.
    """

    each: tuple[Place, ...]
    keys: bytes
    allow_tail: bytes
    record_tails: tuple[bytes, ...]


@final
class BreakerTerms:
    """What every call of one breaker shares.

    Attributes:
        settings: As given.
        exchange: Name of the exchange's scope, or None where there is none.
        retention: Retention in milliseconds, as an argument in RESP.
        local: The breaker of this process.
    """

    __slots__ = ("_known", "_lock", "_space", "exchange", "local", "retention", "settings")

    def __init__(self, settings: BreakerSettings, exchange: str | None, clock: Callable[[], float]) -> None:
        """Check the names and make the keys.

        Raises:
            BreakerNameError: `exchange` cannot name a scope.
        """
        self.settings = settings
        self.exchange = None if exchange is None else checked_name("exchange", exchange)
        self.retention = bulk_text(milliseconds(settings.retention_s))
        self.local = LocalBreaker(clock)
        # One hash tag, so that a cluster keeps all scopes in one slot.
        self._space = "{" + KeySpace(settings.link).prefix.removesuffix(":") + "}"
        self._known: dict[str, Places] = {}
        self._lock = threading.Lock()

    def place(self, scope: Scope, name: str) -> Place:
        """Return one scope and its keys.

        Raises:
            BreakerNameError: The name cannot name a scope.
        """
        key = f"{self._space}:{scope}:{escape(checked_name(scope, name))}"
        limits = self.settings.exchange if scope is Scope.EXCHANGE else self.settings.job_type
        return Place(scope, name, bulk_text(key) + bulk_text(key + "#calls"), limits)

    def places(self, job_type: str) -> Places:
        """Return the scopes that calls of `job_type` pass.

        Raises:
            BreakerNameError: The name cannot name a scope.
        """
        known = self._known.get(checked_name(Scope.JOB_TYPE, job_type))
        if known is not None:
            return known
        each = [self.place(Scope.EXCHANGE, self.exchange)] if self.exchange is not None else []
        each.append(self.place(Scope.JOB_TYPE, job_type))
        made = Places(
            tuple(each),
            b"".join(place.keys for place in each),
            b"".join(
                bulk_text(place.limits.half_open_probes) + bulk_text(milliseconds(place.limits.probe_lease_s))
                for place in each
            ),
            tuple(
                b"".join(
                    (
                        bulk_text(place.limits.failure_threshold),
                        bulk_text(milliseconds(place.limits.window_s)),
                        bulk_text(milliseconds(place.limits.open_s)),
                        bulk_text(place.limits.successes_to_close),
                    )
                )
                for place in each
            ),
        )
        with self._lock:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[job_type] = made
        return made


def checked_name(what: str, name: object) -> str:
    """Return `name` if it can name a scope.

    Raises:
        BreakerNameError: It is no string, empty or too long.
    """
    if not isinstance(name, str) or not name or len(name) > MAX_NAME:
        shown = f"{name!r:.40}" if isinstance(name, str) else f"a {type(name).__name__}"
        raise BreakerNameError(f"the {what} is {shown}; expected a string of 1 to {MAX_NAME} characters")
    return name
