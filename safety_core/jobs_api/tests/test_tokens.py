"""Who may do what, and what a file of tokens must be."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.configuration import ConfigError
from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.jobs_api import Caller, JobsApiError, JobsApiSettings, Role, Tokens, create_app
from safety_core.jobs_api.tests.apis import CALLERS, Api
from safety_core.runtime_checks import RedisRuntimeValidator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from safety_core.tests.servers import Server

DIGEST = hashlib.sha256(b"secret").hexdigest()
GOOD = f"{{actor: alice, role: read, sha256: '{DIGEST}'}}"

WRONG = {
    "nobody": ("tokens: []", "there is no token"),
    "no list": ("tokens: x", "expected one list, tokens"),
    "something beside": (f"tokens: [{GOOD}]\nanonymous: true", "nothing beside it"),
    "a role of nobody": (f"tokens: [{GOOD.replace('read', 'root')}]", "token 1 has the role 'root'; expected one of"),
    "a key of nobody": ("tokens: [{actor: a, role: read, token: x}]", "token 1 does not have the keys"),
    "the token itself": (f"tokens: [{GOOD.replace(DIGEST, 'secret')}]", "is not 64 hexadecimal digits"),
    "no name": (f"tokens: [{GOOD.replace('alice', chr(39) * 2)}]", "actor is ''; expected a name"),
    "a number for a name": (f"tokens: [{GOOD.replace('alice', '7')}]", "actor is 7; expected a name"),
    "one token for two": (f"tokens: [{GOOD}, {GOOD.replace('alice', 'bob')}]", "two callers have the same token"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_file_is_named(case: str, tmp_path: Path) -> None:
    """One line, without the token."""
    text, expected = WRONG[case]
    (tmp_path / "tokens.yaml").write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, JobsApiError)) as caught:
        Tokens.from_file(tmp_path / "tokens.yaml")
    assert "tokens.yaml" in str(caught.value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_caller_is_known_by_the_digest_of_the_token(tmp_path: Path) -> None:
    """And by nothing that is nearly it."""
    (tmp_path / "tokens.yaml").write_text(f"tokens: [{GOOD}]", encoding="utf-8")
    tokens = Tokens.from_file(tmp_path / "tokens.yaml")
    assert tokens.caller("secret") == Caller(actor="alice", role=Role.READ, sha256=DIGEST)
    for near in ("", "secre", "secrets", "Secret", DIGEST, "\ud800"):
        assert tokens.caller(near) is None


def test_each_role_may_do_what_it_says(api: Api) -> None:
    """Reading is not retrying, and retrying is not forcing."""
    job_id = api.fails()
    retry = f"/failed/{job_id}/retry"
    asked: list[tuple[Callable[[Role], Any], Role]] = [
        (lambda role: api.get("/failed", role), Role.READ),
        (lambda role: api.get("/stats", role), Role.READ),
        (lambda role: api.get("/retry-audit", role), Role.READ),
        (lambda role: api.post("/failed/retry-all", role, dry_run="true"), Role.RETRY),
        (lambda role: api.post(retry, role, dry_run="true"), Role.RETRY),
        (lambda role: api.post(retry, role, force="true", dry_run="true"), Role.FORCE),
    ]
    for ask, needed in asked:
        allowed = {"read": 3, "retry": 2, "force": 1}[needed]
        assert sorted(ask(role).status_code for role in Role) == [200] * allowed + [403] * (3 - allowed)
        assert ask(needed).status_code == ask(Role.FORCE).status_code == 200
    assert api.places() == {"queued": [], "failed": [job_id]}


def test_parameter_that_nobody_knows_is_refused(api: Api) -> None:
    """A misspelt `dryrun` must not become a retry."""
    job_id = api.fails()
    wrong: list[dict[str, Any]] = [{"dryrun": "true"}, {"dry_run": "perhaps"}, {"plan": "x"}, {"reason": " "}]
    for params in wrong:
        answer = api.post(f"/failed/{job_id}/retry", **params)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
    assert api.post("/failed/retry-all", force="true").status_code == 422
    assert api.places() == {"queued": [], "failed": [job_id]}


def test_store_that_is_no_use_is_no_retry(server: Server, tmp_path: Path) -> None:
    """503, and the job stays failed: when the store was never prepared, and when it is away."""
    with Api(server, tmp_path) as api:
        job_id = api.fails()
        (store,) = api.client.keys("idempotency*#store")
        api.client.delete(store)
        unprepared = api.post(f"/failed/{job_id}/retry")
        assert (unprepared.status_code, unprepared.json()["title"]) == (503, "store_unsafe")
        assert api.places() == {"queued": [], "failed": [job_id]}
        server.kill()
        away = api.post(f"/failed/{job_id}/retry")
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")


def test_server_that_its_checks_object_to_is_no_use(server: Server, tmp_path: Path) -> None:
    """With `runtime.redis_checks` on: this one keeps nothing on its disk, and a crash would forget every attempt."""
    for validator, status in ((None, 200), (RedisRuntimeValidator(server.url), 503)):
        with Api(server, tmp_path, validator=validator) as api:
            answer = api.post(f"/failed/{api.fails()}/retry")
            assert answer.status_code == status


def test_without_an_audit_nothing_is_forced(api: Api) -> None:
    """No audit, no act: 503, and the job stays failed."""
    job_id = api.fails("wrong")
    assert api.post(f"/failed/{job_id}/retry").status_code == 409
    api.audit.close()
    folder = api.audit.path
    folder.rename(folder.with_name("away"))
    folder.write_text("no folder", encoding="utf-8")
    refused = api.post(f"/failed/{job_id}/retry", Role.FORCE, force="true")
    assert (refused.status_code, refused.json()["title"]) == (503, "not available")
    assert api.places() == {"queued": [], "failed": [job_id]}


@pytest.mark.parametrize("name", ["batch_size", "batch_per_minute", "reconcile_every_s", "stranded_after_s"])
def test_setting_out_of_range_is_named(name: str) -> None:
    """So is one of a wrong type."""
    wrong: list[dict[str, Any]] = [{name: value} for value in (-1, "x", True, float("nan"))]
    for options in wrong:
        with pytest.raises(JobsApiError, match=f"{name} is .* expected a number"):
            JobsApiSettings(**options)


def test_wrong_url_is_named(tmp_path: Path) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="URL"):
        create_app("http://x", tokens=CALLERS, audit=RetryAudit(tmp_path))
