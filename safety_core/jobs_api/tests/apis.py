"""An API of one's own on a prepared server, its audit, and a caller for each role."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Self

from fastapi.testclient import TestClient
from rq import Queue

from safety_core.idempotency import GuardSettings, prepare_store
from safety_core.job_safety import RetrySettings
from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.jobs_api import Caller, JobsApiSettings, Role, Tokens, create_app
from safety_core.jobs_api.tests import rq_jobs
from safety_core.jobs_api.tests.rq_worker import WorkerInProcess

if TYPE_CHECKING:
    from pathlib import Path

    from safety_core.tests.servers import Server

BASE = "/api/v1/jobs"
TOKENS = {role: f"token-of-{role}" for role in Role}
CALLERS = Tokens(
    Caller(actor=f"somebody who may {role}", role=role, sha256=hashlib.sha256(token.encode()).hexdigest())
    for role, token in TOKENS.items()
)


class Api:
    """The API, called as over HTTP.

    Attributes:
        app: The application.
        audit: What it tells.
        url: Its Redis.
        client: A client of that Redis.
        queue: RQ's default queue there.
    """

    def __init__(self, server: Server, folder: Path, *, validator: Any = None, **settings: Any) -> None:
        prepare_store(server.url)
        self.url = server.url
        self.client: Any = server.client()
        self.queue = Queue(connection=self.client)
        self.audit = RetryAudit(folder / "audit")
        given = {"retry": RetrySettings(cooldown_seconds=0), "reconcile_every_s": 0, **settings}
        self.app = create_app(
            server.url,
            tokens=CALLERS,
            audit=self.audit,
            settings=JobsApiSettings(guard=GuardSettings(), **given),
            validator=validator,
        )
        self._http = TestClient(self.app, raise_server_exceptions=False)

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._http.__exit__()
        self.audit.close()
        self.client.close()

    def get(self, path: str, role: Role | None = Role.READ, **params: Any) -> Any:
        """Ask as somebody with a role; None has no token."""
        return self._http.get(f"{BASE}{path}", params=params or None, headers=_headers(role))

    def post(self, path: str, role: Role | None = Role.RETRY, **params: Any) -> Any:
        """Order as somebody with a role; None has no token."""
        return self._http.post(f"{BASE}{path}", params=params or None, headers=_headers(role))

    def fails(self, how: str = "refused", *, queue: str = "default", **meta: Any) -> str:
        """Let RQ run a job that fails; return its id. What fails with `wrong` is said to read only."""
        if how == "wrong":
            meta.setdefault("effect_class", "read")
        into = Queue(queue, connection=self.client)
        job = into.enqueue(rq_jobs.fail, how, meta=meta)
        WorkerInProcess([into], connection=self.client).work(burst=True, logging_level="CRITICAL")
        return job.id

    def places(self) -> dict[str, list[str]]:
        """Return the ids in the default queue and in its registry of failed jobs."""
        return {"queued": self.queue.job_ids, "failed": self.queue.failed_job_registry.get_job_ids()}


def _headers(role: Role | None) -> dict[str, str]:
    return {} if role is None else {"Authorization": f"Bearer {TOKENS[role]}"}
