"""The five endpoints, on failures that RQ itself wrote down."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.job_safety import RetrySettings
from safety_core.jobs_api import Role
from safety_core.jobs_api.tests.apis import Api

if TYPE_CHECKING:
    from pathlib import Path

    from safety_core.tests.servers import Server

KINDS = {
    "refused": ("network_error", True),
    "timeout": ("timeout", False),
    "wrong": ("validation_error", False),
}


def test_failed_jobs_are_listed_with_their_classification(api: Api) -> None:
    """A plain list, as the loop over `response.json()` wants it; an order that timed out is not retryable."""
    ids = {how: api.fails(how) for how in KINDS}
    answer = api.get("/failed")
    assert answer.status_code == 200
    listed = {item["id"]: (item["failure_type"], item["is_retryable"]) for item in answer.json()}
    assert listed == {ids[how]: said for how, said in KINDS.items()}


def test_what_is_at_stake_decides_about_a_timeout(api: Api) -> None:
    """A job whose metadata says that it only reads may be tried again."""
    job_id = api.fails("timeout", effect_class="read")
    assert [(item["id"], item["is_retryable"]) for item in api.get("/failed").json()] == [(job_id, True)]
    assert api.post(f"/failed/{job_id}/retry").status_code == 200


def test_job_that_carries_the_key_of_its_guard_may_be_tried_after_a_timeout(api: Api) -> None:
    """The guard refuses what is done; what stays is still no reason to try again."""
    guarded, wrong = api.fails("timeout", idempotency_key="order:1"), api.fails("wrong", idempotency_key="order:2")
    listed = {item["id"]: item["is_retryable"] for item in api.get("/failed").json()}
    assert listed == {guarded: True, wrong: False}


def test_long_lists_come_in_pages(api: Api) -> None:
    """The header names the next page and the previous one; following it meets every job once."""
    ids = {api.fails() for _ in range(5)}
    met: list[str] = []
    link = "/failed?limit=2"
    for size in (2, 2, 1):
        answer = api.get(link)
        met += [item["id"] for item in answer.json()]
        assert len(answer.json()) == size
        links = {part.split("; ")[1]: part.split("; ")[0].strip("<>") for part in answer.headers["Link"].split(", ")}
        link = links.get('rel="next"', "").partition("/api/v1/jobs")[2]
    assert not link
    assert set(met) == ids
    assert len(met) == 5
    assert api.get("/failed", queue="other").json() == []


def test_retry_puts_the_job_back_into_its_queue(api: Api) -> None:
    """And nowhere else; the second time it is not failed any more."""
    job_id = api.fails()
    answer = api.post(f"/failed/{job_id}/retry", retry_only_retryable="true")
    assert answer.status_code == 200
    assert (answer.json()["placed"], answer.json()["attempt"], answer.json()["max_attempts"]) == ("queued", 1, 3)
    assert api.places() == {"queued": [job_id], "failed": []}
    assert api.queue.fetch_job(job_id).get_status() == "queued"  # type: ignore[union-attr]
    again = api.post(f"/failed/{job_id}/retry")
    assert (again.status_code, again.json()["title"]) == (404, "not failed")


@pytest.mark.parametrize("how", ["wrong", "timeout"])
def test_what_cannot_help_or_may_have_happened_is_refused(how: str, api: Api) -> None:
    """The former goes through when it is asked for expressly; the latter never, by no force."""
    job_id = api.fails(how)
    refused = api.post(f"/failed/{job_id}/retry")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"] == ("not_retryable" if how == "wrong" else "outcome_unknown")
    assert api.places() == {"queued": [], "failed": [job_id]}
    asked = api.post(f"/failed/{job_id}/retry", retry_only_retryable="false")
    forced = api.post(f"/failed/{job_id}/retry", Role.FORCE, force="true") if how == "timeout" else asked
    assert (asked.status_code, forced.status_code) == ((200, 200) if how == "wrong" else (409, 409))


def test_cooldown_and_limit_hold_and_force_lifts_them(server: Server, tmp_path: Path) -> None:
    """429 says when to come back, 409 that nobody should; force counts all the same, and is audited twice."""
    with Api(server, tmp_path, retry=RetrySettings(max_attempts=1, cooldown_seconds=60)) as api:
        job_id = api.fails()
        early = api.post(f"/failed/{job_id}/retry")
        assert (early.status_code, early.json()["title"]) == (429, "cooldown")
        assert 0 < int(early.headers["Retry-After"]) <= 60
        forced = api.post(f"/failed/{job_id}/retry", Role.FORCE, force="true", reason="the venue is back")
        assert (forced.status_code, forced.json()["attempt"]) == (200, 1)
        api.client.delete(api.queue.key)
        api.client.zadd(api.queue.failed_job_registry.key, {job_id: 2**32})
        spent = api.post(f"/failed/{job_id}/retry")
        assert (spent.status_code, spent.json()["title"]) == (409, "max_attempts")
        written = [(record.action, record.phase) for record in api.audit.query(job_id) if record.action == "force"]
        assert written == [("force", "intent"), ("force", "outcome")]
        assert {record.retry_reason for record in api.audit.query(job_id) if record.action == "force"} == {
            "the venue is back"
        }


def test_dry_run_writes_nothing_but_its_audit_record(api: Api) -> None:
    """Not a byte of Redis changes, whoever asks and whatever for."""
    ids = [api.fails(how) for how in KINDS]
    before = _content(api)
    for job_id in ids:
        assert api.post(f"/failed/{job_id}/retry", dry_run="true").status_code == 200
    assert (
        api.post(f"/failed/{ids[2]}/retry", Role.FORCE, dry_run="true", force="true").json()["decision"] == "allowed"
    )
    assert api.post("/failed/retry-all", dry_run="true").json()["retried"] == 0
    assert _content(api) == before
    assert len(api.audit.query()) == 7
    assert all(record.dry_run_flag for record in api.audit.query())


def test_plan_of_a_dry_run_is_kept_or_nothing_is_done(api: Api) -> None:
    """The same jobs give the same plan; one more, or one less, and it is refused with the new one."""
    first, second = api.fails(), api.fails()
    plan = api.post("/failed/retry-all", dry_run="true").json()["plan"]
    third = api.fails()
    late = api.post("/failed/retry-all", plan=plan)
    assert (late.status_code, late.json()["title"]) == (409, "plan no longer true")
    assert api.places()["queued"] == []
    renewed = api.post("/failed/retry-all", dry_run="true").json()["plan"]
    assert renewed == late.json()["plan"] != plan
    done = api.post("/failed/retry-all", plan=renewed)
    assert done.json()["retried"] == 3
    assert sorted(api.places()["queued"]) == sorted([first, second, third])


def test_plan_of_one_job_holds_until_it_fails_anew(api: Api) -> None:
    """Its failure is part of the plan."""
    job_id = api.fails()
    plan = api.post(f"/failed/{job_id}/retry", dry_run="true").json()["plan"]
    api.client.zincrby(api.queue.failed_job_registry.key, 1, job_id)
    assert api.post(f"/failed/{job_id}/retry", plan=plan).status_code == 409
    assert api.places() == {"queued": [], "failed": [job_id]}


def test_retry_all_takes_what_may_be_retried(api: Api) -> None:
    """And says of each of the others why not."""
    ids = {how: api.fails(how) for how in KINDS}
    answer = api.post("/failed/retry-all", retry_only_retryable="true").json()
    assert (answer["total"], answer["retried"], answer["refused"], answer["left"]) == (3, 1, 2, 0)
    assert {item["job_id"]: item["decision"] for item in answer["items"]} == {
        ids["refused"]: "allowed",
        ids["timeout"]: "outcome_unknown",
        ids["wrong"]: "not_retryable",
    }
    assert api.places()["queued"] == [ids["refused"]]


def test_retry_all_is_bounded_and_slowed_down(server: Server, tmp_path: Path) -> None:
    """No more than asked for, and no more than the bucket holds; the rest keeps its attempts."""
    with Api(server, tmp_path, batch_size=2, batch_per_minute=0.01) as api:
        for _ in range(4):
            api.fails()
        assert len(api.post("/failed/retry-all", limit=1).json()["items"]) == 1
        answer = api.post("/failed/retry-all").json()
        assert (answer["retried"], answer["left"]) == (1, 2)
        assert answer["wait_s"] > 60
        later = api.post("/failed/retry-all")
        assert (later.status_code, later.json()["title"]) == (429, "rate limit")
        assert int(later.headers["Retry-After"]) > 60
        assert len(api.places()["failed"]) == 2


def test_two_batches_at_once_put_each_job_back_once(api: Api) -> None:
    """Whoever takes it out of the registry has it; the other one says that it moved."""
    ids = [api.fails() for _ in range(6)]
    with ThreadPoolExecutor(2) as pool:
        answers = [one.json() for one in pool.map(lambda _: api.post("/failed/retry-all"), range(2))]
    assert sum(answer["retried"] for answer in answers) == len(ids)
    assert sorted(api.places()["queued"]) == sorted(ids)


@pytest.mark.takes_long
def test_batch_is_spread_at_random_where_a_scheduler_runs(api: Api) -> None:
    """Without one nobody would ever wake the jobs, so that they go into their queue at once."""
    for _ in range(8):
        api.fails()
    api.client.set("rq:scheduler-lock:default", "somebody", ex=60)
    answer = api.post("/failed/retry-all", limit=6, spread_seconds=3600).json()
    assert {item["placed"] for item in answer["items"]} == {"scheduled"}
    times = {score for _, score in api.client.zrange("rq:scheduled:default", 0, -1, withscores=True)}
    assert len(times) > 1
    assert max(times) - min(times) <= 3600
    api.client.delete("rq:scheduler-lock:default")
    answer = api.post("/failed/retry-all", spread_seconds=3600).json()
    assert {item["placed"] for item in answer["items"]} == {"queued"}


def test_stats_count_jobs_and_retries(api: Api) -> None:
    """Where the jobs are, and what was decided."""
    api.fails("wrong")
    api.post(f"/failed/{api.fails()}/retry")
    api.post("/failed/retry-all")
    found = api.get("/stats").json()
    (queue,) = found["queues"]
    assert (queue["name"], queue["queued"], queue["failed"]) == ("default", 1, 1)
    assert (found["retries"]["allowed"], found["retries"]["refused"]) == (1, 1)
    assert found["retries"]["by_failure_type"] == {"network_error": 1, "validation_error": 1}


def test_audit_is_shown_in_the_form_that_the_review_wants(api: Api) -> None:
    """`.records | group_by(.failure_type)`: every record has one, and who asked stands there."""
    api.post(f"/failed/{api.fails()}/retry", dry_run="true")
    api.post("/failed/retry-all")
    records = api.get("/retry-audit", limit=1000).json()["records"]
    assert {record["failure_type"] for record in records} == {"network_error"}
    assert {record["user_or_system"] for record in records} == {"somebody who may retry"}
    assert [record["dry_run_flag"] for record in records] == [True, False, False, False]
    assert [record["phase"] for record in records] == ["decision", "decision", "intent", "outcome"]
    assert len(api.get("/retry-audit", limit=1).json()["records"]) == 1
    assert api.get("/retry-audit", job_id="nobody").json() == {"records": []}


def test_nothing_that_a_job_holds_goes_out(api: Api) -> None:
    """Neither the text of a failure nor an argument; in the log neither."""
    for how in KINDS:
        api.fails(how)
    said: list[Any] = [api.get("/failed").json(), api.post("/failed/retry-all").json(), api.get("/stats").json()]
    said.append(api.get("/retry-audit").json())
    assert "secret" not in json.dumps(said)


def _content(api: Api) -> dict[bytes, bytes | None]:
    return {key: api.client.dump(key) for key in api.client.scan_iter("*")}
