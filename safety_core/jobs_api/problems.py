"""Turns whatever stops a request into problem+json. No text of an error that could hold a secret goes out."""

from __future__ import annotations

import logging
from math import ceil
from typing import TYPE_CHECKING, Any

import redis
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from safety_core.idempotency.errors import GuardError
from safety_core.job_safety import RetryAnswer, RetryDecision
from safety_core.job_safety.retry_audit import AuditError

from .answers import Problem
from .errors import Refusal

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

logger = logging.getLogger("safety_core.jobs_api")
logger.addHandler(logging.NullHandler())

CONTENT_TYPE = "application/problem+json"

STATUS_OF = {
    RetryDecision.COOLDOWN: 429,
    RetryDecision.NOT_BEFORE: 429,
    RetryDecision.MAX_ATTEMPTS: 409,
    RetryDecision.NOT_RETRYABLE: 409,
    RetryDecision.OUTCOME_UNKNOWN: 409,
    RetryDecision.STORE_UNAVAILABLE: 503,
    RetryDecision.STORE_UNSAFE: 503,
}
"""HTTP status of a refusal by the policy."""

_WORDS = {
    401: "who are you",
    403: "not allowed",
    404: "not failed",
    409: "refused",
    422: "wrong input",
    429: "not yet",
    503: "not available",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the description of an endpoint says about its refusals."""
    form = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _WORDS[status].capitalize(), "content": {CONTENT_TYPE: form}}
        for status in sorted({401, 403, 422, 503, *statuses})
    }


def describe(app: FastAPI) -> None:
    """Add the form of a problem to the description of an application."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        held = made()
        held["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return held

    app.openapi = openapi  # type: ignore[method-assign]


def refused(answer: RetryAnswer, more: dict[str, Any]) -> Refusal:
    """Return the refusal that an answer of the policy amounts to."""
    headers = {"Retry-After": str(ceil(answer.wait_s))} if answer.wait_s > 0 else {}
    return Refusal(STATUS_OF[answer.decision], str(answer.decision), answer.reason, more=more, headers=headers)


def install(app: FastAPI) -> None:
    """Let every error of an application be answered as a problem."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _wrong_input)
    app.add_exception_handler(redis.RedisError, _no_redis)
    app.add_exception_handler(GuardError, _no_store)
    app.add_exception_handler(AuditError, _no_audit)
    app.add_exception_handler(Exception, _broken)


def _answer(
    status: int, title: str, detail: str, more: dict[str, Any] | None = None, headers: Any = None
) -> JSONResponse:
    body = {**(more or {}), "type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, headers=headers, media_type=CONTENT_TYPE)


def _refusal(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)  # noqa: S101 - FastAPI calls a handler with its own kind
    return _answer(error.status, error.title, error.detail, error.more, error.headers)


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    return _answer(error.status_code, str(error.detail).lower(), str(error.detail), headers=error.headers)


def _wrong_input(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    found = [(".".join(map(str, one["loc"])), str(one["msg"])) for one in error.errors()]
    detail = "; ".join(f"{place}: {said}" for place, said in found)
    return _answer(422, "wrong input", detail, {"errors": [{"where": place, "what": said} for place, said in found]})


def _no_redis(_: Request, error: Exception) -> JSONResponse:
    logger.error("Redis is no use to the jobs API: %s", type(error).__name__)
    return _answer(503, "not available", "Redis gave no usable answer; nothing is known to have been done")


def _no_store(_: Request, error: Exception) -> JSONResponse:
    logger.error("the guard refused a request of the jobs API: %s", type(error).__name__)
    return _answer(503, "not available", f"the guard refused it ({type(error).__name__}); nothing was done")


def _no_audit(_: Request, error: Exception) -> JSONResponse:
    logger.error("the audit is no use to the jobs API: %s", type(error).__name__)
    return _answer(
        503, "not available", f"the audit is no use ({type(error).__name__}), and without it nothing is begun"
    )


def _broken(_: Request, error: Exception) -> JSONResponse:
    logger.error("a request of the jobs API broke", exc_info=error)
    return _answer(500, "broken", "the request broke inside the API; its log says where")
