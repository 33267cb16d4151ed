"""The story of the killed server: what it shows of a sound guard, of a broken one, and when nothing was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.redis_server.server import RedisServer
from scenarios import kill_redis
from scenarios.tests.telling import judged
from verify.history.events import Fault
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_reference_holds_when_the_server_is_killed(tmp_path: Path, seed: int) -> None:
    """Killed between an effect and its mark under load, restarted, delivered again: nothing twice, nothing lost."""
    judgement, events = judged(kill_redis, tmp_path, "reference", seed)
    assert judgement.verdict is Verdict.VALID, judgement.reasons or judgement.findings
    (kill,) = [event for event in events if isinstance(event, Fault)]
    assert "was in the book and not yet marked" in kill.witness


def test_a_guard_whose_claims_end_with_the_lease_is_caught(tmp_path: Path, seed: int) -> None:
    """The planted guard places an order twice, and the book shows it."""
    judgement, _ = judged(kill_redis, tmp_path, "broken.lease_as_ttl", seed)
    assert judgement.verdict is Verdict.INVALID
    assert "at_most_once" in {finding.checker for finding in judgement.findings if finding.decides}


def test_a_kill_that_does_nothing_shows_nothing(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server that died the story is UNKNOWN, however well the guard behaved."""
    monkeypatch.setattr(RedisServer, "kill", lambda _server: None)
    monkeypatch.setattr(RedisServer, "restart", lambda _server: None)
    judgement, _ = judged(kill_redis, tmp_path, "reference", seed)
    assert judgement.verdict is Verdict.UNKNOWN
    assert any("left no witness" in reason for reason in judgement.reasons)
