"""The task base class of celery-singleton. Celery runs the task in the calling process: its lock, and no queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.contract import declare
from harness.subjects.peers.celery_once import EAGER
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

README = "README of celery-singleton"
OPTIONS = {"unique_on": ["key"], "raise_on_duplicate": True}

PEER = Peer(
    package="celery-singleton",
    modules=(*EAGER, "celery_singleton"),
    what="the Singleton task of celery-singleton with unique_on, raise_on_duplicate and lock_expiry; Celery runs it "
    "in the calling process (task_always_eager), so that its lock is seen and no queue",
    promise="mutual_exclusion",
    says=(
        "This is a baseclass for celery tasks that ensures only one instance of the task can be queued or running at "
        "any given time."
    ),
    where=f"{README}, first sentences",
    limits=(
        Limit(
            says=(
                "When lock expires identical tasks are allowed to run regardless of whether the locked task has "
                "finished or not."
            ),
            where=f"{README}, App Configuration",
            leaves_out=("pause", "advance"),
        ),
        Limit(
            says=(
                "you can sometimes end up in a situation where the lock remains but there's no task available to "
                "release it. This can for example happen if your celery worker crashes before it can release the "
                "lock."
            ),
            where=f"{README}, Handling deadlocks",
        ),
    ),
)


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the guard means; this one is raised before the task runs."""
    from celery_singleton import DuplicateTaskError

    return ("FAIL", "in_progress") if isinstance(error, DuplicateTaskError) else ("INDETERMINATE", "")


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return a guard whose effect is the body of a task of which there may be one for each key."""
    from celery import Celery
    from celery_singleton import Singleton

    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.update(task_always_eager=True, task_eager_propagates=True, singleton_backend_url=redis_url)
    asked: dict[str, tuple[Effect, Mapping[str, Any]]] = {}

    @app.task(base=Singleton, name="place", shared=False, **OPTIONS, lock_expiry=int(lease_s))  # type: ignore[untyped-decorator]  # celery has no types
    def place(key: str) -> Any:
        effect, payload = asked[key]
        return effect(payload)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        asked[key] = (effect, payload)
        # Whether another task is being run in this interpreter is nothing that another process would know.
        return place.apply_async(kwargs={"key": key}).get(disable_sync_subtasks=False)

    return guard
