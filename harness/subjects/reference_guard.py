"""The safety core that ships with stormproof, behind the contract every guard has.

The only module outside scenarios that knows the safety core. It translates words and decides nothing: what the core
answers is raised or returned as it is. It holds no state between calls, so processes may share the module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.contract import REQUEST_LIFE_LEASES, USUAL_TYPE
from safety_core.idempotency import (
    Claim,
    EffectType,
    Found,
    GuardResult,
    GuardSettings,
    Mode,
    NotFound,
    Outcome,
    Reconciler,
    SideEffectWrapper,
    prepare_store,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.subjects.contract import Effect

_NAMESPACE = "stormproof"

EFFECT_TYPES = tuple(str(each) for each in EffectType if each is not EffectType.JOB)
"""The kinds of side effect; a job is none, but what stands around them."""

_WORDS = {
    Outcome.IN_PROGRESS: ("FAIL", "in_progress"),
    Outcome.IN_DOUBT: ("INDETERMINATE", "in_doubt"),
    Outcome.CONFLICT: ("FAIL", "conflict"),
    Outcome.REFUSED_STORE_UNAVAILABLE: ("FAIL", "refused"),
    Outcome.REFUSED_STORE_UNSAFE: ("FAIL", "refused"),
    Outcome.CLAIM_UNKNOWN: ("FAIL", "refused"),
    Outcome.LEASE_LOST_BEFORE_EFFECT: ("FAIL", "refused"),
    Outcome.FAILED_DEFINITE: ("FAIL", "rejected"),
    Outcome.REPLAYED_FAILURE: ("FAIL", "rejected"),
    Outcome.EFFECT_UNCERTAIN: ("INDETERMINATE", ""),
    Outcome.KEY_EXPIRED: ("FAIL", "refused"),
}
"""What each answer without a result means to a caller. CLAIM_UNKNOWN is a FAIL: no effect was run by this call, and
none will be run without another one."""

_WITH_RESULT = {
    Outcome.EXECUTED,
    Outcome.REPLAYED,
    Outcome.EXECUTED_UNRECORDED,
    Outcome.EXECUTED_FENCED,
    Outcome.EXECUTED_RESULT_UNSTORABLE,
    Outcome.BYPASSED,
}


class NotDoneError(Exception):
    """The core answered something other than a result."""

    def __init__(self, answer: GuardResult) -> None:
        """Keep the answer."""
        super().__init__(f"{answer.outcome}: {answer.reason}")
        self.outcome = answer.outcome


def classify(error: BaseException) -> tuple[str, str]:
    """Return outcome and word of what the guard raised."""
    if isinstance(error, NotDoneError):
        return _WORDS[error.outcome]
    return ("INDETERMINATE", "")


def settings(lease_s: float) -> GuardSettings:
    """Return the settings under which the core is judged: its defaults, in a namespace of their own."""
    return plain(lease_s=lease_s, request_life_s=lease_s * REQUEST_LIFE_LEASES)


def confirming(*, lease_s: float, request_life_s: float, wait_replicas: int, wait_ms: int) -> GuardSettings:
    """Return settings under which each write counts when it is confirmed: an fsync, and *wait_replicas* replicas."""
    return GuardSettings(
        namespace=_NAMESPACE,
        mode=Mode.DURABLE,
        lease_s=lease_s,
        request_life_s=request_life_s,
        wait_replicas=wait_replicas,
        wait_ms=wait_ms,
    )


def plain(*, lease_s: float, request_life_s: float) -> GuardSettings:
    """Return settings under which each write counts when the server answers."""
    return GuardSettings(namespace=_NAMESPACE, lease_s=lease_s, request_life_s=request_life_s)


def prepare(redis_url: str) -> None:
    """Record the store's identity."""
    prepare_store(redis_url, settings=GuardSettings(namespace=_NAMESPACE))


class ReferenceGuard:
    """The core as a guard."""

    def __init__(self, redis_url: str, lease_s: float, asked: GuardSettings | None = None) -> None:
        """Make the guard; nothing is sent before the first call.

        Args:
            redis_url: The store.
            lease_s: The lease of the settings that the core is judged by.
            asked: Other settings than those; *lease_s* is not looked at then.
        """
        self._wrapper = SideEffectWrapper(redis_url, settings=settings(lease_s) if asked is None else asked)

    def __call__(self, key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        """Run the effect once; return its receipt, or raise what is known instead.

        Its type is what the payload has under ``effect_type``; an order where it has nothing there.

        Raises:
            NotDoneError: There is no result.
        """

        def operation(claim: Claim) -> Mapping[str, Any]:
            return effect(
                payload,
                client_order_id=claim.client_order_id,
                fence=claim.fence,
                valid_until_ms=claim.valid_until_ms,
            )

        effect_type = str(payload.get("effect_type", USUAL_TYPE))
        answer = self._wrapper.execute_once(effect_type, key, operation, payload=payload)
        if answer.outcome in _WITH_RESULT:
            return answer.result
        raise NotDoneError(answer)

    def close(self) -> None:
        """Close the idle connections."""
        self._wrapper.close()

    def reconcile(
        self, key: str, probe: Callable[[str], Mapping[str, Any]], *, effect_type: str = USUAL_TYPE
    ) -> None:
        """Ask the venue what became of *key* and let the core resolve its record."""
        reconcile(self._wrapper, effect_type, key, lambda: probe(key))


def reconcile(engine: SideEffectWrapper, kind: str, entity_id: str, ask: Callable[[], Mapping[str, Any]]) -> None:
    """Ask the venue what became of an effect of *kind* and let the core resolve its record."""

    def asked(_record: object) -> Found | NotFound:
        said = ask()
        return Found(said["receipt"], said["payload"]) if said["found"] else NotFound()

    Reconciler(engine, {kind: asked}).reconcile(kind, entity_id)
