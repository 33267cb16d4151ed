"""The application: puts reader, retrier, reconciler and routes together. Nobody is served without a token.

Annotations are read while the application runs, and name what only it knows: they are not put off.
"""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import redis
from fastapi import Depends, FastAPI

from safety_core.idempotency.steps import StoreValidator

from . import problems
from .auditing import ReadableAudit
from .errors import JobsApiError
from .failed_jobs import FailedJobs
from .moving import client_of
from .reconciler import Reconciler
from .retrying import Retrier
from .routes import PREFIX, Needs, make_router
from .settings import JobsApiSettings
from .tokens import Caller, Role, Tokens

OPENAPI = f"{PREFIX}/openapi.json"
"""Where the description of the API is."""


def create_app(
    url: str,
    *,
    tokens: Tokens,
    audit: ReadableAudit,
    settings: JobsApiSettings | None = None,
    validator: StoreValidator | None = None,
) -> FastAPI:
    """Return the application.

    Args:
        url: The Redis of RQ. The guard's records and the policy's counters are there too, and it must be prepared.
        tokens: Who may do what.
        audit: Told everything; a RetryAudit.
        settings: How to behave; the defaults where left out.
        validator: Asked about the Redis behind every new connection; while it objects, nothing is retried.

    Raises:
        JobsApiError: The URL cannot be used.
    """
    asked = settings if settings is not None else JobsApiSettings()
    try:
        connection = client_of(url)
    except ValueError as error:
        raise JobsApiError(f"the URL of Redis cannot be used: {error}") from None
    jobs = FailedJobs(connection, queues=asked.queues)
    retrier = Retrier(url, connection, jobs, audit, asked, validator=validator)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop, thread = _reconciling(connection, audit, asked)
        try:
            yield
        finally:
            stop.set()
            if thread is not None:
                thread.join()
            retrier.close()
            connection.close()

    app = FastAPI(
        title="jobs",
        version="1",
        summary="Failed jobs of RQ: see them, retry them safely, read what was done.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    app.include_router(make_router(connection, tokens, jobs, retrier, audit))

    problems.describe(app)

    @app.get(OPENAPI, include_in_schema=False)
    def openapi(_: Annotated[Caller, Depends(Needs(tokens, Role.READ))]) -> dict[str, Any]:
        return app.openapi()

    return app


def _reconciling(
    connection: redis.Redis, audit: ReadableAudit, asked: JobsApiSettings
) -> tuple[threading.Event, threading.Thread | None]:
    stop = threading.Event()
    if not asked.reconcile_every_s:
        return stop, None
    reconciler = Reconciler(connection, after_s=asked.stranded_after_s, queues=asked.queues, audit=audit)
    thread = threading.Thread(target=reconciler.run, args=(stop, asked.reconcile_every_s), daemon=True)
    thread.start()
    return stop, thread
