"""What a breaker may be told. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum

from safety_core.idempotency.errors import SettingsError
from safety_core.idempotency.settings import GuardSettings

MAX_SECONDS = 7 * 86400.0
"""Longest time that a limit, a window or an override may last. Bans of exchanges last three days at most."""


class WithoutRedis(StrEnum):
    """What a breaker answers while Redis does not."""

    LOCAL = "local"
    """A breaker of this process alone decides, and goes on from what Redis said last."""
    REFUSE = "refuse"
    ADMIT = "admit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLimits:
    """When a scope opens, and how it comes back.

    Attributes:
        failure_threshold: Failures within the window that open it, 1 or more.
        window_s: Length of the sliding window in seconds.
        open_s: Seconds that it stays open before a probe.
        half_open_probes: Probes at once in HALF_OPEN, over all processes, 1 or more.
        probe_lease_s: Seconds after which the permit of a probe ends, so that a dead prober holds up nobody. Longer
            than a call ever takes: what comes later does not count.
        successes_to_close: Probes that must succeed before it closes, 1 or more.
    """

    failure_threshold: int = 5
    window_s: float = 60.0
    open_s: float = 30.0
    half_open_probes: int = 1
    probe_lease_s: float = 30.0
    successes_to_close: int = 1

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            SettingsError: A value is out of range.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name.endswith("_s"):
                assert_number(each.name, value, 0.001, MAX_SECONDS)
            elif type(value) is not int or not 1 <= value <= 100_000:  # noqa: PLR2004 - a bound for memory
                raise SettingsError(f"{each.name} is {value!r}; expected a whole number between 1 and 100000")


def assert_number(name: str, value: object, low: float, high: float) -> None:
    """Raise SettingsError unless `value` is a finite number between `low` and `high`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SettingsError(f"{name} is {value!r}; expected a number between {low:g} and {high:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings:
    """How a breaker behaves. Every process of one namespace must use the same values.

    Attributes:
        job_type: Limits of each job type's scope.
        exchange: Limits of the exchange's scope.
        without_redis: What is answered while Redis does not.
        retention_s: Seconds that a scope is remembered after its last change (72 hours), beyond the time it is open.
        namespace, environment, account, scheme_version: As for the guard; the account belongs to the exchange too.
        connect_timeout_s: Seconds to wait for a connection.
        socket_timeout_s: Seconds to wait for a reply.
    """

    job_type: ScopeLimits = field(default_factory=ScopeLimits)
    exchange: ScopeLimits = field(default_factory=lambda: ScopeLimits(failure_threshold=20, open_s=60.0))
    without_redis: WithoutRedis = WithoutRedis.LOCAL
    retention_s: float = 259200.0
    namespace: str = "circuit_breaker"
    environment: str = "default"
    account: str = "default"
    scheme_version: int = 1
    connect_timeout_s: float = 0.5
    socket_timeout_s: float = 0.5

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            SettingsError: A value is out of range or of a wrong type.
        """
        try:
            object.__setattr__(self, "without_redis", WithoutRedis(self.without_redis))
        except ValueError:
            words = ", ".join(WithoutRedis)
            raise SettingsError(f"without_redis is {self.without_redis!r}; expected one of: {words}") from None
        for name in ("job_type", "exchange"):
            if not isinstance(getattr(self, name), ScopeLimits):
                raise SettingsError(f"{name} is {getattr(self, name)!r}; expected ScopeLimits")
        _ = self.link

    @property
    def link(self) -> GuardSettings:
        """The same store and the same names, as the connections of the core take them."""
        return GuardSettings(
            retention_s=self.retention_s,
            namespace=self.namespace,
            environment=self.environment,
            account=self.account,
            scheme_version=self.scheme_version,
            connect_timeout_s=self.connect_timeout_s,
            socket_timeout_s=self.socket_timeout_s,
        )
