"""Alerts: four kinds of hooks, a cooldown that hides no second outage, webhooks against a real HTTP server."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import SettingsError
from safety_core.job_safety import RetryAlert
from safety_core.job_safety.alerts import (
    SEVERITIES,
    AlertEvent,
    AlertHooks,
    Outbox,
    Severity,
    Undelivered,
    Webhook,
    verify_signature,
)
from safety_core.job_safety.tests.receiver import Receiver, refusing_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = b"between us"


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


class Counts:
    """Counts alerts.

    Attributes:
        sent: Kind and severity of each that was told.
        suppressed: The same of each that was held back.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.suppressed: list[tuple[str, str]] = []

    def alert_sent(self, kind: str, severity: str) -> None:
        """Count one that was told."""
        self.sent.append((kind, severity))

    def alert_suppressed(self, kind: str, severity: str) -> None:
        """Count one that was held back."""
        self.suppressed.append((kind, severity))


@pytest.fixture
def hand() -> Hand:
    """Return a clock."""
    return Hand()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield an HTTP server."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def given_up() -> list[Undelivered]:
    """Return what was reported undelivered."""
    return []


@pytest.fixture
def make_outbox(given_up: list[Undelivered]) -> Iterator[Callable[..., Outbox]]:
    """Yield a maker of outboxes."""
    with ExitStack() as made:

        def make(url: str, *, folder: Path | None = None, max_pending: int = 1000, **options: Any) -> Outbox:
            webhook = Webhook(**{"url": url, "attempts": 3, "backoff_s": 0, "secret": SECRET, **options})
            outbox = Outbox(webhook, folder=folder, max_pending=max_pending, on_undelivered=given_up.append)
            made.callback(outbox.close, 0)
            return outbox

        yield make


def opened(name: str = "order", transition: str = "CLOSED->OPEN") -> AlertEvent:
    """Return an alert of a breaker."""
    return AlertEvent(
        kind="breaker_opened",
        source=f"job_type:{name}",
        transition=transition,
        severity=Severity.CRITICAL,
        summary="The breaker opened.",
        context={"reason": "failures"},
    )


def test_all_four_kinds_are_told(
    receiver: Receiver, make_outbox: Callable[..., Outbox], caplog: pytest.LogCaptureFixture
) -> None:
    """Log, metric, event and webhook hear of the same alert."""
    counts = Counts()
    hooks, outbox, events = AlertHooks(), make_outbox(receiver.url), list[AlertEvent]()
    hooks.add_log()
    hooks.add_metric(counts)
    hooks.add_event(events.append)
    hooks.add_webhook(outbox)
    assert hooks.kinds == ("log", "metric", "event", "webhook")
    with caplog.at_level(logging.INFO, "safety_core.alerts"):
        assert hooks.emit(opened())
    assert outbox.flush(10)
    assert caplog.records[0].levelno == logging.ERROR
    assert caplog.records[0].__dict__["alert_source"] == "job_type:order"
    assert counts.sent == [("breaker_opened", "Critical")]
    assert events[0].source == "job_type:order"
    body = json.loads(receiver.received[0].body)
    assert (body["event_id"], body["severity"], body["context"]) == (
        events[0].event_id, "Critical", {"reason": "failures"},
    )  # fmt: skip
    assert outbox.delivered == 1


def test_cooldown_is_kept_for_each_source_and_transition(hand: Hand) -> None:
    """A second outage elsewhere and the way back are told; the next of the same says how many were held back."""
    hooks, seen = AlertHooks(cooldown_s=300, clock=hand), list[AlertEvent]()
    hooks.add_event(seen.append)
    counts = Counts()
    hooks.add_metric(counts)
    told = [
        hooks.emit(opened()),
        hooks.emit(opened()),
        hooks.emit(opened("position")),
        hooks.emit(opened(transition="OPEN->HALF_OPEN")),
        hooks.emit(opened()),
    ]
    assert told == [True, False, True, True, False]
    hand.now = 299.9
    assert not hooks.emit(opened())
    hand.now = 300
    assert hooks.emit(opened())
    assert [each.suppressed for each in seen] == [0, 0, 0, 3]
    assert (len(counts.sent), len(counts.suppressed)) == (4, 3)


def test_heartbeat_ignores_the_cooldown(hand: Hand) -> None:
    """So that its silence means something."""
    hooks, seen = AlertHooks(clock=hand), list[AlertEvent]()
    hooks.add_event(seen.append)
    hooks.heartbeat()
    hooks.heartbeat()
    assert [each.kind for each in seen] == ["heartbeat", "heartbeat"]


