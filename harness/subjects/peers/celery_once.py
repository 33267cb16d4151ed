"""The task base class of celery-once. Celery runs the task in the calling process: its lock, and no queue."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from typing import TYPE_CHECKING, Any

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

EAGER = ("celery.app.task", "celery.app.trace", "celery.app.amqp", "celery.result")
"""What Celery imports when it first runs a task itself."""
BACKEND = "celery_once.backends.redis"
README = "README of celery-once"

PEER = Peer(
    package="celery-once",
    modules=(*EAGER, "celery_once", "celery_once.backends.redis"),
    what="the QueueOnce task of celery-once with keys and a default_timeout; Celery runs it in the calling process "
    "(task_always_eager), so that its lock is seen and no queue",
    promise="mutual_exclusion",
    says=(
        "Celery Once allows you to prevent multiple execution and queuing of celery tasks. [...] Once the task "
        "completes (or ends due to an exception) the lock will clear. If an attempt is made to run the task again "
        "before it completes an AlreadyQueued exception will be raised."
    ),
    where=f"{README}, first sentence and Usage",
    limits=(
        Limit(
            says=(
                "default_timeout - how many seconds after a lock has been set before it should automatically timeout "
                "(defaults to 3600 seconds, or 1 hour)."
            ),
            where=f"{README}, Redis Backend",
            leaves_out=("pause", "advance"),
        ),
    ),
)


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the guard means; this one is raised before the task runs."""
    from celery_once import AlreadyQueued

    return ("FAIL", "in_progress") if isinstance(error, AlreadyQueued) else ("INDETERMINATE", "")


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return a guard whose effect is the body of a task of which there may be one for each key."""
    from celery import Celery
    from celery_once import QueueOnce

    app = Celery("shop", broker="memory://", set_as_current=False)
    once = {
        "backend": f"{_backend_of_its_own()}.Redis",
        "settings": {"url": redis_url.replace("unix:", "redis+socket:", 1), "default_timeout": int(lease_s)},
    }
    app.conf.update(task_always_eager=True, task_eager_propagates=True, ONCE=once)
    asked: dict[str, tuple[Effect, Mapping[str, Any]]] = {}

    @app.task(base=QueueOnce, name="place", shared=False, once={"keys": ["key"]})  # type: ignore[untyped-decorator]  # celery has no types
    def place(key: str) -> Any:
        effect, payload = asked[key]
        return effect(payload)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        asked[key] = (effect, payload)
        # Whether another task is being run in this interpreter is nothing that another process would know.
        return place.apply_async(kwargs={"key": key}).get(disable_sync_subtasks=False)

    return guard


def _backend_of_its_own() -> str:
    """Return the name of a copy of the module of the backend for Redis.

    It keeps its client in a variable of the module. Processes have no variables in common, and those that share an
    interpreter here may not either.
    """
    spec = importlib.util.find_spec(BACKEND)
    if spec is None or spec.loader is None:
        raise ImportError(f"there is no module {BACKEND}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    name = next(name for number in itertools.count() if (name := f"{BACKEND}_{number}") not in sys.modules)
    sys.modules[name] = module
    return name
