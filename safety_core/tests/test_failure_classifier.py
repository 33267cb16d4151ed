"""What kind of failure a job ended with, and what may be done: by type first, by text last."""

from __future__ import annotations

import json
import sqlite3
import sys
import traceback
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import redis
import requests
from hypothesis import given
from hypothesis import strategies as st

from safety_core.idempotency import Verdict
from safety_core.job_safety import (
    EffectClass,
    FailureClassifier,
    FailureClassifierV2,
    FailureError,
    FailureType,
    Phase,
    RetryChoice,
)
from safety_core.job_safety.failure_classifier.kinds import BY_TEXT
from safety_core.job_safety.failure_classifier.verdicts import WHEN_UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

RETRYABLE = {"network_error", "timeout", "rate_limit", "database_lock", "temporary_error"}
NOT_RETRYABLE = {"validation_error", "logic_error", "data_not_found", "permission_error", "configuration_error"}
RISKY = [EffectClass.OPENS_RISK, EffectClass.REDUCES_RISK, EffectClass.BOOKS]

TEXTS = ("rate limit", "deadlock", "insufficient funds", "forbidden", "timed out", "broken pipe", "bad gateway",
         "not configured", "not found", "malformed")  # fmt: skip
"""One for each row of the table of texts, in its order."""
IN_ORDER = [kind for _, kind in BY_TEXT]


class VenueError(Exception):
    """An error of a venue's client, with whatever attributes it has."""

    def __init__(self, text: str = "", **attributes: Any) -> None:
        super().__init__(text)
        self.__dict__.update(attributes)


