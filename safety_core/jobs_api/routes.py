"""The five endpoints. Each takes what was asked, lets others decide, and gives it the form of an answer.

Annotations are read while the application runs, and name what only it knows: they are not put off.
"""

from typing import Annotated, Any

import redis
from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .answers import AuditAnswer, FailedJobItem, RetriedItem, RetryAll, RetryOne, Stats
from .asked import JOB_ID, HowToRetryAll, HowToRetryOne, Nothing, Page, Range
from .auditing import ReadableAudit
from .errors import Refusal
from .failed_jobs import FailedJobs
from .problems import documented, refused
from .retrying import Retrier, Wish
from .stats import stats_of
from .tokens import Caller, Role, Tokens

PREFIX = "/api/v1/jobs"

_bearer = HTTPBearer(auto_error=False, description="A token of a caller; nobody is served without one.")
_JobId = Annotated[str, Path(pattern=JOB_ID, max_length=200, description="Id of the job in RQ.", examples=["abc123"])]


class Needs:
    """Lets a request through where its caller has a role."""

    def __init__(self, tokens: Tokens, role: Role) -> None:
        self._tokens = tokens
        self._role = role

    def __call__(self, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]) -> Caller:
        """Return the caller.

        Raises:
            Refusal: There is none, or one whose role is not enough.
        """
        caller = None if given is None else self._tokens.caller(given.credentials)
        if caller is None:
            raise Refusal(
                401,
                "who are you",
                "expected a token that is known here, as Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )
        assert_role(caller, self._role)
        return caller


def assert_role(caller: Caller, role: Role) -> None:
    """Go on where the caller has a role.

    Raises:
        Refusal: They have not.
    """
    if not caller.role.may(role):
        raise Refusal(
            403, "not allowed", f"this needs the role {role}, and {caller.actor} has the role {caller.role}"
        )


def make_router(
    connection: redis.Redis, tokens: Tokens, jobs: FailedJobs, retrier: Retrier, audit: ReadableAudit
) -> APIRouter:
    """Return the router of all endpoints."""
    router = APIRouter(prefix=PREFIX, tags=["jobs"])
    add_reading(router, Needs(tokens, Role.READ), connection, jobs, audit)
    add_retrying(router, Needs(tokens, Role.RETRY), jobs, retrier)
    return router


def add_reading(
    router: APIRouter, needs_read: Needs, connection: redis.Redis, jobs: FailedJobs, audit: ReadableAudit
) -> None:
    """Add the endpoints that change nothing."""
    reader = [Depends(needs_read)]
    pages = {"headers": {"Link": {"schema": {"type": "string"}, "description": "The next and the previous page."}}}

    @router.get("/failed", dependencies=reader, responses={200: pages, **documented()})
    def list_failed(asked: Annotated[Page, Query()], request: Request, response: Response) -> list[FailedJobItem]:
        """List failed jobs, the newest failure first, each with what kind of failure it was."""
        listed = jobs.listed(asked.queue)
        response.headers["Link"] = _links(request, asked, len(listed))
        return [FailedJobItem.of(job) for job in jobs.read(listed[asked.offset : asked.offset + asked.limit])]

    @router.get("/stats", dependencies=reader, responses=documented())
    def stats(asked: Annotated[Nothing, Query()]) -> Stats:
        """Count the jobs of each queue, and the retries of the last 24 hours."""
        del asked
        return stats_of(connection, jobs.queues(), audit)

    @router.get("/retry-audit", dependencies=reader, responses=documented())
    def retry_audit(asked: Annotated[Range, Query()]) -> AuditAnswer:
        """Show records of the audit, the newest last."""
        found = audit.query(asked.job_id, start=asked.start, end=asked.end, limit=asked.limit)
        return AuditAnswer(records=[record.as_row() for record in found])


def add_retrying(router: APIRouter, needs_retry: Needs, jobs: FailedJobs, retrier: Retrier) -> None:
    """Add the endpoints that put jobs back."""

    @router.post("/failed/retry-all", responses=documented(409, 429))
    def retry_all(
        asked: Annotated[HowToRetryAll, Query()], caller: Annotated[Caller, Depends(needs_retry)]
    ) -> RetryAll:
        """Retry failed jobs within bounds: so many at most, no faster than the rate limit, spread at random."""
        wish = Wish(
            actor=caller.actor,
            reason=asked.reason,
            only_retryable=asked.retry_only_retryable,
            dry_run=asked.dry_run,
            plan=asked.plan,
            spread_s=asked.spread_seconds,
        )
        listed = jobs.listed(asked.queue)
        batch = retrier.retry_all(listed[: asked.limit], wish)
        answer = RetryAll.answered(batch, wish, len(listed))
        if batch.left and not answer.retried:
            wait = str(max(1, round(batch.wait_s)))
            more: dict[str, Any] = {"left": answer.left, "plan": batch.plan, "wait_s": batch.wait_s}
            raise Refusal(429, "rate limit", "no more retries for now", more=more, headers={"Retry-After": wait})
        return answer

    @router.post("/failed/{job_id}/retry", responses=documented(404, 409, 429))
    def retry(
        job_id: _JobId, asked: Annotated[HowToRetryOne, Query()], caller: Annotated[Caller, Depends(needs_retry)]
    ) -> RetryOne:
        """Retry one failed job, if classifier and policy let it."""
        if asked.force:
            assert_role(caller, Role.FORCE)
        wish = Wish(
            actor=caller.actor,
            reason=asked.reason,
            only_retryable=asked.retry_only_retryable,
            dry_run=asked.dry_run,
            force=asked.force,
            plan=asked.plan,
        )
        one, plan = retrier.retry(job_id, wish)
        if wish.dry_run:
            return RetryOne.answered(one, wish, plan)
        facts = RetriedItem.of(one).model_dump()
        if not one.answer.allowed:
            raise refused(one.answer, facts)
        if one.placed is None or not one.placed.is_back:
            raise Refusal(
                409, str(one.placed), f"the job moved meanwhile ({one.placed}); nothing was done", more=facts
            )
        return RetryOne.answered(one, wish, plan)


def _links(request: Request, asked: Page, total: int) -> str:
    """Return the header that names the pages around this one."""
    pages = {"first": 0}
    if asked.offset:
        pages["prev"] = max(0, asked.offset - asked.limit)
    if asked.offset + asked.limit < total:
        pages["next"] = asked.offset + asked.limit
    return ", ".join(
        f'<{request.url.include_query_params(offset=offset, limit=asked.limit)}>; rel="{name}"'
        for name, offset in pages.items()
    )
