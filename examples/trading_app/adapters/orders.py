"""Orders that are placed once, by the guard of the safety core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.orders import place_order

from safety_core.idempotency import (
    Found,
    GuardSettings,
    NotFound,
    Outcome,
    Reconciler,
    SideEffectWrapper,
    prepare_store,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from execution.orders import Venue

    from safety_core.idempotency import Claim, GuardResult

_NAMESPACE = "trading"
_REQUEST_LIFE_LEASES = 1.3
"""For so many leases the venue may still accept a request that was sent: before, "not found" is not final."""

_NOT_DONE = {
    Outcome.IN_PROGRESS: "in_progress",
    Outcome.CONFLICT: "conflict",
    Outcome.FAILED_DEFINITE: "rejected",
    Outcome.REPLAYED_FAILURE: "rejected",
    Outcome.REFUSED_STORE_UNAVAILABLE: "refused",
    Outcome.REFUSED_STORE_UNSAFE: "refused",
    Outcome.CLAIM_UNKNOWN: "refused",
    Outcome.LEASE_LOST_BEFORE_EFFECT: "refused",
    Outcome.KEY_EXPIRED: "refused",
}
"""The answers after which this call has certainly placed nothing, in the words of stormproof."""


class NotPlacedError(Exception):
    """The guard gave something other than a receipt: the order is being placed, is in doubt, or was refused."""

    def __init__(self, answer: GuardResult) -> None:
        """Keep what the guard said."""
        super().__init__(f"{answer.outcome}: {answer.reason}")
        self.outcome = answer.outcome


class OnceGuard:
    """Runs an effect once per key."""

    def __init__(self, redis_url: str, lease_s: float) -> None:
        """Make the guard; nothing is sent before the first call."""
        request_life_s = lease_s * _REQUEST_LIFE_LEASES
        settings = GuardSettings(namespace=_NAMESPACE, lease_s=lease_s, request_life_s=request_life_s)
        self._wrapper = SideEffectWrapper(redis_url, settings=settings)

    def once(self, key: str, payload: dict[str, Any], effect: Callable[..., Any]) -> Any:
        """Return the effect's receipt, of this call or of an earlier one.

        The effect is told what belongs into the request: the id by which the venue can be asked, and until when the
        request is good.

        Raises:
            NotPlacedError: There is none.
        """

        def operation(claim: Claim) -> Any:
            return effect(
                payload,
                client_order_id=claim.client_order_id,
                fence=claim.fence,
                valid_until_ms=claim.valid_until_ms,
            )

        answer = self._wrapper.execute_once("order", key, operation, payload=payload)
        if answer.result is None:
            raise NotPlacedError(answer)
        return answer.result

    __call__ = once

    def reconcile(self, key: str, probe: Callable[[str], dict[str, Any]]) -> None:
        """Settle a key that is in doubt: *probe* asks the venue whether its order is there."""

        def asked(_record: object) -> Found | NotFound:
            said = probe(key)
            return Found(said["receipt"], said["payload"]) if said["found"] else NotFound()

        Reconciler(self._wrapper, {"order": asked}).reconcile("order", key)


def place_once(guard: OnceGuard, venue: Venue, decision: str, symbol: str, quantity: float) -> Any:
    """Place the order of a decision once, however often it is asked for."""
    payload = {"symbol": symbol, "quantity": str(quantity)}
    return guard.once(decision, payload, lambda _asked, **more: place_order(venue, symbol, quantity, **more))


def make(redis_url: str, lease_s: float) -> OnceGuard:
    """Return the guard of orders."""
    return OnceGuard(redis_url, lease_s)


def prepare(redis_url: str) -> None:
    """Record the store's identity, once and before the first order."""
    prepare_store(redis_url, settings=GuardSettings(namespace=_NAMESPACE))


def classify(error: BaseException) -> tuple[str, str]:
    """Say what an error of the guard means, for stormproof: nothing was done, or it is in doubt."""
    if not isinstance(error, NotPlacedError):
        return ("INDETERMINATE", "")
    if error.outcome in _NOT_DONE:
        return ("FAIL", _NOT_DONE[error.outcome])
    return ("INDETERMINATE", "in_doubt" if error.outcome is Outcome.IN_DOUBT else "")


make.prepare = prepare
make.classify = classify
make.outside = {"evict": "the Redis of the orders evicts nothing, and nobody deletes records"}
