"""How often and how soon a job may be retried, on a real server and its clock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import GuardSettings, Mode, Reconciler, SideEffectWrapper, prepare_store
from safety_core.idempotency.errors import StoreUnsafeError
from safety_core.job_safety import (
    FailureClassifierV2,
    JobError,
    Override,
    PolicyError,
    RetryDecision,
    RetryPolicy,
    RetrySettings,
)
from safety_core.job_safety.retry_policy.scripts import DECIDE
from safety_core.tests.job_faces import SETTINGS, Job, policy_of
from safety_core.tests.servers import advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.job_faces import Face
    from safety_core.tests.relay import Relay
    from safety_core.tests.servers import Server


class Refused(Exception):  # noqa: N818 - what a venue's client raises is called as it likes
    """An answer of a venue with a status."""

    def __init__(self, status: int, retry_after: float) -> None:
        super().__init__()
        self.status, self.retry_after = status, retry_after


WHO = Override(actor="ann", reason="the exchange is back")


@pytest.fixture
def policy(server: Server, flavour: str) -> Face:
    """Return a policy with the default settings on a prepared server."""
    prepare_store(server.url)
    return policy_of(flavour, server.url)


def stored(server: Server) -> list[Any]:
    """Return the keys of all jobs that attempts are counted of."""
    return list(server.client().keys("*#retry:*"))


def test_the_worked_timeline_holds(server: Server, policy: Face) -> None:
    """Fails at 12:00:00, retries at 12:01:00, 12:03:00 and 12:07:00, then no more; not one of them earlier."""
    policy.record_failure("job-1")
    for attempt, wait_s in enumerate((60, 120, 240), start=1):
        advance(server, wait_s - 10)
        early = policy.acquire("job-1")
        assert (early.decision, early.attempt) == (RetryDecision.COOLDOWN, attempt - 1)
        assert 0 < early.wait_s <= 10
        advance(server, 10)
        answer = policy.acquire("job-1")
        assert (answer.decision, answer.attempt, answer.max_attempts) == (RetryDecision.ALLOWED, attempt, 3)
    advance(server, 7200)
    last = policy.acquire("job-1")
    assert (last.decision, last.wait_s) == (RetryDecision.MAX_ATTEMPTS, 0)
    assert last.reason == "Max attempts reached - requires manual intervention"


def test_with_a_raised_limit_the_seventh_wait_is_the_cap(server: Server, flavour: str) -> None:
    """60 s doubling six times would be 3840 s; the cap is an hour, and it stays there."""
    prepare_store(server.url)
    policy = policy_of(flavour, server.url, settings=RetrySettings(max_attempts=9))
    policy.record_failure("job-1")
    waits = []
    for _ in range(8):
        waits.append(round(policy.acquire("job-1").wait_s))
        advance(server, waits[-1])
        assert policy.acquire("job-1").allowed
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_attempt_is_counted_before_it_runs(server: Server, policy: Face) -> None:
    """A worker that dies in the retry has used it up, and its successor waits."""
    assert policy.acquire("job-1").attempt == 1
    again = policy.acquire("job-1")
    assert (again.decision, again.attempt) == (RetryDecision.COOLDOWN, 1)


def test_only_one_of_many_workers_gets_a_retry(server: Server) -> None:
    """Counting and cooldown are one script."""
    prepare_store(server.url)
    ready = threading.Barrier(8)
    answers: list[Any] = []
    with RetryPolicy(server.url, guard=SETTINGS) as policy:

        def ask() -> None:
            ready.wait()
            answers.append(policy.acquire("job-1"))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answer.decision for answer in answers) == ["allowed"] + ["cooldown"] * 7


def test_cooldown_runs_from_the_later_of_failure_and_attempt(server: Server, policy: Face) -> None:
    """A retry that fails after a long run is not repeated at once."""
    policy.record_failure("job-1")
    advance(server, 60)
    assert policy.acquire("job-1").allowed
    advance(server, 100)
    policy.record_failure("job-1")
    advance(server, 100)
    assert policy.acquire("job-1").decision is RetryDecision.COOLDOWN
    advance(server, 20)
    assert policy.acquire("job-1").allowed


def test_failure_time_may_come_with_the_question(server: Server, policy: Face) -> None:
    """For a job system that knows when a job failed; a time that is still to come counts as now."""
    now = server.client().time()[0]
    assert policy.acquire("old", failed_at=now - 61).allowed
    fresh = policy.acquire("new", failed_at=now - 20)
    assert fresh.decision is RetryDecision.COOLDOWN
    assert 30 < fresh.wait_s <= 41
    assert 55 < policy.acquire("tomorrow", failed_at=now + 86400).wait_s <= 60


def test_success_forgets_the_attempts(server: Server, policy: Face) -> None:
    """The next failure of the job begins at the first cooldown."""
    assert policy.acquire("job-1").attempt == 1
    policy.record_success("job-1")
    assert policy.acquire("job-1").attempt == 1


@pytest.mark.parametrize("carried", ["meta", "argument"])
def test_job_may_have_a_limit_of_its_own(server: Server, policy: Face, carried: str) -> None:
    """Per-job limits: in its metadata, or with the question."""
    job = Job(max_attempts=0) if carried == "meta" else Job()
    answer = policy.acquire(job, max_attempts=None if carried == "meta" else 0)
    assert (answer.decision, answer.max_attempts) == (RetryDecision.MAX_ATTEMPTS, 0)
    assert policy.acquire(Job()).allowed


@pytest.mark.parametrize(
    ("failure", "forced", "decision"),
    [
        (ValueError("bad"), False, RetryDecision.OUTCOME_UNKNOWN),
        (TimeoutError(), False, RetryDecision.OUTCOME_UNKNOWN),
        (TimeoutError(), True, RetryDecision.OUTCOME_UNKNOWN),
        (ConnectionRefusedError(), False, RetryDecision.ALLOWED),
    ],
    ids=["unmatched", "timeout", "forced timeout", "refused"],
)
def test_unknown_outcome_of_an_order_is_never_a_retry(
    server: Server, policy: Face, failure: Exception, forced: bool, decision: RetryDecision
) -> None:
    """Not even a forced one."""
    judged = FailureClassifierV2().classify(failure)
    answer = policy.acquire("job-1", failure=judged, force=WHO if forced else None)
    assert answer.decision is decision
    assert len(stored(server)) == (decision is RetryDecision.ALLOWED)


def test_hopeless_failure_is_refused_unless_asked_for(server: Server, policy: Face) -> None:
    """Only retryable by default; the opposite has to be said."""
    judged = FailureClassifierV2().classify(ValueError("bad"), phase="before sending")
    assert policy.acquire("job-1", failure=judged).decision is RetryDecision.NOT_RETRYABLE
    assert policy.acquire("job-1", failure=judged, retry_only_retryable=False).allowed


def test_wait_that_was_asked_for_is_kept(server: Server, policy: Face) -> None:
    """Two minutes of Retry-After outlast the first cooldown, and a ban lasts until the time that it names."""
    policy.record_failure("job-1", FailureClassifierV2().classify(Refused(429, retry_after=120)))
    asked = policy.acquire("job-1")
    assert asked.decision is RetryDecision.NOT_BEFORE
    assert 115 < asked.wait_s <= 120
    until_ms = (server.client().time()[0] + 7200) * 1000
    ban = FailureClassifierV2().classify(f"APIError: APIError(code=-1003): IP banned until {until_ms}")
    policy.record_failure("job-1", ban)
    policy.record_failure("job-1", FailureClassifierV2().classify(Refused(429, retry_after=1)))
    assert 7190 < policy.acquire("job-1").wait_s <= 7200
    advance(server, 7201)
    assert policy.acquire("job-1").allowed


def test_durable_policy_counts_only_what_is_confirmed(server: Server, flavour: str) -> None:
    """A count that a failover could lose allows nothing, and its token takes it up again."""
    guard = GuardSettings(mode=Mode.DURABLE, wait_replicas=1, wait_ms=50)
    prepare_store(server.url, settings=guard)
    answer = policy_of(flavour, server.url, guard=guard).acquire("job-1")
    assert (answer.decision, bool(answer.token)) == (RetryDecision.STORE_UNSAFE, True)
    assert "copies" in answer.reason


def test_dry_run_writes_nothing(server: Server, policy: Face) -> None:
    """It answers as the real question would, and the server counts no change."""
    policy.acquire("job-1")
    changes = server.client().info("persistence")["rdb_changes_since_last_save"]
    seen = [policy.acquire(name, dry_run=True) for name in ("job-1", "job-2")]
    assert [answer.decision for answer in seen] == [RetryDecision.COOLDOWN, RetryDecision.ALLOWED]
    assert all(answer.dry_run for answer in seen)
    assert server.client().info("persistence")["rdb_changes_since_last_save"] == changes


def test_lost_reply_counts_one_attempt(server: Server, flavour: str, relay: Relay) -> None:
    """The question is asked again under the same token."""
    prepare_store(server.url)
    policy_of("sync", server.url).acquire("the server learns the script")
    relay.lose_reply(DECIDE)
    answer = policy_of(flavour, relay.url).acquire("job-1")
    assert (answer.decision, answer.attempt, relay.witnessed) == (RetryDecision.ALLOWED, 1, ["reply"])


def test_attempt_that_may_be_counted_can_be_taken_up(server: Server, flavour: str, relay: Relay) -> None:
    """Two lost replies refuse; with the token of that answer the attempt goes on, and none is used up."""
    prepare_store(server.url)
    policy_of("sync", server.url).acquire("the server learns the script")
    policy = policy_of(flavour, relay.url)
    relay.lose_reply(DECIDE, 2)
    refused = policy.acquire("job-1")
    assert refused.decision is RetryDecision.STORE_UNAVAILABLE
    assert refused.token
    taken_up = policy.acquire("job-1", token=refused.token)
    assert (taken_up.decision, taken_up.attempt) == (RetryDecision.ALLOWED, 1)


def test_store_that_may_have_forgotten_attempts_allows_none(server: Server, flavour: str) -> None:
    """Not prepared, or another than the one that was: its count may be too low."""
    policy = policy_of(flavour, server.url)
    assert policy.acquire("job-1").decision is RetryDecision.STORE_UNSAFE
    with pytest.raises(StoreUnsafeError):
        policy.record_failure("job-1")
    prepare_store(server.url)
    assert policy.acquire("job-1").allowed
    server.client().hset("idempotency:default:default:1#store", "identity", "0" * 40)
    another = policy_of(flavour, server.url)
    assert another.acquire("job-2").decision is RetryDecision.STORE_UNSAFE


def test_unreachable_store_is_a_refusal(flavour: str) -> None:
    """What cannot be counted is not allowed, and is no exception."""
    answer = policy_of(flavour, "redis://127.0.0.1:1").acquire("job-1", dry_run=True)
    assert (answer.decision, answer.token) == (RetryDecision.STORE_UNAVAILABLE, None)
    assert isinstance(answer.error, Exception)


def test_jitter_draws_the_same_for_everyone(server: Server, flavour: str) -> None:
    """The script and the forecast agree, jobs differ, and asking often gains nothing."""
    prepare_store(server.url)
    policy = policy_of(flavour, server.url, settings=RetrySettings(jitter=0.5))
    waits = {}
    for name in ("job-1", "job-2", "job-3"):
        policy.record_failure(name)
        waits[name] = [policy.acquire(name).wait_s for _ in range(3)]
        assert max(waits[name]) <= policy.cooldown_seconds(0, name) < max(waits[name]) + 5
    assert len({policy.cooldown_seconds(0, name) for name in waits}) == 3
    assert all(30 <= policy.cooldown_seconds(0, name) <= 60 for name in waits)


def test_clock_that_went_back_ends_the_cooldown_all_the_same(server: Server, policy: Face) -> None:
    """A failure from the future counts as now, and is written so: the wait is not as long as the jump."""
    assert policy.acquire("job-1").allowed
    key = b"idempotency:default:default:1#retry:job-1"
    server.client().hset(key, "a", 2**42)
    first = policy.acquire("job-1")
    assert (first.decision, first.wait_s) == (RetryDecision.COOLDOWN, 120)
    advance(server, 121)
    assert policy.acquire("job-1").allowed


def test_attempts_and_claims_never_share_a_key(server: Server, policy: Face) -> None:
    """A job's counter is no record of an effect, whatever their names are."""
    policy.acquire("order/intent/1")
    with SideEffectWrapper(server.url, settings=SETTINGS) as engine:
        assert engine.execute_once("order", "order/intent/1", lambda claim: 1, payload={}).executed
        assert Reconciler(engine, {}).open_records() == []
    assert len(stored(server)) == 1


