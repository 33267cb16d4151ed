"""What was brought together of a storm is judged like any other record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.recorder import RunFolder, write_record
from harness.storm.merging import merge
from harness.storm.tests.written import BUCKETS, call, executed, key_of, write, write_book
from reports.stored_run import write_verdict
from verify.history.events import Event, Fault, Phase, changed
from verify.history.record import Bound, ExplorationRecord
from verify.run_layout import STORM

if TYPE_CHECKING:
    from pathlib import Path

COMMON: list[Event] = [Phase(name="workload", at_ns=1), Phase(name="redeliver", at_ns=10**9)]


def test_judging_what_was_brought_together(run_folder: Path) -> None:
    """A good storm is VALID; the same one whose key landed twice is INVALID, and names kinds of fault once."""
    for second, verdict in ((False, "VALID"), (True, "INVALID")):
        source, out = run_folder / f"source-{second}", run_folder / f"run-{second}"
        source.mkdir()
        run = RunFolder.create(STORM, 7, str(out))
        part = run.part(STORM)
        done, line = executed(1, 1, key_of(1), 1_000)
        again, twice = executed(2, 1, key_of(1), 1_050)
        write(source, "w1", done)
        write(source, "w2", again if second else call(2, 1, key_of(1), 1_150))
        lines = [line, changed(twice, n=2)]
        write_book(source, lines if second else lines[:1])
        faults: list[Event] = [Fault(kind="worker_kill", witness="gone", at_ns=2_000 + n) for n in range(3)]
        buckets = merge(source, part, BUCKETS, [*COMMON, *faults], set(), began_ns=0).buckets
        write_record(
            part,
            ExplorationRecord(
                tier=STORM,
                name="storm",
                subject="s",
                bound=Bound(workers=2, faults=3),
                schedules=buckets,
                classes=buckets,
                exhausted=True,
                seed=7,
            ),
        )
        write_verdict(out)
        judged = json.loads((part / "verdict.json").read_text("utf-8"))
        assert judged["verdict"] == verdict
        assert {tuple(each["faults"]) for each in judged["findings"]} <= {("worker_kill",)}
        assert ("at_most_once" in {each["checker"] for each in judged["findings"]}) == second
