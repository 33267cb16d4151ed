"""Suspects with one bug each: what a claim must be broken by. Nothing here is used outside tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from properties.breaker_model import breakers
from properties.configuration import Reader, reader
from properties.entity_ids import NAMING
from properties.result_codec import Codec
from properties.retry_audit import writers
from properties.retry_policy import policies
from safety_core.idempotency import order_entity_id, signal_entity_id
from safety_core.job_safety import FailureClassifierV2, Phase, RetryPolicy
from safety_core.job_safety.circuit_breaker import BreakerSettings, CircuitBreaker
from safety_core.metrics import MetricsCardinalityGuard
from safety_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safety_core.job_safety import RetrySettings

Suspect = Callable[[], AbstractContextManager[Any]]


class Trusting(FailureClassifierV2):
    """Takes every request for one that was never sent."""

    def classify(self, exc_info: Any, **said: Any) -> Any:
        """Judge as if nothing had left."""
        return super().classify(exc_info, **{**said, "phase": Phase.BEFORE_SENDING})


class Guessing(FailureClassifierV2):
    """Takes what it does not know for a timeout."""

    def __init__(self) -> None:
        super().__init__()
        self.add_pattern("qq", "timeout")


def joined(strategy: str, symbol: str, direction: str, intent_id: str | None = None) -> str:
    """Name a signal by joining its parts, which may hold what joins them."""
    signal_entity_id(strategy, symbol, direction, intent_id)
    return f"signal/{strategy}/{symbol}/{direction}" if intent_id is None else f"intent/{intent_id}"


def rounded(symbol: str, side: str, quantity: Any, intent_id: str | None = None) -> str:
    """Name an order by its quantity as it was written."""
    order_entity_id(symbol, side, quantity, intent_id)
    return f"{symbol}|{side.upper()}|{quantity}" if intent_id is None else f"intent|{intent_id}"


def patient(**changes: Any) -> Callable[..., RetryPolicy]:
    """Return what makes policies with other settings than it was given."""

    def make(url: str, *, settings: RetrySettings, **said: Any) -> RetryPolicy:
        return RetryPolicy(url, settings=replace(settings, **changes), **said)

    return make


def late(url: str, *, settings: BreakerSettings) -> CircuitBreaker:
    """Return a breaker that opens one failure later than it was told."""
    limits = replace(settings.job_type, failure_threshold=settings.job_type.failure_threshold + 1)
    return CircuitBreaker(url, settings=replace(settings, job_type=limits))


def wide(mode: Any, *, max_series: int, max_values: int) -> MetricsCardinalityGuard:
    """Return a guard whose cap is one higher than it was told."""
    return MetricsCardinalityGuard(mode, max_series=max_series + 1, max_values=max_values)


def switched_on() -> AbstractContextManager[Reader]:
    """Return a reader that takes checks for granted."""

    def load(path: Path | None) -> Any:
        found = load_settings(path)
        return found.model_copy(update={"runtime": found.runtime.model_copy(update={"redis_checks": True})})

    return reader(load)


def _by_name(bugs: dict[str, dict[str, Suspect]]) -> Iterator[tuple[str, str, Suspect]]:
    for claim, suspects in bugs.items():
        for words, suspect in suspects.items():
            yield claim, words, suspect


SUSPECTS = list(
    _by_name(
        {
            "entity_ids": {
                "mean different things and have one name": lambda: nullcontext({**NAMING, "signal": joined}),
                "mean the same and have two names": lambda: nullcontext({**NAMING, "order": rounded}),
            },
            "result_codec": {
                "came back as": lambda: nullcontext(
                    Codec(lambda held: json.dumps(held, default=str).encode(), json.loads)
                )
            },
            "retry_policy": {
                "too early": lambda: policies(patient(cooldown_seconds=0.0)),
                "too often": lambda: policies(patient(max_attempts=9)),
                "beyond the cap": lambda: policies(patient(max_cooldown_seconds=1e6, retention_seconds=1e7)),
            },
            "breaker_model": {"was let through in state": lambda: breakers(late)},
            "failure_classifier": {
                "though nobody knows what became of what": lambda: nullcontext(Trusting()),
                "was taken for timeout": lambda: nullcontext(Guessing()),
            },
            "cardinality_guard": {"is the cap": lambda: nullcontext(wide)},
            "retry_audit": {"acknowledged, and not in the audit": lambda: writers("properties.tests.hasty_writer")},
            "configuration": {"runtime.redis_checks is on, and nobody said so": switched_on},
        }
    )
)
"""A claim, words of the sentence by which it must be broken, and the suspect that breaks it."""