def raised(act: Callable[[], object]) -> Exception:
    """Return what `act` raises."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked at
        return error
    raise AssertionError("it raised nothing")


def locked() -> None:
    """Write to a database that another connection holds."""
    place = "file:locked?mode=memory&cache=shared"
    with (
        closing(sqlite3.connect(place, uri=True, isolation_level=None)) as holder,
        closing(sqlite3.connect(place, uri=True, timeout=0)) as other,
    ):
        holder.execute("create table one (a)")
        holder.execute("begin exclusive")
        other.execute("insert into one values (1)")


def describe(value: Any) -> str:
    """Name a row: the exception with what a client sets on it, or what is expected."""
    if not isinstance(value, Exception):
        return str(value)
    told = [
        f"{name}={getattr(value, name)}"
        for name in ("status", "status_code", "code", "definite", "retry_after")
        if isinstance(getattr(value, name, None), int | str)
    ]
    return " ".join([f"{type(value).__module__}.{type(value).__name__}({value!s:.40})", *told])


def test_the_ten_types_of_the_first_version_keep_their_names() -> None:
    """Five are retryable and five are not; what came later is not retryable."""
    assert {kind for kind in FailureType if kind.retryable} == RETRYABLE
    assert {str(kind) for kind in FailureType} > NOT_RETRYABLE


def test_the_example_of_the_first_version_holds() -> None:
    """A line of text, two answers."""
    should_retry, failure_type = FailureClassifier().should_retry_failure("ConnectionError: Network failed")
    assert (should_retry, failure_type) == (True, FailureType.NETWORK_ERROR)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ConnectionResetError(), "network_error"),
        (raised(lambda: requests.get("http://127.0.0.1:1", timeout=1)), "network_error"),
        (redis.exceptions.ConnectionError("x"), "network_error"),
        (TimeoutError(), "timeout"),
        (requests.exceptions.ReadTimeout(), "timeout"),
        (redis.exceptions.TimeoutError(), "timeout"),
        (Exception("the call timed out"), "timeout"),
        (VenueError(status=429), "rate_limit"),
        (VenueError(status_code="429"), "rate_limit"),
        (Exception("Too Many Requests"), "rate_limit"),
        (raised(locked), "database_lock"),
        (Exception("Deadlock found when trying to get lock"), "database_lock"),
        (VenueError(status=503), "temporary_error"),
        (Exception("service temporarily unavailable"), "temporary_error"),
        (ValueError("timeout must be > 0"), "validation_error"),
        (raised(lambda: json.loads("{")), "validation_error"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "rate limit"), "validation_error"),
        (TypeError("connection refused"), "logic_error"),
        (raised(lambda: 1 // 0), "logic_error"),
        (KeyError("rate limit"), "data_not_found"),
        (FileNotFoundError(), "data_not_found"),
        (VenueError(status=404), "data_not_found"),
        (PermissionError(), "permission_error"),
        (VenueError(status=403), "permission_error"),
        (ImportError("no module"), "configuration_error"),
        (Exception("missing setting API_KEY"), "configuration_error"),
        (Exception("something else"), "unknown_error"),
        (Exception(), "unknown_error"),
        (ExceptionGroup("several", [TimeoutError()]), "unknown_error"),
    ],
    ids=describe,
)
def test_failure_has_a_kind(failure: Exception, expected: str) -> None:
    """The exception, and the traceback that a job system keeps of it, are of the same kind."""
    classifier = FailureClassifier()
    assert classifier.failure_type(failure) == expected
    assert classifier.failure_type((type(failure), failure, failure.__traceback__)) == expected
    if not hasattr(failure, "status") and not hasattr(failure, "status_code"):
        text = "".join(traceback.format_exception(failure))
        assert classifier.failure_type(text) == expected


def test_what_was_raised_last_counts() -> None:
    """A traceback with a cause names the cause first."""

    def chained() -> None:
        try:
            [].pop()
        except IndexError:
            json.loads("{")

    text = "".join(traceback.format_exception(raised(chained)))
    assert FailureClassifier().failure_type(text) is FailureType.VALIDATION_ERROR
    assert FailureClassifier().failure_type(text.encode()) is FailureType.VALIDATION_ERROR


def test_unmatched_is_not_retryable() -> None:
    """In both versions, whatever is at stake."""
    strange = Exception("the moon is in the wrong house")
    assert FailureClassifier().should_retry_failure(strange) == (False, FailureType.UNKNOWN_ERROR)
    for stake in EffectClass:
        judged = FailureClassifierV2().classify(strange, effect_class=stake)
        assert not judged.should_retry


def test_custom_patterns_extend_a_classifier_and_no_other() -> None:
    """A text of one's own, before the built-in ones and after the type; with a type, before it."""
    classifier = FailureClassifier()
    classifier.add_pattern(r"moon is in", FailureType.TEMPORARY_ERROR)
    classifier.add_pattern("timeout", "logic_error")
    assert classifier.should_retry_failure(Exception("the Moon is in Leo")) == (True, FailureType.TEMPORARY_ERROR)
    assert classifier.failure_type(Exception("a timeout")) is FailureType.LOGIC_ERROR
    assert classifier.failure_type(ValueError("timeout must be > 0")) is FailureType.VALIDATION_ERROR
    classifier.add_pattern("stale price", FailureType.TEMPORARY_ERROR, error_type="ValueError")
    assert classifier.failure_type(ValueError("stale price")) is FailureType.TEMPORARY_ERROR
    classifier.add_type(VenueError, "temporary_error")
    assert classifier.failure_type("venue.client.VenueError: no") is FailureType.TEMPORARY_ERROR
    assert FailureClassifier().failure_type(Exception("the moon is in Leo")) is FailureType.UNKNOWN_ERROR


@pytest.mark.parametrize(
    "misuse",
    [
        lambda one: one.add_pattern("", "timeout"),
        lambda one: one.add_pattern("(", "timeout"),
        lambda one: one.add_pattern("x", "no such kind"),
        lambda one: one.add_type("", "timeout"),
        lambda one: one.failure_type(None),
        lambda one: one.failure_type(42),
    ],
    ids=["empty", "broken", "kind", "name", "none", "number"],
)
def test_misuse_is_a_clear_error(misuse: Callable[[FailureClassifier], object]) -> None:
    """What cannot be meant is not guessed at."""
    with pytest.raises(FailureError):
        misuse(FailureClassifier())


