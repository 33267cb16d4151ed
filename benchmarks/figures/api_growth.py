"""P18 to P21: how the work of the jobs API grows with the failed jobs, and that of the audit with its records.

Growth is an exponent: 1 where four times as many take four times as long, 0 where they take no longer.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from benchmarks.figures.audit_size import UnsyncedDisk
from benchmarks.figures.measured import Case, case_of, in_ms
from benchmarks.workload import NEVER, WrongAnswerError
from harness.redis_server.server import RedisServer
from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.jobs_api.tests import rq_jobs
from safety_core.jobs_api.tests.apis import Api
from safety_core.jobs_api.tests.rq_worker import WorkerInProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.rows import Effort
    from safety_core.tests.servers import Server

_JOBS = (50, 200, 800)
_RECORDS_OF_A_DAY, _DAYS = 200, (5, 20, 80)
_ASKED, _RETRIED = 40, 20
_GOOD = frozenset({200, 202})
_NOISE = 0.2
"""By so much an exponent may be off without being another one."""
_CONSTANT, _LINEAR = 0.0, 1.0


def list_failed(effort: Effort) -> list[Case]:
    """P18: one page that holds every failed job."""
    spent = {}
    for jobs in _sizes(effort, _JOBS):
        with _failed(jobs) as (api, _ids):
            spent[jobs] = [_answered(api.get, "/failed", limit=jobs) for _ in range(effort.scaled(_ASKED))]
    return _growing("list of {size:,} failed jobs", spent, _LINEAR)


def retry_one(effort: Effort) -> list[Case]:
    """P19: one job is retried for real, its audit on the disk before and after."""
    spent = {}
    for jobs in _sizes(effort, _JOBS):
        with _failed(jobs) as (api, ids):
            chosen = ids[: effort.scaled(_RETRIED)]
            spent[jobs] = [_answered(api.post, f"/failed/{each}/retry") for each in chosen]
    return _growing("retry of one of {size:,} failed jobs", spent, _CONSTANT)


def retry_all(effort: Effort) -> list[Case]:
    """P20: every failed job is retried for real, in one call."""
    spent = {}
    for jobs in _sizes(effort, _JOBS):
        with _failed(jobs) as (api, _ids):
            spent[jobs] = [_answered(api.post, "/failed/retry-all", limit=jobs)]
            if left := api.places()["failed"]:
                raise WrongAnswerError(f"retry-all left {len(left)} of {jobs} failed jobs behind")
    return _growing("retry of all of {size:,} failed jobs", spent, _LINEAR)


def audit_query(effort: Effort) -> list[Case]:
    """P21: the records of one job, sought on its day, and sought everywhere."""
    on_its_day, everywhere = {}, {}
    for days in _sizes(effort, _DAYS):
        with _audited(days) as (audit, first):
            records = days * _RECORDS_OF_A_DAY
            sought = f"job-{records // 2}"
            day = first.date() + timedelta(days=days // 2)
            count = effort.scaled(_ASKED)
            on_its_day[records] = [_found(audit, sought, start=day, end=day) for _ in range(count)]
            everywhere[records] = [_found(audit, sought) for _ in range(count)]
    logarithmic = math.log(math.log(max(everywhere)) / math.log(min(everywhere)), max(everywhere) / min(everywhere))
    return [
        *_growing("one job on its day, of {size:,} records", on_its_day, logarithmic),
        *_growing("one job on any day, of {size:,} records", everywhere, logarithmic),
    ]


def _sizes(effort: Effort, usual: tuple[int, ...]) -> list[int]:
    """Return three sizes, each four times the one before."""
    least = max(1, effort.scaled(usual[0]))
    return [least * size // usual[0] for size in usual]


def _growing(case: str, spent: Mapping[int, list[float]], stated: float) -> list[Case]:
    """Return a case for each size, and the exponent of the growth from the smallest to the largest."""
    cases = [case_of(case.format(size=size), "ms", in_ms(each), setting=NEVER) for size, each in spent.items()]
    least, most = min(spent), max(spent)
    slower = statistics.median(spent[most]) / statistics.median(spent[least])
    grows = math.log(slower, most / least)
    words = f"growth from {least:,} to {most:,}"
    return [*cases, case_of(words, "exponent", [grows], limit=round(stated + _NOISE, 2))]


@contextmanager
def _failed(jobs: int) -> Iterator[tuple[Api, list[str]]]:
    """Have an API on a server where so many jobs have failed, each in a worker of RQ, and their ids."""
    with (
        RedisServer() as server,
        tempfile.TemporaryDirectory() as folder,
        Api(cast("Server", server), Path(folder), batch_size=max(_JOBS)) as api,
    ):
        ids = [api.queue.enqueue(rq_jobs.fail, "refused").id for _ in range(jobs)]
        WorkerInProcess([api.queue], connection=api.client).work(burst=True, logging_level="CRITICAL")
        if (failed := len(api.places()["failed"])) != jobs:
            raise WrongAnswerError(f"{failed} jobs have failed; expected {jobs}")
        # The first call of a route is slower.
        _answered(api.get, "/failed", limit=1)
        _answered(api.post, f"/failed/{ids[-1]}/retry", dry_run=True)
        yield api, ids


@contextmanager
def _audited(days: int) -> Iterator[tuple[RetryAudit, datetime]]:
    """Have an audit of so many days in parquet, and its first moment."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    told = 0

    def now() -> datetime:
        return first + timedelta(days=told // _RECORDS_OF_A_DAY, seconds=told % _RECORDS_OF_A_DAY)

    with (
        tempfile.TemporaryDirectory() as folder,
        RetryAudit(folder, buffer_size=_RECORDS_OF_A_DAY, disk=UnsyncedDisk(), now=now) as audit,
    ):
        for told in range(days * _RECORDS_OF_A_DAY):
            audit.record(job_id=f"job-{told}", user_or_system="system", retry_reason="timeout")
        audit.flush()
        _found(audit, "job-0", start=first.date(), end=first.date())
        yield audit, first


def _answered(ask: Callable[..., Any], path: str, **params: object) -> float:
    """Return the seconds that a call took that was answered well."""
    began = perf_counter()
    answer = ask(path, **params)
    took_s = perf_counter() - began
    if answer.status_code not in _GOOD:
        raise WrongAnswerError(f"the jobs API answered {path} with {answer.status_code}: {answer.text[:200]}")
    return took_s


def _found(audit: RetryAudit, job_id: str, **when: Any) -> float:
    began = perf_counter()
    found = audit.query(job_id, **when)
    took_s = perf_counter() - began
    if [each.job_id for each in found] != [job_id]:
        raise WrongAnswerError(f"a query for {job_id} found {len(found)} records; expected that one")
    return took_s
