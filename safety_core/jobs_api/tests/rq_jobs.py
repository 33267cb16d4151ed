"""What RQ's workers run in these tests: jobs that fail, and one that places an order through the guard.

The order is a line in a list of Redis, the book. How often a job ran is counted beside it, so that runs and orders
can be told apart.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import redis
from rq import Retry

from safety_core.idempotency import GuardSettings, SideEffectWrapper

if TYPE_CHECKING:
    from collections.abc import Callable

BOOK, RUNS, HELD, GO = "test:book", "test:runs", "test:held", "test:go"


class NotToBePickled:
    """A result that no worker can store."""

    def __reduce__(self) -> Any:
        """Refuse.

        Raises:
            TypeError: Always.
        """
        raise TypeError("this cannot be pickled")


RAISES: dict[str, Callable[[], BaseException]] = {
    "refused": lambda: ConnectionRefusedError("secret-host refused it"),
    "timeout": lambda: TimeoutError("no answer to secret-order"),
    "wrong": lambda: ValueError("quantity must be > 0, secret-quantity"),
}


def fail(how: str) -> None:
    """Fail.

    Raises:
        BaseException: What is named.
    """
    error = RAISES[how]()
    raise error


def place_order(url: str, order_id: str, then: str = "") -> Any:
    """Place an order once, through the guard; end as told: `unpicklable`, `again`, `killed`, `held`, or plainly."""
    with redis.Redis.from_url(url) as client:
        client.incr(RUNS)
        with SideEffectWrapper(url, settings=GuardSettings(request_life_s=1)) as guard:
            answer = guard.execute_once(
                "order", order_id, lambda claim: client.rpush(BOOK, order_id), payload={"order": order_id}
            )
        if then == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if then == "held" and answer.executed:
            client.rpush(HELD, order_id)
            client.blpop([GO], timeout=60)
    if then == "again":
        return Retry(max=2)
    return NotToBePickled() if then == "unpicklable" else {"order": order_id}


def on_success_that_fails(job: Any, connection: Any, result: Any, *args: Any, **kwargs: Any) -> None:
    """Fail after the job is done.

    Raises:
        RuntimeError: Always.
    """
    raise RuntimeError("the callback failed")
