"""Reads failed jobs out of RQ's own keys. Writes nothing, and runs nothing that a job brought along.

A job's metadata may be a pickle: of it plain values are read, and a pickle that would import something is left alone.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, final

from safety_core.job_safety import EffectClass, FailureClassifierV2
from safety_core.job_safety.jobs import IDEMPOTENCY_KEY

from . import rq_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import redis

    from safety_core.job_safety import FailureVerdict

EFFECT_CLASS = "effect_class"
"""Under this name a job's metadata may say what is at stake."""

_FIELDS = ("origin", "status", "created_at", "ended_at", "meta", "exc_info", "rate_limit_key")
_LONGEST = 1_000_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """One failed job. Holds neither its arguments nor the text of its failure.

    Attributes:
        id: Its id.
        queue: Where it was, and would be put again.
        score: Its score in the registry of failed jobs: it changes when the job fails anew.
        created_at: When it was made, or None.
        failed_at: When it failed, or None.
        failure: How the failure was judged.
        meta: Its metadata, as far as it is plain values.
    """

    id: str
    queue: str
    score: float
    created_at: datetime | None
    failed_at: datetime | None
    failure: FailureVerdict
    meta: dict[str, Any] = field(repr=False)


@final
@dataclass(frozen=True, slots=True)
class Listed:
    """A job in a registry of failed jobs: its score, queue and id."""

    score: float
    queue: str
    id: str


class FailedJobs:
    """The failed jobs of all queues of one Redis, or of some."""

    def __init__(
        self, connection: redis.Redis, *, classifier: FailureClassifierV2 | None = None, queues: Iterable[str] = ()
    ) -> None:
        """Read through `connection`; only `queues`, if any are named."""
        self._connection = connection
        self._classifier = classifier if classifier is not None else FailureClassifierV2()
        self._only = frozenset(queues)

    def queues(self) -> list[str]:
        """Return the names of the queues, in order."""
        members: Any = self._connection.smembers(rq_keys.QUEUES)
        names = {_text(member).removeprefix(rq_keys.queue_key("")) for member in members}
        return sorted(names & self._only if self._only else names)

    def listed(self, queue: str | None = None) -> list[Listed]:
        """Return every failed job, the newest failure first, or those of one queue."""
        names = [name for name in self.queues() if queue in {None, name}]
        with self._connection.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.zrange(rq_keys.failed_key(name), 0, -1, withscores=True)
            replies = pipe.execute()
        found = [
            Listed(score, name, _text(job_id))
            for name, reply in zip(names, replies, strict=True)
            for job_id, score in reply
        ]
        return sorted(found, key=lambda one: (-one.score, one.queue, one.id))

    def find(self, job_id: str) -> FailedJob | None:
        """Return a job that is failed now, or None."""
        names = self.queues()
        with self._connection.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.zscore(rq_keys.failed_key(name), job_id)
            scores = pipe.execute()
        places = [Listed(score, name, job_id) for name, score in zip(names, scores, strict=True) if score is not None]
        found = self.read(places[:1])
        return found[0] if found else None

    def read(self, places: Sequence[Listed]) -> list[FailedJob]:
        """Return these jobs; those whose hash is gone are left out."""
        with self._connection.pipeline(transaction=False) as pipe:
            for place in places:
                pipe.hmget(rq_keys.job_key(place.id), _FIELDS)
                pipe.xrevrange(rq_keys.results_key(place.id), count=1)
            replies = pipe.execute()
        pairs = zip(places, replies[::2], replies[1::2], strict=True)
        return [self._job(place, fields, results) for place, fields, results in pairs if fields[0] is not None]

    def _job(self, place: Listed, fields: list[bytes | None], results: list[Any]) -> FailedJob:
        held = dict(zip(_FIELDS, fields, strict=True))
        meta = plain_meta(held["meta"])
        failure = self._classifier.classify(_failure_text(results, held["exc_info"]), effect_class=_stake(meta))
        return FailedJob(
            id=place.id,
            queue=place.queue,
            score=place.score,
            created_at=_moment(held["created_at"]),
            failed_at=_moment(held["ended_at"]),
            failure=failure,
            meta=meta,
        )


def _stake(meta: dict[str, Any]) -> EffectClass:
    """Return what is at stake: what the job says, else what its guard leaves open, else the worst.

    A job that runs under a RetryGuard carries its key. Run again it is refused or does only what is not done yet, so
    that an unknown outcome is no danger there: as with a signal, which goes out under the same event id.
    """
    try:
        return EffectClass(meta[EFFECT_CLASS])
    except (KeyError, ValueError):
        return EffectClass.SIGNALS if isinstance(meta.get(IDEMPOTENCY_KEY), str) else EffectClass.OPENS_RISK


def plain_meta(raw: bytes | None) -> dict[str, Any]:
    """Return metadata as far as it is plain values: an empty mapping where it is anything else."""
    if not raw or len(raw) > _LONGEST:
        return {}
    try:
        held = json.loads(raw) if raw[:1] == b"{" else _PlainUnpickler(io.BytesIO(raw)).load()
    except Exception:  # noqa: BLE001 - a pickle may fail with anything, and none of it is of use here
        return {}
    return {key: value for key, value in held.items() if isinstance(key, str)} if isinstance(held, dict) else {}


class _PlainUnpickler(pickle.Unpickler):
    """Reads numbers, texts, lists and mappings, and imports nothing."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Refuse.

        Raises:
            UnpicklingError: Always.
        """
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no plain value")


def _failure_text(results: list[Any], kept: bytes | None) -> str:
    """Return the text of the failure: of the last result, else the one in the job's hash."""
    said = results[0][1].get(b"exc_string") if results else None
    try:
        packed = base64.b64decode(said) if said else kept
        return _unpacked(packed) if packed else ""
    except (ValueError, zlib.error):
        return ""


def _unpacked(packed: bytes) -> str:
    return zlib.decompressobj().decompress(packed, _LONGEST).decode("utf-8", "replace")


def _moment(raw: bytes | None) -> datetime | None:
    if not raw:
        return None
    try:
        found = datetime.fromisoformat(_text(raw))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _text(raw: Any) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