def test_attempts_are_kept_as_long_as_failed_jobs(server: Server, policy: Face) -> None:
    """A year, like RQ's failed jobs; the guard's 72 hours would forget them on day four."""
    policy.acquire("job-1")
    (key,) = stored(server)
    assert 364 * 86400 < server.client().ttl(key) <= 365 * 86400


@pytest.mark.parametrize(
    "ask",
    [
        lambda policy: policy.acquire(""),
        lambda policy: policy.acquire(None),
        lambda policy: policy.acquire("x" * 10_000_000),
        lambda policy: policy.acquire(Job(max_attempts="three")),
    ],
    ids=["empty", "none", "ten megabytes", "limit"],
)
def test_job_without_a_usable_id_or_limit_is_refused(ask: Callable[[Any], object]) -> None:
    """One clear error, before anything is sent."""
    with RetryPolicy("redis://127.0.0.1:1") as policy, pytest.raises(JobError, match=r"expected|accepted"):
        ask(policy)


@pytest.mark.parametrize(
    "options",
    [{"max_attempts": -1}, {"max_attempts": 1.5}, {"failed_at": float("nan")}, {"failed_at": -1}, {"token": "mine"}],
)
def test_question_out_of_range_is_refused(options: dict[str, Any]) -> None:
    """Negative limits, no moment, a token of one's own."""
    with RetryPolicy("redis://127.0.0.1:1") as policy, pytest.raises(PolicyError):
        policy.acquire("job-1", **options)


def test_two_environments_count_apart(server: Server, flavour: str) -> None:
    """Paper and live on one server."""
    prepare_store(server.url)
    paper = GuardSettings(environment="paper")
    prepare_store(server.url, settings=paper)
    assert policy_of(flavour, server.url).acquire("job-1").attempt == 1
    assert policy_of(flavour, server.url, guard=paper).acquire("job-1").attempt == 1
