"""Who lifted the policy, and every decision of it: taken down, or not done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import prepare_store
from safety_core.idempotency.errors import StoreUnavailableError
from safety_core.job_safety import (
    FailureClassifierV2,
    Override,
    OverrideError,
    PolicyError,
    RetryDecision,
    RetrySettings,
)
from safety_core.tests.job_faces import Book, Job, policy_of

if TYPE_CHECKING:
    from safety_core.tests.servers import Server

WHO = Override(actor="ann", reason="the exchange is back")


def test_operator_may_extend_a_limit_and_it_is_taken_down(server: Server, flavour: str) -> None:
    """The way out of "max attempts reached": above what the job and the settings say."""
    prepare_store(server.url)
    book = Book()
    policy = policy_of(flavour, server.url, audit=book, settings=RetrySettings(cooldown_seconds=0))
    job = Job(max_attempts=0)
    policy.extend_limit(job, 1, WHO)
    assert [phase for phase, _ in book.lines] == ["intent", "done"]
    assert [book.lines[0][1][name] for name in ("action", "job_id", "user_or_system")] == ["override", "job-1", "ann"]
    assert policy.acquire(job).allowed
    assert policy.acquire(job).decision is RetryDecision.MAX_ATTEMPTS


def test_force_lifts_cooldown_and_limit_and_still_counts(server: Server, flavour: str) -> None:
    """Who forced it is taken down before and after, and the attempt is one like any other."""
    prepare_store(server.url)
    book = Book()
    policy = policy_of(flavour, server.url, audit=book, settings=RetrySettings(max_attempts=1))
    assert policy.acquire("job-1").allowed
    assert not policy.acquire("job-1").allowed
    book.lines.clear()
    forced = policy.acquire("job-1", force=WHO)
    assert (forced.decision, forced.forced, forced.attempt) == (RetryDecision.ALLOWED, True, 2)
    assert [phase for phase, _ in book.lines] == ["intent", "done"]
    said = book.lines[0][1]
    assert (said["action"], said["user_or_system"], said["retry_reason"]) == ("force", "ann", "the exchange is back")


def test_every_decision_is_taken_down_with_its_reason(server: Server, flavour: str) -> None:
    """Allowed, refused, looked at: who asked, which attempt, and what stood in the way."""
    prepare_store(server.url)
    book = Book()
    policy = policy_of(flavour, server.url, audit=book)
    judged = FailureClassifierV2().classify(ConnectionRefusedError())
    policy.acquire("job-1", failure=judged, actor="bob", reason="nightly")
    policy.acquire("job-1", dry_run=True)
    policy.acquire("job-1", failure=FailureClassifierV2().classify(TimeoutError()))
    names = ("user_or_system", "retry_reason", "attempt_number", "failure_type", "dry_run_flag", "block_reason")
    assert [phase for phase, _ in book.lines] == ["decision"] * 3
    assert [tuple(columns[name] for name in names) for _, columns in book.lines] == [
        ("bob", "nightly", 1, "network_error", False, ""),
        ("system", "retry", 1, "", True, "cooldown"),
        ("system", "retry", 0, "timeout", False, "outcome_unknown"),
    ]


def test_audit_that_fails_does_not_take_an_allowed_retry_back(
    server: Server, flavour: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is counted already; the log says what the audit could not."""
    prepare_store(server.url)
    assert policy_of(flavour, server.url, audit=Book(full=True)).acquire("job-1").allowed
    assert "could not take down" in caplog.text


def test_nothing_is_forced_that_is_not_taken_down(server: Server, flavour: str) -> None:
    """No audit, no act: neither without one, nor where it fails."""
    prepare_store(server.url)
    for book, error in ((None, OverrideError), (Book(full=True), OSError)):
        policy = policy_of(flavour, server.url, audit=book)
        with pytest.raises(error):
            policy.acquire("job-1", force=WHO)
        with pytest.raises(error):
            policy.extend_limit("job-1", 9, WHO)
    assert not server.client().keys("*#retry:*")


def test_forced_retry_that_could_not_be_counted_is_taken_down_as_failed(flavour: str) -> None:
    """The intent stands, and what became of it as well."""
    book = Book()
    policy = policy_of(flavour, "redis://127.0.0.1:1", audit=book)
    assert not policy.acquire("job-1", force=WHO).allowed
    with pytest.raises(StoreUnavailableError):
        policy.extend_limit("job-1", 9, WHO)
    assert [phase for phase, _ in book.lines] == ["intent", "failed"] * 2
    assert [line["error_message"] for _, line in book.lines[1::2]] == ["store_unavailable", "StoreUnavailableError"]


@pytest.mark.parametrize("blank", [{"actor": ""}, {"reason": "  "}, {"actor": None}])
def test_override_names_actor_and_reason(blank: dict[str, Any]) -> None:
    """An override of nobody for nothing is none."""
    with pytest.raises(OverrideError, match="expected a text"):
        Override(**{"actor": "ann", "reason": "why", **blank})


@pytest.mark.parametrize("said", [{"actor": ""}, {"reason": None}], ids=str)
def test_question_of_nobody_is_refused(said: dict[str, Any]) -> None:
    """Before anything is sent, since the audit could not take it down."""
    with pytest.raises(PolicyError, match="expected texts"):
        policy_of("sync", "redis://127.0.0.1:1").acquire("job-1", **said)