def test_finding_of_a_retry_detector_becomes_an_alert() -> None:
    """`retry_alert` is what a detector calls."""
    hooks, seen = AlertHooks(), list[AlertEvent]()
    hooks.add_event(seen.append)
    found = RetryAlert(
        kind="spike", severity="Warning", job_type="order", at_s=0.0, message="Too many.", figures={"count": 12.0}
    )
    assert hooks.retry_alert(found)
    assert not hooks.retry_alert(found)
    assert (seen[0].source, seen[0].transition, seen[0].severity) == ("retries:order", "spike", Severity.WARNING)
    assert seen[0].context == {"figure_count": 12.0}


def test_client_can_tell_of_a_failure_that_needs_a_hand() -> None:
    """One line alerts the team; the severity comes from the table."""
    hooks, seen = AlertHooks(), list[AlertEvent]()
    hooks.add_event(seen.append)
    hooks.alert("non_retryable_failure", "job:17", "failed", "Non-retryable failure: logic_error")
    assert (seen[0].severity, seen[0].summary) == (Severity.WARNING, "Non-retryable failure: logic_error")


def test_failing_hook_keeps_no_other_from_being_told() -> None:
    """What a hook raises goes to the log and no further."""
    hooks, seen = AlertHooks(), list[AlertEvent]()

    def fail(event: AlertEvent) -> None:
        raise RuntimeError

    hooks.add_event(fail)
    hooks.add_event(seen.append)
    assert hooks.emit(opened())
    assert len(seen) == 1


def test_every_kind_has_a_severity_and_unknown_kinds_are_refused() -> None:
    """The table is complete, and nothing is told beside it."""
    assert set(SEVERITIES.values()) == set(Severity)
    with pytest.raises(SettingsError, match="is none of"):
        AlertHooks().alert("surprise", "a", "b", "c")


def test_webhook_is_signed(receiver: Receiver, make_outbox: Callable[..., Outbox]) -> None:
    """HMAC-SHA256 over time and body; another key, body or time does not pass."""
    outbox = make_outbox(receiver.url)
    outbox.put(opened())
    assert outbox.flush(10)
    got = receiver.received[0]
    header = got.headers["X-Alert-Signature"]
    at_s = int(header.removeprefix("t=").partition(",")[0])
    assert verify_signature(SECRET, got.body, header, now_s=at_s + 299)
    assert not verify_signature(SECRET, got.body, header, now_s=at_s + 301)
    assert not verify_signature(b"another", got.body, header, now_s=at_s)
    assert not verify_signature(SECRET, got.body + b" ", header, now_s=at_s)
    assert not verify_signature(SECRET, got.body, header.replace(str(at_s), str(at_s + 1)), now_s=at_s)
    assert not verify_signature(SECRET, got.body, "t=soon,v1=\udcff", now_s=at_s)


@pytest.mark.parametrize("answers", [[500], [503, 429], ["hang"], ["drip"]], ids=str)
def test_webhook_is_delivered_after_failures_under_one_id(
    receiver: Receiver, make_outbox: Callable[..., Outbox], given_up: list[Undelivered], answers: list[int | str]
) -> None:
    """What may help is tried again; a server that hangs or drips is left after the time limit."""
    receiver.answers = list(answers)
    outbox = make_outbox(receiver.url, timeout_s=0.3)
    event = opened()
    outbox.put(event)
    assert outbox.flush(20)
    assert (outbox.delivered, given_up) == (1, [])
    assert [each.headers["X-Alert-Id"] for each in receiver.received] == [event.event_id] * (len(answers) + 1)


@pytest.mark.parametrize(
    "case",
    [
        ([500] * 3, 3, "HTTP 500"),
        (["hang"] * 3, 3, "no answer within 0.3 s"),
        ([404], 1, "HTTP 404"),
        ([302], 1, "HTTP 302"),
        (None, 3, "ConnectError"),
    ],
    ids=["500", "hangs", "404", "redirects", "refuses"],
)
def test_webhook_that_cannot_be_delivered_is_reported(
    receiver: Receiver,
    make_outbox: Callable[..., Outbox],
    given_up: list[Undelivered],
    caplog: pytest.LogCaptureFixture,
    case: tuple[list[int | str] | None, int, str],
) -> None:
    """With the number of attempts and the reason, to the callback and to the log; no address in it."""
    answers, attempts, reason = case
    receiver.answers = list(answers or [])
    outbox = make_outbox(receiver.url if answers is not None else refusing_url(), timeout_s=0.3)
    outbox.put(opened())
    assert outbox.flush(20)
    assert [(each.attempts, each.reason) for each in given_up] == [(attempts, reason)]
    assert (outbox.delivered, outbox.undelivered) == (0, 1)
    assert "undelivered" in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_put_does_not_wait_for_a_server_that_hangs(receiver: Receiver, make_outbox: Callable[..., Outbox]) -> None:
    """The caller goes on while the server still holds the first request."""
    receiver.answers = ["hang"]
    outbox = make_outbox(receiver.url, timeout_s=30)
    outbox.put(opened())
    for _ in range(50):
        outbox.put(opened())
    assert (outbox.delivered, outbox.undelivered, receiver.released.is_set()) == (0, 0, False)


