"""The idempotency of Powertools for AWS Lambda on Redis. The payload is not compared."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PACKAGE = "aws-lambda-powertools"
MODULES = ("boto3", "aws_lambda_powertools.utilities.idempotency.persistence.cache")
PAGE = "docs.powertools.aws.dev/lambda/python, Idempotency"

PROMISE = "exactly_once_or_in_doubt"
SAYS = (
    "The idempotency utility allows you to retry operations within a time window with the same input, producing the "
    "same output. [...] The property of idempotency means that an operation does not cause additional side effects "
    "if it is called more than once with the same input parameters."
)
WHERE = f"{PAGE}, first sentence and Terminology"

LIMITS = (
    Limit(
        says=(
            "There are two failure modes that can cause new invocations to execute your code again despite having "
            "the same payload: Unhandled exception. We catch them to delete the idempotency record to prevent "
            "inconsistencies, then propagate them."
        ),
        where=f"{PAGE}, Handling exceptions",
        leaves_out=("effect_lost", "effect_reply_lost", "effect_rejected", "effect_late"),
    ),
    Limit(
        says=(
            "There are two failure modes that can cause new invocations to execute your code again despite having "
            "the same payload: [...] Persistent layer errors. We raise IdempotencyPersistenceLayerError for any "
            "persistence layer errors"
        ),
        where=f"{PAGE}, Handling exceptions",
        leaves_out=("request_lost", "reply_lost", "late_request", "error_reply", "server_killed"),
    ),
    Limit(
        says=(
            "If a second invocation happens after this timestamp, and the record is marked as INPROGRESS, we will "
            "run the invocation again as if it was in the EXPIRED state."
        ),
        where=f"{PAGE}, Lambda timeouts",
        leaves_out=("crash_before", "crash_after", "pause", "advance"),
    ),
    Limit(
        says=(
            "By default, we expire idempotency records after an hour (3600 seconds). After that, a transaction with "
            "the same payload will not be considered idempotent."
        ),
        where=f"{PAGE}, Adjusting expiration window",
    ),
)

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what="Powertools for AWS Lambda: idempotent_function on CachePersistenceLayer, the Lambda context registered",
    promise=PROMISE,
    says=SAYS,
    where=WHERE,
    limits=(
        *LIMITS,
        Limit(
            says=(
                "By default, we will return the same result as it returned before, however in this instance it may "
                "be misleading; we provide a fail fast payload validation to address this edge case."
            ),
            where=f"{PAGE}, Payload validation",
            leaves_out=("conflict",),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Invocation:
    """What Powertools asks the Lambda context for: here, each call is an invocation that has the lease to itself."""

    lease_s: float

    def get_remaining_time_in_millis(self) -> int:
        """Return the lease in milliseconds."""
        return int(self.lease_s * 1000)


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of Powertools means.

    IdempotencyPersistenceLayerError is raised before the effect as well as after it.
    """
    from aws_lambda_powertools.utilities.idempotency.exceptions import (
        IdempotencyAlreadyInProgressError,
        IdempotencyValidationError,
    )

    if isinstance(error, IdempotencyAlreadyInProgressError):
        return ("FAIL", "in_progress")
    if isinstance(error, IdempotencyValidationError):
        return ("FAIL", "conflict")
    return ("INDETERMINATE", "")


def guard_with(redis_url: str, lease_s: float, *, payload_validation_jmespath: str = "") -> Guard:
    """Return a function that is decorated with idempotent_function as a guard."""
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
    from aws_lambda_powertools.utilities.idempotency.persistence.cache import CachePersistenceLayer

    # Its protocol of a client is narrower than the client that it is documented with.
    client: Any = redis.Redis.from_url(redis_url)
    with warnings.catch_warnings():
        # The name that it recommends is an alias of the class that it warns of.
        warnings.simplefilter("ignore", DeprecationWarning)
        store = CachePersistenceLayer(client=client)
    config = IdempotencyConfig(event_key_jmespath="key", payload_validation_jmespath=payload_validation_jmespath)
    context: Any = _Invocation(lease_s)
    config.register_lambda_context(context)

    @idempotent_function(data_keyword_argument="order", persistence_store=store, config=config)  # type: ignore[untyped-decorator]  # it returns Any
    def place(*, order: Mapping[str, Any], effect: Effect) -> Any:
        return effect(order["payload"])

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        return place(order={"key": key, "payload": payload}, effect=effect)

    return guard


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard."""
    return guard_with(redis_url, lease_s)
