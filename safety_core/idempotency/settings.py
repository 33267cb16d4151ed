"""What a guard may be told. Values only: settings never reach for a store, a clock or the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from .effect_types import EffectType, effect_type_of
from .errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Mode(StrEnum):
    """How many round trips a first call makes, and what a crash leaves behind."""

    STRICT = "strict"
    """Three: a crash before START is simply taken over; only a crash after it is a doubt."""
    FAST = "fast"
    """Two: there is no START, so that every crash of a holder is a doubt."""
    DURABLE = "durable"
    """Strict, and every write confirmed by WAITAOF or WAIT before it counts."""


class StoreLoss(StrEnum):
    """What to do with an effect when the store refuses or does not answer."""

    REFUSE = "refuse"
    BYPASS = "bypass"
    """Run it unguarded and say BYPASSED. Only for signals, whose consumers can drop a repeated event id."""


BYPASS_ALLOWED = frozenset({EffectType.SIGNAL})
"""Effect types that may run unguarded: what opens or adds risk, or moves money, never does."""

REFUSE_ALL: Mapping[EffectType, StoreLoss] = MappingProxyType(dict.fromkeys(EffectType, StoreLoss.REFUSE))
"""The default: without its store the guard runs nothing."""

_MAX_SECONDS = 10 * 365 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """How a guard behaves. Every writer of one namespace must use the same values.

    Attributes:
        mode: Round trips against certainty, see Mode. A string is accepted.
        lease_s: Seconds that a claim protects its holder, on the server's clock. Longer than the effect ever takes.
        retention_s: Seconds that CLAIMED, DONE and FAILED records live after their last change (72 hours).
        request_life_s: Seconds after the lease for which the venue may still accept a request of its holder.
            Only after that is the venue's "not found" an answer.
        namespace: First part of every key.
        environment: Second part: paper and live on one server must differ here.
        account: Third part.
        scheme_version: Fourth part; a new number starts from an empty memory.
        max_result_bytes: Encoded results above this are not stored; 0 stores none.
        retry_failed: True lets a definite failure be claimed again; False answers REPLAYED_FAILURE.
        wait_replicas: Durable mode: replicas that must confirm each write, 0 or more. Where the primary has an
            append-only file (and is 7.2 or later) they confirm an fsync, so that they need such a file too, and may
            take a second to say so (they report once per second).
        wait_ms: Durable mode: milliseconds to wait for each confirmation, 1 or more. With `appendfsync everysec` an
            fsync may be more than a second away.
        enabled: False runs every effect unguarded and says BYPASSED.
        store_loss: What to do per effect type when the store refuses; missing types refuse.
        connect_timeout_s: Seconds to wait for a connection.
        socket_timeout_s: Seconds to wait for a reply (durable mode adds `wait_ms`).
    """

    mode: Mode = Mode.STRICT
    lease_s: float = 30.0
    retention_s: float = 259200.0
    request_life_s: float = 60.0
    namespace: str = "idempotency"
    environment: str = "default"
    account: str = "default"
    scheme_version: int = 1
    max_result_bytes: int = 65536
    retry_failed: bool = True
    wait_replicas: int = 0
    wait_ms: int = 2000
    enabled: bool = True
    store_loss: Mapping[EffectType, StoreLoss] = field(default_factory=lambda: REFUSE_ALL, hash=False)
    connect_timeout_s: float = 1.0
    socket_timeout_s: float = 1.0

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            SettingsError: A value is out of range, or a policy would let risk run unguarded.
        """
        try:
            object.__setattr__(self, "mode", Mode(self.mode))
        except ValueError:
            raise SettingsError(f"mode is {self.mode!r}; expected one of: {', '.join(Mode)}") from None
        for name in ("lease_s", "retention_s", "connect_timeout_s", "socket_timeout_s"):
            self._within(name, 0.001, _MAX_SECONDS)
        self._within("request_life_s", 0, _MAX_SECONDS)
        self._within("max_result_bytes", 0, 512 * 1024 * 1024)
        self._within("wait_replicas", 0, 1000)
        self._within("wait_ms", 1, 3_600_000)
        self._within("scheme_version", 0, 2**63)
        for name in ("namespace", "environment", "account"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise SettingsError(f"{name} is {value!r}; expected a string that is not empty")
        object.__setattr__(self, "store_loss", _checked_policy(self.store_loss))

    def _within(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise SettingsError(f"{name} is {value!r}; expected a number between {low:g} and {high:g}")


def _checked_policy(asked: Mapping[EffectType, StoreLoss]) -> Mapping[EffectType, StoreLoss]:
    policy = dict(REFUSE_ALL)
    for name, word in asked.items():
        try:
            policy[effect_type_of(name)] = StoreLoss(word)
        except ValueError as error:
            raise SettingsError(f"store_loss[{name!r}] is {word!r}: {error}") from None
    wrong = [name for name, word in policy.items() if word is StoreLoss.BYPASS and name not in BYPASS_ALLOWED]
    if wrong:
        raise SettingsError(f"store_loss lets {', '.join(wrong)} run unguarded; only signal may be bypassed here")
    return MappingProxyType(policy)
