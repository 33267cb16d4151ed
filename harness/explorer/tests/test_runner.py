"""What a server must know before schedules can be compared on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from harness.explorer.plan import workloads_for
from harness.explorer.rig import Rig
from harness.explorer.runner import Runner
from harness.explorer.search.tree import Unit
from harness.explorer.target import Target
from harness.explorer.tests.exploring import run_schedule
from harness.explorer.tests.probes import probe
from harness.explorer.world.setting import LEASE_S, Setting
from harness.faults.registry import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard


BY_SCRIPT = ("w0!request_lost", "w0", "r1")
"""Decisions of a guard that comes to its script after a lost request only, on a server that knows the script."""


def _counting(client: redis.Redis, _lease_s: float) -> Guard:
    count = client.register_script("return redis.call('INCR', KEYS[1])")

    def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> Any:
        try:
            return client.get(key)
        except redis.ConnectionError:
            return count(keys=[key])

    return guard


def test_script_that_only_a_fault_leads_to_is_loaded_before_its_schedule(redis_server: RedisServer) -> None:
    """A schedule that was thought of on a server that knew the script runs on one that does not know it yet."""
    subject = probe(_counting)
    setting = Setting(
        subject=subject,
        workload=workloads_for(subject.promise)[0],
        workers=1,
        faults=1,
        kinds=(ALL["request_lost"],),
        lease_s=LEASE_S,
        has_clock=False,
        reduces=True,
    )
    units = [Unit(BY_SCRIPT, {})]
    with Rig(Target(redis_server, "test"), subject) as rig:
        ran = dict(Runner(rig, subject).run(setting, lambda: units.pop() if units else None))
    (outcome,) = (outcome for unit, outcome in ran.items() if unit is not None)
    assert outcome.problem == ""
    assert outcome.history is not None


def test_such_a_schedule_is_replayed_on_a_fresh_server(redis_server: RedisServer) -> None:
    """What a longer exploration stored is seen again where nothing was run before."""
    world = run_schedule(redis_server, probe(_counting), *BY_SCRIPT)
    assert world.decisions[:3] == BY_SCRIPT
