"""Overrides of a breaker: audited first, with actor, reason and expiry, or not done at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safety_core.job_safety.circuit_breaker import BreakerState, CircuitBreaker, OverrideError
from safety_core.job_safety.retry_audit import AuditAction, AuditWriteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.job_safety.retry_audit import RetryAudit
    from safety_core.job_safety.tests.audits import FullDisk
    from safety_core.job_safety.tests.breakers import Breaker
    from safety_core.tests.servers import Server


def test_override_is_audited_and_holds_until_it_expires(
    make_breaker: Callable[..., Breaker], audit: RetryAudit, server: Server
) -> None:
    """Actor, reason and expiry stand in the store and in the audit."""
    breaker = make_breaker(audit=audit)
    moved = breaker.force("OPEN", job_type="order", actor="alice", reason="venue maintenance", expires_s=600)
    assert (str(moved), moved.actor) == ("CLOSED->OPEN", "alice")
    assert (breaker.allow("order").admitted, breaker.allow("order").reason) == (False, "override")
    held = breaker.report("order").override
    assert (held.state, held.actor, held.reason) == (BreakerState.OPEN, "alice", "venue maintenance")
    intent, outcome = audit.query()
    assert (intent.action, intent.user_or_system, intent.retry_reason) == (
        AuditAction.OVERRIDE, "alice", "venue maintenance",
    )  # fmt: skip
    assert outcome.success is True
    breaker.release(job_type="order", actor="alice", reason="over")
    probe = breaker.allow("order")
    assert (probe.admitted, probe.state) == (True, BreakerState.HALF_OPEN)


def test_expired_override_gives_the_machine_back(
    make_breaker: Callable[..., Breaker], audit: RetryAudit, server: Server
) -> None:
    """Forced CLOSED lets everything through and counts nothing; afterwards failures count from zero."""
    breaker = make_breaker(audit=audit)
    breaker.fail(times=3)
    breaker.force("CLOSED", job_type="order", actor="alice", reason="we must cancel orders", expires_s=600)
    assert breaker.fail(times=5).counted == ("forced",)
    begun = breaker.allow("order")
    assert begun
    if server.has_clock:
        server.advance(601)
        assert breaker.record(begun, "failure").counted == ("stale",)
        assert breaker.report("order").override is None
        assert [str(each) for each in breaker.fail(times=3).transitions] == ["CLOSED->OPEN"]


def test_override_without_audit_is_not_done(
    make_breaker: Callable[..., Breaker], audit: RetryAudit, disk: FullDisk
) -> None:
    """Neither where there is no audit, nor where it cannot write."""
    asked: dict[str, Any] = {"job_type": "order", "actor": "alice", "reason": "r", "expires_s": 60}
    with pytest.raises(OverrideError, match="no audit, no act"):
        make_breaker().force("OPEN", **asked)
    disk.is_full = True
    breaker = make_breaker(audit=audit)
    with pytest.raises(AuditWriteError):
        breaker.force("OPEN", **asked)
    assert breaker.allow("order")


@pytest.mark.parametrize(
    "wrong",
    [{"actor": ""}, {"reason": " "}, {"expires_s": 0}, {"expires_s": float("nan")}, {"expires_s": None},
     {"expires_s": 8 * 86400}, {"state": "HALF_OPEN"}, {"job_type": None}],
    ids=str,
)  # fmt: skip
def test_override_needs_actor_reason_and_expiry(server: Server, audit: RetryAudit, wrong: dict[str, Any]) -> None:
    """What is missing is named, and nothing is written."""
    asked: Any = {"state": "OPEN", "job_type": "order", "actor": "alice", "reason": "r", "expires_s": 60, **wrong}
    with CircuitBreaker(server.url, audit=audit) as breaker, pytest.raises(OverrideError):
        breaker.force(**asked)
    assert not audit.path.exists()
