"""How far an exploration is: told to a log once a minute, and to nobody where the output is for programs."""

from __future__ import annotations

import pytest

from harness import clock
from harness.explorer.plan import Progress
from stormproof.live import Live

_PROGRESS = Progress("guard", "at most 1 fault", schedules=2_001, classes=900, elapsed_s=100.0)


@pytest.fixture
def minutes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list whose only number is the time, in minutes, which a test moves."""
    now = [0.0]
    monkeypatch.setattr(clock, "elapsed_ns", lambda: int(now[0] * 60e9))
    return now


def test_a_log_is_told_once_a_minute(minutes: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """Counted from the last line that was left behind, whatever that said."""
    live = Live()
    said = []
    for minutes[0] in (0.0, 0.99, 1.0, 1.5, 2.1):
        live.exploring(_PROGRESS, 1)
        said.append(capsys.readouterr().err)
    line = "guard: at most 1 fault, 2,001 schedules, 900 histories, 20/s, 1 kind of finding\n"
    assert said == ["", "", line, "", line]
    minutes[0] = 3.0
    live.done("a part is done")
    minutes[0] = 3.5
    live.exploring(_PROGRESS, 1)
    assert capsys.readouterr().err == "a part is done\n"


def test_output_for_programs_is_told_nothing(minutes: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """However long it takes."""
    live = Live(silent=True)
    minutes[0] = 5.0
    live.exploring(_PROGRESS, 0)
    assert capsys.readouterr() == ("", "")
