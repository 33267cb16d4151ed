"""The page of the jobs API, made from its own description and its tables. Asks no server."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.jobs_api import OPENAPI, Caller, Role, Tokens, create_app
from safety_core.jobs_api.moving import Placed
from safety_core.jobs_api.problems import STATUS_OF
from stormproof.markdown import NOTE, joined, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ABOUT = """\
`safety_core.jobs_api` (extra `api`) shows the failed jobs of RQ 3 over HTTP and retries them safely. The classifier
says what kind of failure it was, the policy counts the attempt before it runs, and the audit is told before and
after. One script puts the job back, so that it is never lost and never there twice. Effects stay with the guard: a
forced job that is done stays done.

```sh
TOKEN=$(openssl rand -hex 32)
DIGEST=$(printf %s "$TOKEN" | sha256sum | cut -d' ' -f1)
echo "tokens: [{actor: alice, role: force, sha256: '$DIGEST'}]" > tokens.yaml
python -c "from safety_core.idempotency import prepare_store; prepare_store('redis://127.0.0.1:6379')"
stormproof jobs-api --redis redis://127.0.0.1:6379 --tokens tokens.yaml
```

```sh
base=http://localhost:8000/api/v1/jobs
auth="Authorization: Bearer $TOKEN"
curl -H "$auth" "$base/failed"
curl -H "$auth" -X POST "$base/failed/retry-all?dry_run=true"
curl -H "$auth" "$base/retry-audit?limit=1000" |
  jq '.records | group_by(.failure_type) | map({type: .[0].failure_type, count: length})'
curl -H "$auth" -X POST "$base/failed/retry-all?plan=HASH"
```

The store is prepared once, when its first use is certain. With `--config FILE` the file's `jobs_api.enabled` must be
true, and its section `retry` counts ([configuration.md](configuration.md))."""

_RULES = """\
- Nobody is served without a token. The file holds the SHA-256 of each; a role may do what the roles before it may.
- A parameter that nobody knows is refused: a misspelt `dryrun=true` must not become a retry.
- A dry run changes nothing but the audit, and answers the hash of its plan. An execution that names it in `plan=`
  does just that, or nothing at all (409) where the failed jobs are others by now.
- `retry-all` looks at the newest failures, up to its limit. A bucket that all processes of the API share slows it
  down (100 at once, 100 a minute): what is left over keeps its attempts. Where a scheduler of RQ runs for the queue,
  the jobs come back spread at random; without one they would never wake, and go into their queue at once.
- `force` lifts cooldown, limit and kind of failure, and is written down twice. It lifts no unknown outcome.
- What is at stake decides about an unknown outcome. `job.meta["effect_class"]` says it ([retries.md](retries.md)).
  A job that runs under a `RetryGuard` carries its key, and may be tried again: its guard refuses what is done. Any
  other is taken for an order that opens risk.
- Errors are `application/problem+json`. Neither arguments nor results, nor the text of a failure, leave Redis."""

_LOST = """\
RQ can run a job twice, and lose one, when a reply of Redis is lost or a worker dies; twelve ways are tests with RQ's
own workers ([test_rq_double_runs.py](../safety_core/jobs_api/tests/test_rq_double_runs.py)). Twice does no harm where
every effect goes through the guard, keyed by the order and never by the job. What is lost the API finds: every minute
it looks for jobs that say they are queued, or failed, and are in no list, and puts back what it saw so for two
minutes. It has little to do where a worker has one queue, and the client that enqueues jobs repeats nothing."""


_DESCRIBED = f"The description in OpenAPI is at `{OPENAPI}`, for callers."


def jobs_api_page(_root: Path) -> str:
    """Return the page."""
    caller = Caller(actor="page", role=Role.READ, sha256=hashlib.sha256(b"page").hexdigest())
    held = create_app("redis://127.0.0.1", tokens=Tokens([caller]), audit=RetryAudit("unused")).openapi()
    refusals = ((str(status), f"`{decision}`", decision.meaning) for decision, status in STATUS_OF.items())
    places = ", ".join(f"`{placed}`" for placed in Placed)
    return joined(
        [
            "# The jobs API",
            NOTE,
            _ABOUT,
            "## Endpoints",
            *_endpoints(held),
            "## Rules",
            _RULES,
            "## Refusals by the policy",
            table(("status", "title", "meaning"), refusals),
            f"Where a job was put stands in `placed`: {places}.\nOnly the first three run it again. {_DESCRIBED}",
            "## What RQ runs twice, and what it loses",
            _LOST,
        ]
    )


def _endpoints(held: dict[str, Any]) -> Iterator[str]:
    for path, methods in held["paths"].items():
        for method, operation in methods.items():
            yield f"### {method.upper()} {path}\n\n{operation['description']}"
            rows = [
                (f"`{one['name']}`", _default(one["schema"]), one.get("description", one["schema"].get("title", "")))
                for one in operation.get("parameters", [])
                if one["in"] == "query"
            ]
            yield table(("parameter", "default", "meaning"), rows) if rows else ""


def _default(schema: dict[str, Any]) -> str:
    given = schema.get("default")
    return "" if given is None else f"`{str(given).lower() if isinstance(given, bool) else given}`"
