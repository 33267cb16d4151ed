"""The page of job safety, made from its own tables and from series whose spikes are known. Asks no server.

The series are drawn from fixed seeds, so the same tree always gives the same page.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from safety_core.idempotency.failure_table import BINANCE, OPEN_STATUS, PROTOCOL
from safety_core.idempotency.failure_types import FailureType
from safety_core.job_safety.failure_classifier.verdicts import WHEN_UNKNOWN
from safety_core.job_safety.retry_hardening_v2 import BUCKETS, SpikeSettings
from safety_core.job_safety.retry_hardening_v2.measuring import (
    bursty,
    daily,
    measure,
    quiet_series,
    spiked_series,
    steady,
)
from safety_core.job_safety.retry_policy import RetryDecision, RetrySettings
from stormproof.markdown import NOTE, joined, table
from stormproof.source_facts import members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from safety_core.idempotency.failure_table import Rule
    from safety_core.job_safety.retry_hardening_v2.measuring import Labelled, Measured

_ABOUT = """\
`safety_core.job_safety` decides whether a failed job may be retried, and keeps a retry from doing its effects twice.
Three questions, each with its own part: what kind of failure was it (classifier), may the job be tried now (policy),
and may it run at all (guard). All of them are there for blocking and for asyncio code."""

_USE = """\
```python
from safety_core.idempotency import prepare_store
from safety_core.job_safety import FailureClassifierV2, RetryGuard, RetryPolicy, job_idempotency_key, skipped

URL = "redis://127.0.0.1:6379"
prepare_store(URL)  # once, when the first use of this Redis is certain
guard, policy, classifier = RetryGuard(URL), RetryPolicy(URL), FailureClassifierV2()


def my_job(job, order_id):
    if not guard.should_execute(job, job_idempotency_key("process_order", order_id)):
        return skipped()  # {"skipped": True}
    try:
        result = place(order_id)
    except Exception as error:
        guard.mark_failure(job, error)
        policy.record_failure(job, classifier.classify(error))
        raise
    guard.mark_success(job, result)
    policy.record_success(job)
    return result


def may_retry(job, error):
    return policy.acquire(job, failure=classifier.classify(error)).allowed
```"""

_POLICY = """\
A retry is counted before it runs, in one script with its cooldown, on the server's clock. The cooldown runs from the
failure or from the last attempt, whichever is later. `max_attempts` counts retries: a job runs once more than that.
With the defaults, and runs that take no time:"""

_FORCE = """\
`force=Override(actor=..., reason=...)` lifts what is marked so, for one call. The audit is told before and after;
without an audit, or where it fails, nothing is forced. No force passes the guard: a job that is done, runs or is in
doubt stays so. `extend_limit` gives one job another limit, on the same terms."""

_GUARD = """\
`begin` has four answers, and a run has three ends: `done`, `not_done`, `unknown` (`failed` asks the table below).
What is none of the four (a conflict, a store that is no use) is raised, so that it is never taken for a skip.
`should_execute` answers True for the first, False for the next two, and raises `RunInDoubtError` for the last.