def test_close_reports_what_is_left(
    receiver: Receiver, make_outbox: Callable[..., Outbox], given_up: list[Undelivered]
) -> None:
    """Nothing vanishes with the process's end."""
    receiver.answers = ["hang"]
    outbox = make_outbox(receiver.url, timeout_s=30)
    for _ in range(3):
        outbox.put(opened())
    outbox.close(0)
    assert {each.reason for each in given_up} == {"the outbox was closed first"}
    outbox.put(opened())
    assert [each.reason for each in given_up][3:] == ["the outbox is closed"]


def test_full_outbox_reports_at_once(
    receiver: Receiver, make_outbox: Callable[..., Outbox], given_up: list[Undelivered]
) -> None:
    """Memory is bounded, and what does not fit is not lost in silence."""
    receiver.answers = ["hang"]
    outbox = make_outbox(receiver.url, timeout_s=30, max_pending=2)
    for _ in range(3):
        outbox.put(opened())
    assert [each.reason for each in given_up] == ["2 alerts are waiting already"]


def test_alert_outlives_its_process(receiver: Receiver, make_outbox: Callable[..., Outbox], tmp_path: Path) -> None:
    """A process dies while its server hangs; the next outbox on the folder delivers, under the same name."""
    receiver.answers = ["hang"]
    program = (
        "import os, sys; from pathlib import Path\n"
        "from safety_core.job_safety.alerts import AlertHooks, Outbox, Webhook\n"
        "hooks = AlertHooks(); hooks.add_webhook(Outbox(Webhook(url=sys.argv[1]), folder=Path(sys.argv[2])))\n"
        "hooks.alert('breaker_opened', 'job_type:order', 'CLOSED->OPEN', 'It opened.', reason='failures')\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, receiver.url, str(tmp_path)], check=False)
    (waiting,) = tmp_path.glob("*.json")
    receiver.answers = []
    outbox = make_outbox(receiver.url, folder=tmp_path)
    assert outbox.flush(10)
    assert receiver.received[-1].headers["X-Alert-Id"] == waiting.stem
    assert not list(tmp_path.glob("*.json"))


def test_undelivered_alerts_are_set_aside(make_outbox: Callable[..., Outbox], tmp_path: Path) -> None:
    """They are there to be read, and are not tried for ever."""
    outbox = make_outbox(refusing_url(), folder=tmp_path)
    event = opened()
    outbox.put(event)
    assert outbox.flush(20)
    assert [path.stem for path in (tmp_path / "undelivered").iterdir()] == [event.event_id]
    assert not list(tmp_path.glob("*.json"))


def test_folder_serves_one_outbox(receiver: Receiver, make_outbox: Callable[..., Outbox], tmp_path: Path) -> None:
    """Two would deliver each other's alerts twice."""
    make_outbox(receiver.url, folder=tmp_path)
    with pytest.raises(SettingsError, match="another outbox has this folder"):
        make_outbox(receiver.url, folder=tmp_path)


def test_threads_may_put_at_once(receiver: Receiver, make_outbox: Callable[..., Outbox]) -> None:
    """Each alert comes once."""
    outbox = make_outbox(receiver.url)

    def put_some() -> None:
        for _ in range(5):
            outbox.put(opened())

    threads = [threading.Thread(target=put_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.flush(20)
    assert len({each.headers["X-Alert-Id"] for each in receiver.received}) == len(receiver.received) == 20


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://x"}, {"url": 7}, {"secret": "text"}, {"timeout_s": 0}, {"attempts": 0},
     {"timeout_s": float("nan")}, {"backoff_s": float("inf")}],
    ids=str,
)  # fmt: skip
def test_wrong_webhook_is_refused(wrong: dict[str, Any]) -> None:
    """One clear error each."""
    with pytest.raises(SettingsError):
        Webhook(**{"url": "http://localhost/", **wrong})


def test_without_httpx_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but webhooks works without it."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    hooks, seen = AlertHooks(), list[AlertEvent]()
    hooks.add_event(seen.append)
    assert hooks.emit(opened())
    with pytest.raises(SettingsError, match="install the extra `alerts`"):
        Outbox(Webhook(url="http://localhost/"))
