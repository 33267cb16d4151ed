"""What is read off a job, and written on it: its id, its own limit, the idempotency key that travels with retries.

A job may be an object of a job system (with `id` and `meta`, as RQ's), a mapping with the same names, or just an id.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from safety_core.idempotency.keys import MAX_ENTITY_BYTES, escape

from .errors import JobError

IDEMPOTENCY_KEY = "idempotency_key"
"""Under this name a job's metadata holds the key of its runs."""
MAX_ATTEMPTS = "max_attempts"
"""Under this name a job's metadata may hold a limit of its own."""


def job_id_of(job: Any) -> str:
    """Return the id of a job.

    Raises:
        JobError: It has none, or one that is empty, no string, or too long for a key.
    """
    found: object = job
    if isinstance(job, Mapping):
        found = job.get("id", job.get("job_id"))
    elif not isinstance(job, str):
        found = getattr(job, "id", None)
    if not isinstance(found, str) or not found:
        raise JobError(f"the job {type(job).__name__} has the id {found!r:.80}; expected a string that is not empty")
    if len(found) > MAX_ENTITY_BYTES or len(escape(found)) > MAX_ENTITY_BYTES:
        raise JobError(f"the job id has {len(found)} characters; at most {MAX_ENTITY_BYTES} bytes are accepted")
    return found


def own_limit_of(job: Any) -> int | None:
    """Return how many retries a job's metadata allows; None where it does not say.

    Raises:
        JobError: It says something else than a whole number from 0 on.
    """
    limit = _meta(job).get(MAX_ATTEMPTS)
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise JobError(f"the job's {MAX_ATTEMPTS} is {limit!r}; expected a whole number from 0 on")
    return limit


def note_key(job: Any, key: str) -> Any:
    """Write the idempotency key into the job's metadata, if it has any; return what saving it returned.

    Raises:
        JobError: The job carries another key. A retry must run under the key of the first run.
    """
    meta = _meta(job)
    known = meta.get(IDEMPOTENCY_KEY)
    if known is not None and known != key:
        raise JobError(f"the job runs under the idempotency key {known!r:.80}, not under {key!r:.80}")
    if known is not None or not isinstance(meta, MutableMapping):
        return None
    meta[IDEMPOTENCY_KEY] = key
    save = getattr(job, "save_meta", None)
    return save() if callable(save) else None


def job_idempotency_key(action: str, business_id: str | int) -> str:
    """Return the key by which runs of one job are known: what it does and to what, as `process_order:42`.

    Raises:
        JobError: A part is empty or of a wrong type. A job's own id is no business id: it changes when a job is made
            anew, and then nothing keeps the second one from doing it all again.
    """
    names: tuple[object, object] = (action, business_id)
    is_named = all(isinstance(name, str | int) and not isinstance(name, bool) and str(name) for name in names)
    if not is_named or not isinstance(names[0], str):
        raise JobError(f"action {action!r:.80} and business id {business_id!r:.80}; expected names, not empty")
    text = str(business_id)
    if ":" in action:
        raise JobError(f"the action {action!r:.80} holds ':', which ends an action")
    return f"{action}:{text}"


def _meta(job: Any) -> Mapping[str, Any]:
    found = job.get("meta") if isinstance(job, Mapping) else getattr(job, "meta", None)
    return found if isinstance(found, Mapping) else {}
