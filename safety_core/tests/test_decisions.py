"""Every decision is counted, logged and passed on, and none of that can change it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from safety_core.idempotency import GuardResult, Outcome, SideEffectWrapper

if TYPE_CHECKING:
    import pytest

    from safety_core.tests.servers import Server

SECRET = "s3cr3t-payload"  # noqa: S105 - what must not be found in a log


def test_decision_is_logged_with_fields_and_without_payload_or_result(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads the log learns the outcome, never the content."""
    caplog.set_level(logging.INFO, "safety_core.idempotency")
    with SideEffectWrapper(server.url) as wrapper:
        wrapper.prepare()
        wrapper.execute_once("order", "one", lambda claim: SECRET, payload={"secret": SECRET})
    (line,) = [record for record in caplog.records if record.name == "safety_core.idempotency"]
    fields = vars(line)
    assert (fields["guard_outcome"], fields["guard_fence"], fields["guard_executed"]) == ("EXECUTED", 1, True)
    assert SECRET not in line.getMessage()
    assert not any(SECRET in str(value) for value in fields.values())


def test_hook_sees_every_answer_and_cannot_break_one(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A failing hook is logged; the order stands."""
    seen: list[Outcome] = []

    def hook(answer: GuardResult) -> None:
        seen.append(answer.outcome)
        raise RuntimeError("the metrics are down")

    with SideEffectWrapper(server.url, on_decision=hook) as wrapper:
        wrapper.prepare()
        answers = [wrapper.execute_once("order", "one", lambda claim: 1, payload={}) for _ in range(2)]
    assert [answer.outcome for answer in answers] == seen == [Outcome.EXECUTED, Outcome.REPLAYED]
    assert "the answer stands" in caplog.text


def test_outcomes_are_counted(server: Server) -> None:
    """A bypass is never silent."""

    def call(wrapper: Any) -> None:
        wrapper.execute_once("signal", "one", lambda claim: 1, payload={})

    with SideEffectWrapper(server.url) as wrapper:
        call(wrapper)
        wrapper.prepare()
        call(wrapper)
        call(wrapper)
        counts = wrapper.counts
    assert {outcome: count for outcome, count in counts.items() if count} == {
        Outcome.REFUSED_STORE_UNSAFE: 1,
        Outcome.EXECUTED: 1,
        Outcome.REPLAYED: 1,
    }
