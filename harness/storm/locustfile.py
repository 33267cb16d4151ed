"""What Locust runs: users that guard effects, and statistics by what the guard answered. Never decides anything.

Loaded by Locust, which has patched this interpreter with gevent. Each user has a guard of its own, from a module that
was executed for it alone. A process of the history is one call, since what is in doubt must not be used again.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import gevent
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner
from locust.user.task import LOCUST_STATE_STOPPING

from harness import clock
from harness.storm.plan import GONE, STATUS, StormPlan, spent_file
from harness.storm.recording import Recording
from harness.storm.workload import Deliveries
from harness.subjects.loading import load_subject
from harness.subjects.search_path import search_also
from harness.venue.client import VenueClient
from harness.workers.worker import Worker
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.storm.workload import Order
    from verify.history.events import Complete, Event

TRIES = 3
"""How often a user delivers an order that is not settled, at once and then after a while."""
_NUMBER = "stormproof_number"
"""The message by which a worker process tells the leader its number."""
_DEAD = -1
"""Heartbeats that are left of a worker that is taken for dead."""
_STATUS_EVERY_S = 0.25
_EXIT_BROKEN = 70
_OPERATIONS_OF_ONE = 1 << 32
"""Numbers of operations that each process has for its own."""

plan, number = StormPlan.from_environment()
search_also(plan.imports_from)
_subject = load_subject(plan.subject, promise=plan.promise)
_recording = Recording(Path(plan.folder), f"w{number}", plan.buckets)
_operations = count(number * _OPERATIONS_OF_ONE + 1)
_users = count(1)
_before: list[tuple[int, float]] = []
_times: dict[str, int] = {}
"""When the users began and were told to end, on the clock that processes share."""


def _nowhere(_event: Event) -> None:
    """Take an event of a storm that is not recorded."""


class DoubtError(Exception):
    """The effect may have happened, and may still happen. Locust counts it among the failures."""


class GuardUser(User):  # type: ignore[misc]  # the extra may be missing where types are checked
    """Delivers orders to a guard, one after the other, and each again until it is settled."""

    def on_start(self) -> None:
        """Make the user's guard."""
        try:
            make = _subject.load()
            guard = make(plan.redis_url, plan.lease_s)
        except Exception:  # noqa: BLE001 - the log must have it, and the storm ends
            _give_up()
        report = _recording.write if plan.records else _nowhere
        self._worker = Worker(report, make, guard, VenueClient(plan.venue), plan.request_life_s)
        self._deliveries = Deliveries(plan.seed, f"{number}.{next(_users)}", conflicts=plan.conflicts)

    @task  # type: ignore[untyped-decorator]  # as above
    def deliver_all(self) -> None:
        """Deliver orders until the storm ends.

        One task for all of them: between two tasks Locust may end a user, and it does not look whether the next one
        has begun.
        """
        while self._state != LOCUST_STATE_STOPPING:
            self._deliver()
            gevent.sleep(0)

    def _deliver(self) -> None:
        """Deliver the next order, and again until it is settled."""
        order = self._deliveries.next(clock.shared_ns() - plan.began_ns)
        for attempt in range(TRIES):
            answer = self._call(order, order.delivery + attempt)
            if answer.outcome is Outcome.OK or answer.word == "conflict":
                return
            gevent.sleep(self._deliveries.wait_s(attempt + 1))

    def _call(self, order: Order, delivery: int) -> Complete:
        op = next(_operations)
        if op - number * _OPERATIONS_OF_ONE > plan.most_operations:
            raise StopUser
        began_ns = clock.elapsed_ns()
        answer = self._worker.call(
            {
                "process": f"w{number}.{op % _OPERATIONS_OF_ONE}",
                "op": op,
                "key": order.key,
                "payload": order.payload,
                "effect_type": order.effect_type,
                "delivery": delivery,
            }
        )
        said = " ".join(filter(None, (answer.outcome, answer.word)))
        events.request.fire(
            request_type=order.effect_type,
            name=said,
            response_time=(clock.elapsed_ns() - began_ns) / 1e6,
            response_length=0,
            exception=DoubtError(answer.detail) if answer.outcome is Outcome.INDETERMINATE else None,
            context={},
        )
        return answer


@events.user_error.add_listener  # type: ignore[untyped-decorator]  # as above
def _give_up(**_: object) -> NoReturn:
    """End this process: what is wrong here is no answer of a guard, and the storm must not go on as if it were."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(_EXIT_BROKEN)


@events.test_start.add_listener  # type: ignore[untyped-decorator]  # as above
def _begin_to_count(**_: object) -> None:
    _times["began_ns"] = clock.shared_ns()
    _before.append((next(_operations), clock.processor_s()))


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]  # as above
def _tell_that_it_ends(environment: Any, **_: object) -> None:
    """Let the leader say that the storm is over before any worker process ends because it was told to."""
    _times["ends_ns"] = clock.shared_ns()
    if isinstance(environment.runner, MasterRunner):
        _tell_status(environment)


@events.quitting.add_listener  # type: ignore[untyped-decorator]  # as above
def _tell_what_was_spent(**_: object) -> None:
    """Say how many operations this process has made, and with how much processor time."""
    if _before:
        first, before_s = _before[0]
        spent = {"operations": next(_operations) - first - 1, "processor_s": clock.processor_s() - before_s}
        (Path(plan.folder) / spent_file(number)).write_text(json.dumps(spent), encoding="ascii")


@events.init.add_listener  # type: ignore[untyped-decorator]  # as above
def _begin(environment: Any, **_: object) -> None:
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        known: dict[int, str] = {}
        runner.register_message(_NUMBER, lambda msg, **_: known.setdefault(int(msg.data), msg.node_id))
        gevent.spawn(_lead, environment, known)
    elif isinstance(runner, WorkerRunner):
        runner.send_message(_NUMBER, number)


def _lead(environment: Any, known: Mapping[int, str]) -> None:
    """Say again and again how far the storm is, and hand the users of dead workers to the others.

    Left alone, Locust waits for several heartbeats of a worker that was killed.
    """
    gone = Path(plan.folder) / GONE
    while True:
        _tell_status(environment)
        for each in gone.read_text("ascii").split() if gone.exists() else ():
            client = environment.runner.clients.get(known.get(int(each), ""))
            if client is not None:
                client.heartbeat = min(client.heartbeat, _DEAD)
        gevent.sleep(_STATUS_EVERY_S)


def _tell_status(environment: Any) -> None:
    with (Path(plan.folder) / STATUS).open("a", encoding="utf-8") as status:
        status.write(json.dumps(_status(environment)) + "\n")


def _status(environment: Any) -> dict[str, Any]:
    runner, total = environment.runner, environment.stats.total
    outcomes: dict[str, int] = {}
    for entry in environment.stats.entries.values():
        outcomes[entry.name] = outcomes.get(entry.name, 0) + entry.num_requests
    return {
        "state": runner.state,
        "users": runner.user_count,
        "processes": runner.worker_count,
        "operations": total.num_requests,
        "per_s": round(total.current_rps, 1),
        "p95_ms": total.get_response_time_percentile(0.95) or 0,
        "outcomes": outcomes,
        **_times,
    }
