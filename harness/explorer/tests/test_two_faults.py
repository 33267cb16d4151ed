"""Two faults on the reference guard come to an end, and the report says what was run once for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.probes import commands
from harness.faults.registry import select
from harness.subjects.loading import load_subject
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer


@NEEDS_CLOCK
@pytest.mark.takes_long
def test_reference_holds_under_two_faults(redis_server: RedisServer, tmp_path: Path) -> None:
    """Every pair of a lost reply and a crash, with two workers, is run to the end."""
    kinds = select(["reply_lost", "crash_after"])
    explored = explore(
        redis_server, tmp_path, load_subject("reference"), workers=2, faults=2, kinds=kinds, reduces=True, merges=True
    )
    assert explored.record.exhausted
    assert explored.judge().verdict is Verdict.VALID
    assert {len(line.split("!")) - 1 for line in explored.schedules} == {0, 1, 2}


def test_report_says_that_schedules_were_merged(redis_server: RedisServer, tmp_path: Path) -> None:
    """A note names how often; with one fault there is nothing to say."""
    kinds = select(["request_lost", "error_reply:OOM"])
    two, one = (
        explore(
            redis_server, tmp_path, commands(1), workers=2, faults=faults, kinds=kinds, reduces=True, merges=True
        ).record
        for faults in (2, 1)
    )
    assert [note for note in two.notes if "came to what another one had come to" in note]
    assert not [note for note in one.notes if "came to" in note]
