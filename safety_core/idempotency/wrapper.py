"""The blocking guard: run an effect once per entity, and say honestly what is known about it.

Never raises for one of the seventeen outcomes, never shares the caller's connections, never retries an effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .closing import Connected
from .connection import address_of
from .decisions import Decisions
from .intent import make_intent
from .link import Driver, LinkPool
from .protocol import execute
from .settings import GuardSettings
from .store_protocol import StoreReport, prepare, report_store
from .terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .answers import Claim, GuardResult
    from .effect_types import EffectType
    from .outcomes import Outcome
    from .steps import StoreValidator


class SideEffectWrapper(Connected):
    """Guards side effects through one Redis or Valkey server. Safe for threads; survives a fork.

    Attributes:
        settings: As given.
        terms: The settings as the protocol uses them.
        driver: What runs the protocol's steps; for the Reconciler.
    """

    def __init__(
        self,
        redis: Any,
        *,
        settings: GuardSettings | None = None,
        on_decision: Callable[[GuardResult], object] | None = None,
        validator: StoreValidator | None = None,
    ) -> None:
        """Make a guard; nothing is sent before the first call.

        Args:
            redis: A redis.Redis client, of which only address, database, credentials and TLS are used, or a URL.
            settings: How to behave; the defaults where left out.
            on_decision: Called with every answer, after it is final. What it raises is logged and goes no further.
            validator: Asked about the server behind every new connection, which costs one round trip there; what it
                objects to is refused (REFUSED_STORE_UNSAFE). See safety_core.runtime_checks.RedisRuntimeValidator.

        Raises:
            SettingsError: `redis` is neither a client nor a URL.
        """
        self.settings = settings if settings is not None else GuardSettings()
        self.terms = Terms(self.settings, validator=validator)
        self.driver = Driver(LinkPool(address_of(redis, self.settings)))
        self._decisions = Decisions(on_decision)

    def execute_once(
        self,
        effect_type: EffectType | str,
        entity_id: str,
        operation: Callable[[Claim], Any],
        *,
        payload: Any,
        minted_at: datetime | float | None = None,
        token: str | None = None,
        store_result: bool = True,
    ) -> GuardResult:
        """Run `operation` unless the entity's effect was done, is being done, or is in doubt.

        Args:
            effect_type: An EffectType, or its name.
            entity_id: Name of the intent; the same for every redelivery, another for every other intent.
            operation: The effect. It is given a Claim, whose `client_order_id` and `valid_until_ms` belong into the
                request, and returns what is to be replayed.
            payload: What the intent asks for; another payload under the same entity is a CONFLICT.
            minted_at: When the intent was made (aware datetime or Unix seconds); lets intents older than the
                retention be refused. None: not known.
            token: The `token` of an earlier answer, to go on at once with the claim that it left.
            store_result: False keeps only a digest of the result.

        Returns:
            The answer; unpacks into `executed, result`.

        Raises:
            GuardError: A caller's mistake (type, entity, payload, mint time, token), before anything was sent.
        """
        intent = make_intent(
            self.terms,
            effect_type,
            entity_id,
            payload,
            minted_at=minted_at,
            resume=token,
            store_result=store_result,
        )
        answer = self.driver.run(execute(self.terms, intent), operation)
        self._decisions.note(answer)
        return answer

    def prepare(self, *, force: bool = False) -> StoreReport:
        """Record the store's identity: from now on it is trusted to remember claims.

        Call it once, when the first use of the store is certain. An emptied store and a new one look alike, so that
        an unprepared store is refused. Attach replicas first: the first one changes the replication id.

        Args:
            force: Trust the store although another identity is recorded. Only where every open intent is known to be
                settled at the venue; otherwise `Reconciler.lift_quarantine()` is the way.

        Raises:
            StoreQuarantinedError: Another identity is recorded, and `force` is False.
            StoreUnsafeError, StoreUnavailableError: The store cannot be trusted, or not be reached.
        """
        return self.driver.run(prepare(self.terms, force=force))

    def store_report(self) -> StoreReport:
        """Return what the store says of itself now.

        Raises:
            StoreError: It gave no usable answer.
        """
        return self.driver.run(report_store(self.terms))

    @property
    def counts(self) -> dict[Outcome, int]:
        """How often each outcome was answered by this guard, in this process."""
        return self._decisions.counts


def prepare_store(redis: Any, *, settings: GuardSettings | None = None, force: bool = False) -> StoreReport:
    """Record a store's identity, as `SideEffectWrapper.prepare` does, with a connection of its own.

    Raises:
        StoreQuarantinedError, StoreUnsafeError, StoreUnavailableError: As there.
    """
    with SideEffectWrapper(redis, settings=settings) as wrapper:
        return wrapper.prepare(force=force)