@pytest.mark.parametrize(
    ("failure", "kind", "choice"),
    [
        (VenueError(status=429), "rate_limit", RetryChoice.RETRY),
        (VenueError(status=429, retry_after="7"), "rate_limit", RetryChoice.NOT_BEFORE),
        (VenueError(code=-1003), "rate_limit", RetryChoice.RETRY),
        (VenueError(code=-1015), "rate_limit", RetryChoice.RETRY),
        (VenueError(code=-1021), "temporary_error", RetryChoice.RETRY),
        (ConnectionRefusedError(), "network_error", RetryChoice.RETRY),
        (VenueError(status=418), "exchange_ban", RetryChoice.NOT_BEFORE),
        (VenueError(status=418, code=-1003), "exchange_ban", RetryChoice.NOT_BEFORE),
        (VenueError(code=-1013), "validation_error", RetryChoice.NEVER),
        (VenueError(code=-1121), "validation_error", RetryChoice.NEVER),
        (VenueError(code=-1022), "configuration_error", RetryChoice.NEVER),
        (VenueError(code=-2014), "configuration_error", RetryChoice.NEVER),
        (VenueError(code=-2015), "permission_error", RetryChoice.NEVER),
        (
            VenueError("insufficient balance for requested action.", code=-2010),
            "insufficient_balance",
            RetryChoice.NEVER,
        ),
        (VenueError("Market is closed.", code=-2010), "order_rejected", RetryChoice.NEVER),
        (VenueError("Duplicate order sent.", code=-2010), "duplicate_order", RetryChoice.ASK_FIRST),
        (VenueError(code=-2013), "data_not_found", RetryChoice.ASK_FIRST),
        (VenueError(status=500), "temporary_error", RetryChoice.ASK_FIRST),
        (VenueError(status=504, code=-1003), "temporary_error", RetryChoice.ASK_FIRST),
        (VenueError(code=-1000), "temporary_error", RetryChoice.ASK_FIRST),
        (VenueError(code=-1001), "network_error", RetryChoice.ASK_FIRST),
        (VenueError(code=-1006), "temporary_error", RetryChoice.ASK_FIRST),
        (VenueError(code=-1007), "timeout", RetryChoice.ASK_FIRST),
        (VenueError(code=-1008), "temporary_error", RetryChoice.ASK_FIRST),
        (TimeoutError(), "timeout", RetryChoice.ASK_FIRST),
        (ConnectionResetError(), "network_error", RetryChoice.ASK_FIRST),
        (ValueError("timeout must be > 0"), "validation_error", RetryChoice.ASK_FIRST),
        (VenueError(definite=True), "unknown_error", RetryChoice.RETRY),
    ],
    ids=describe,
)
def test_table_of_an_order(failure: Exception, kind: str, choice: RetryChoice) -> None:
    """Row by row: later, never, or ask; an unknown is never a retry."""
    judged = FailureClassifierV2().classify(failure)
    assert (judged.failure_type, judged.choice) == (kind, choice)
    assert judged.why


@pytest.mark.parametrize(
    "text",
    [
        "APIError(code=-1003): Way too many requests; IP banned until 1764105600000.",
        'ccxt.base.errors.DDoSProtection: binance 418 {"code":-1003,"msg":"IP banned until 1764105600000"}',
    ],
)
def test_ban_is_read_from_a_text_with_its_end(text: str) -> None:
    """Not retryable, and not before the time that the exchange names."""
    classifier = FailureClassifierV2()
    judged = classifier.classify(f"binance.exceptions.BinanceAPIException: {text}")
    assert (judged.failure_type, judged.choice) == (FailureType.EXCHANGE_BAN, RetryChoice.NOT_BEFORE)
    assert judged.not_before_ms == 1_764_105_600_000
    assert classifier.should_retry_failure(VenueError(status=418)) == (False, FailureType.EXCHANGE_BAN)