The job's run has a record of its own, so that a guarded job never blocks its own order. `SideEffectWrapper`,
`SideEffectGuard` and `RetryGuard` are one engine: what one of them claimed, the others refuse. `resumable=True` is
for jobs whose every effect is guarded: after a crash or a failure they run again, and do only what is not done."""

_TABLE = """\
The first row that matches decides. What matches none is not retryable, and may have happened. A type of exception is
looked at before its text. `FailureClassifier` (V1) knows the kinds alone; `FailureClassifierV2` reads this table."""

_UNKNOWN = """\
Where it is not known whether the effect happened, what is at stake decides. A failure from before sending
(`phase="before sending"`) is never of that sort."""

_SPIKES = """\
`RetrySpikeDetector` compares the retries of the last minutes with those of the hour before. What it is worth is
measured on series whose spikes are known: {days} days without a spike, and {spikes} spikes of ten minutes each.
0.00 stands for no false alarm at all, and a dash for no spike found. The delay is counted to the end of the minute in
which the alarm came."""

_TRADE = "What the threshold trades, over all series above; spikes are {factor:g} times the usual:"

_DAYS, _SPIKED, _FACTORS, _TRADED = 4, 12, (3.0, 5.0, 10.0), 5.0
_SERIES: tuple[tuple[str, Callable[[int], float]], ...] = (
    ("one in ten minutes", steady(0.1)),
    ("one a minute", steady(1)),
    ("ten a minute", steady(10)),
    ("five a minute, swinging within a day", daily(5)),
    ("five a minute, in bursts", bursty(5)),
)


def retries_page(root: Path) -> str:
    """Return the page."""
    decisions = [
        (f"`{one}`", one.meaning, "yes" if one.liftable else "no")
        for one in RetryDecision
        if one is not RetryDecision.ALLOWED
    ]
    answers = [(f"`{name}`", meaning) for name, (_, meaning) in members(root / _RUNS, "RunDecision").items()]
    kinds = [(f"`{kind}`", "yes" if kind.retryable else "no") for kind in FailureType]
    rules = [_rule(rule) for rule in (*OPEN_STATUS, *BINANCE, *PROTOCOL)]
    stakes = members(root / "safety_core/idempotency/effect_classes.py", "EffectClass")
    unknown = [(f"`{stake}`", stakes[stake.name][1], str(choice)) for stake, choice in WHEN_UNKNOWN.items()]
    parts = ["# Retries", NOTE, _ABOUT, _USE, "## When: the policy", _POLICY]
    parts += [table(("", "at", "wait before it"), _timeline()), "A refusal says why:"]
    parts += [table(("refused", "why", "force lifts it"), decisions), _FORCE]
    parts += ["## Once: the guard", _GUARD, table(("answer", "meaning"), answers)]
    parts += ["## What failed: the classifiers", _TABLE, table(_RULE_HEAD, rules)]
    parts += [_UNKNOWN, table(("at stake", "what it is", "what may be done"), unknown)]
    parts += ["The kinds, and whether a retry can help:", table(("kind", "retryable"), kinds)]
    parts += ["## Watching: histogram and spikes", f"`RetryHistogram` counts jobs by attempts: {', '.join(BUCKETS)}."]
    return joined([*parts, *_spikes()])


_RUNS = "safety_core/job_safety/retry_guard/runs.py"
_RULE_HEAD = ("matches", "kind", "the effect", "retry", "why")


def _timeline() -> Iterator[tuple[str, str, str]]:
    settings = RetrySettings()
    yield ("the job fails", "12:00:00", "")
    at_s = 12 * 3600
    for attempts in range(settings.max_attempts):
        wait_s = settings.cooldown_ms(attempts) // 1000
        at_s += wait_s
        clock = f"{at_s // 3600:02}:{at_s // 60 % 60:02}:{at_s % 60:02}"
        yield (f"retry {attempts + 1}", clock, f"{wait_s} s")
    waits = [settings.cooldown_ms(attempts) // 1000 for attempts in range(settings.max_attempts, 7)]
    yield ("after that", "never", f"with a higher limit {', '.join(map(str, waits))} s, and not longer")


def _rule(rule: Rule) -> tuple[str, ...]:
    matches = []
    if rule.status is not None:
        matches.append(f"HTTP {_span(rule.status)}")
    if rule.codes is not None:
        matches.append(f"code {_span(rule.codes)}")
    if rule.types:
        matches.append(", ".join(f"`{kind.__name__}`" for kind in rule.types))
    if rule.text:
        matches.append(f'with "{rule.text}"')
    return (" ".join(matches), f"`{rule.failure}`", str(rule.verdict), str(rule.retry), rule.why)


def _span(span: tuple[int, int]) -> str:
    low, high = span
    return str(low) if low == high else f"{low} to {high}"


@cache
def _spikes() -> tuple[str, ...]:
    return tuple(_measured())


def _measured() -> Iterator[str]:
    quiet = [quiet_series(name, rate, days=_DAYS, seed=1) for name, rate in _SERIES]
    spiked = {
        factor: [spiked_series(name, rate, factor=factor, spikes=_SPIKED, seed=2) for name, rate in _SERIES]
        for factor in _FACTORS
    }
    yield _SPIKES.format(days=_DAYS, spikes=_SPIKED)
    head = ("usual", "false alarms per day", *(f"{factor:g} times: found, delay" for factor in _FACTORS))
    rows = []
    for at, series in enumerate(quiet):
        found = [_found(measure(spiked[factor][at])) for factor in _FACTORS]
        rows.append((series.name, f"{measure(series).false_alarms_per_day:.2f}", *found))
    yield table(head, rows)
    yield _TRADE.format(factor=_TRADED)
    usual = SpikeSettings().threshold
    lines = [_trade(threshold, quiet, spiked[_TRADED]) for threshold in (usual - 1.5, usual, usual + 1)]
    yield table(("threshold", "false alarms per day and series", "found", "median delay"), lines)


def _trade(threshold: float, quiet: list[Labelled], spiked: list[Labelled]) -> tuple[str, ...]:
    settings = SpikeSettings(threshold=threshold)
    alarms = sum(measure(series, settings).false_alarms for series in quiet)
    seen = [measure(series, settings) for series in spiked]
    delays = sorted(delay for one in seen for delay in one.delays)
    name = f"{threshold:g}" + (" (default)" if threshold == SpikeSettings().threshold else "")
    found = sum(one.found for one in seen)
    delay = f"{delays[len(delays) // 2]} min" if delays else "-"
    return (name, f"{alarms / (_DAYS * len(quiet)):.2f}", f"{found} of {_SPIKED * len(spiked)}", delay)


def _found(measured: Measured) -> str:
    if measured.median_delay is None:
        return "-"
    return f"{measured.found} of {measured.spikes}, {measured.median_delay:g} min (longest {measured.longest_delay})"