def test_wait_is_read_from_the_response() -> None:
    """As `requests` and `httpx` keep it; a date or a nonsense is no number of seconds."""
    response = requests.Response()
    response.status_code = 429
    for header, wait_s in (("120", 120.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("nan", None)):
        response.headers["Retry-After"] = header
        judged = FailureClassifierV2().classify(requests.HTTPError("slow down", response=response))
        assert (judged.failure_type, judged.retry_after_s) == (FailureType.RATE_LIMIT, wait_s)


@pytest.mark.parametrize("stake", list(EffectClass))
def test_phase_and_stake_decide_about_a_timeout(stake: EffectClass) -> None:
    """Before sending it is no loss; after it only what may be asked or told again is tried again."""
    classifier = FailureClassifierV2()
    before = classifier.classify(TimeoutError(), phase="before sending", effect_class=stake)
    assert (before.verdict, before.choice) == (Verdict.NOT_EXECUTED, RetryChoice.RETRY)
    for phase in (Phase.AFTER_SENDING, Phase.UNKNOWN):
        after = classifier.classify(TimeoutError(), phase=phase, effect_class=stake)
        assert (after.verdict, after.choice) == (Verdict.UNCERTAIN, WHEN_UNKNOWN[stake])
    answered = classifier.classify(VenueError(status=503), phase="before sending", effect_class=stake)
    assert answered.verdict is Verdict.UNCERTAIN
    hopeless = classifier.classify(ValueError("bad"), phase="before sending", effect_class=stake)
    assert hopeless.choice is RetryChoice.NEVER


FAILURES = st.builds(
    VenueError,
    st.text(max_size=40),
    status=st.one_of(st.none(), st.integers(100, 599), st.just("503"), st.booleans()),
    code=st.one_of(st.none(), st.integers(-2100, -900), st.text(max_size=3)),
    retry_after=st.one_of(st.none(), st.floats(), st.text(max_size=4)),
    definite=st.sampled_from([None, True, False, "yes"]),
) | st.sampled_from([TimeoutError(), ConnectionResetError(), OSError(), ValueError(), KeyError(), Exception()])


@given(FAILURES, st.sampled_from(RISKY), st.sampled_from([Phase.AFTER_SENDING, Phase.UNKNOWN]))
def test_unknown_outcome_of_a_risky_effect_is_never_a_retry(failure: Exception, stake: Any, phase: Any) -> None:
    """Whatever a failure is made of, and nothing makes the classifier fail itself."""
    judged = FailureClassifierV2().classify(failure, phase=phase, effect_class=stake)
    if judged.verdict is not Verdict.NOT_EXECUTED:
        assert judged.choice is RetryChoice.ASK_FIRST
        assert not judged.should_retry


@given(st.text() | st.binary())
def test_any_text_has_a_kind(text: str | bytes) -> None:
    """Also what is no traceback at all, and no UTF-8."""
    assert FailureClassifier().failure_type(text) in FailureType
    assert FailureClassifierV2().classify(text).choice in RetryChoice


def test_ten_megabytes_of_traceback_are_read_from_their_end() -> None:
    """What was raised stands last."""
    text = "Traceback (most recent call last):\n" + "  frame\n" * 1_500_000 + "TimeoutError: slow\n"
    assert sys.getsizeof(text) > 10_000_000
    assert FailureClassifier().failure_type(text) is FailureType.TIMEOUT


class HostileError(Exception):
    """An exception that breaks whoever looks at it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_exception_that_cannot_be_read_is_unknown() -> None:
    """It must not hide what happened behind another failure."""
    judged = FailureClassifierV2().classify(HostileError())
    assert (judged.failure_type, judged.verdict) == (FailureType.UNKNOWN_ERROR, Verdict.UNCERTAIN)


def test_unknown_exchange_phase_and_stake_are_refused() -> None:
    """Codes of another exchange would mean something else."""
    with pytest.raises(FailureError, match="binance"):
        FailureClassifierV2("mtgox")
    with pytest.raises(FailureError, match="before sending"):
        FailureClassifierV2().classify(TimeoutError(), phase="never")
    assert FailureClassifierV2("Binance").exchange == "binance"


@given(first=st.sampled_from(TEXTS), second=st.sampled_from(TEXTS))
def test_of_two_texts_the_one_that_stands_first_in_the_table_counts(first: str, second: str) -> None:
    """Wherever it stands in the message."""
    kinds = [FailureClassifier().failure_type(RuntimeError(text)) for text in (first, second)]
    assert FailureClassifier().failure_type(RuntimeError(f"{first}; {second}")) is min(kinds, key=IN_ORDER.index)
