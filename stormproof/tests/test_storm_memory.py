"""What comes after a storm takes no more memory for a long one: its pieces are looked at one after the other."""

from __future__ import annotations

import tracemalloc
from itertools import count
from typing import TYPE_CHECKING

from harness import seed as seeds
from harness.recorder import RunFolder, write_record
from harness.redis_server.choice import parse_choice
from harness.redis_server.identity import ServerIdentity
from harness.storm.asked import Asked, Happened
from harness.storm.gang import Gang
from harness.storm.merging import merge
from harness.storm.record import leave_record
from harness.storm.recording import Recording, as_line, bucket_of
from harness.storm.survey import survey
from harness.storm.tests.written import call, executed
from harness.subjects.loading import load_subject
from reports.stored_run import write_verdict
from stormproof.evidence import write_reports
from verify.history.events import Event, Phase
from verify.run_layout import STORM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED, KEYS_OF_BUCKET, FEW, MANY = 7, 100, 3, 12
STEP_NS = 1_000_000
COMMON: list[Event] = [Phase(name="workload", at_ns=1), Phase(name="redeliver", at_ns=STEP_NS * KEYS_OF_BUCKET * 99)]
MORE = 1.2
"""How much more a storm four times as long may take, whose pieces are as large."""


def keys(buckets: int) -> Iterator[str]:
    """Yield keys of which as many fall into each bucket."""
    left = dict.fromkeys(range(buckets), KEYS_OF_BUCKET)
    for number in count(1):
        key = f"ledger-{SEED:08x}-{number:06d}01"
        bucket = bucket_of(key, buckets)
        if left.get(bucket):
            left[bucket] -= 1
            yield key
        if not any(left.values()):
            return


def rage(folder: Path, buckets: int) -> None:
    """Write what two workers and the venue would: each key is done by one and called by the other meanwhile."""
    with (
        Recording(folder, "w1", buckets) as one,
        Recording(folder, "w2", buckets) as other,
        Recording(folder, "venue", buckets) as venue,
    ):
        for number, key in enumerate(keys(buckets), start=1):
            at_ns = number * STEP_NS
            done, line = executed(1, number, key, at_ns)
            for event in done:
                one.write(event)
            for event in call(2, number, key, at_ns + 150):
                other.write(event)
            venue.put(bucket_of(key, buckets), as_line(line))


def end(folder: Path, run: RunFolder, buckets: int) -> str:
    """Do all that comes after the storm, and return the verdict."""
    asked = Asked(
        subject=load_subject("reference"),
        choice=parse_choice("embedded", allow_target=[]),
        seed=SEED,
        users=2,
        seconds=buckets,
        processes=2,
    )
    happened = Happened(asked)
    part = run.part(STORM)
    with Recording(folder, "harness", buckets) as writing:
        draw = seeds.stream(SEED, "survey")
        happened.left = survey(folder, buckets, {}, writing, draw, ended_ns=1 << 60, most_settled=10)
    happened.merged = merge(folder, part, buckets, COMMON, set(), began_ns=0)
    write_record(part, leave_record(part, happened, ServerIdentity("valkey", "9.1.2", "ab" * 32, "run")))
    run.write()
    verdict = write_verdict(run.path)
    write_reports(run.path)
    return str(verdict["verdict"])


def peak(folder: Path, name: str, buckets: int) -> int:
    """Return the most bytes that were held after a storm of so many pieces."""
    (workers := folder / f"{name}-workers").mkdir()
    rage(workers, buckets)
    run = RunFolder.create(STORM, SEED, str(folder / name))
    tracemalloc.start()
    try:
        assert end(workers, run, buckets) == "VALID"
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_storm_four_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    """Survey, history, figures, verdict and reports of it, of which the first run loads what all of them need."""
    peak(tmp_path, "first", 1)
    few, many = peak(tmp_path, "few", FEW), peak(tmp_path, "many", MANY)
    assert many < MORE * few, f"{many:,} bytes for {MANY} pieces, {few:,} for {FEW}"


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path) -> None:
    """A worker process that was talkative to the last costs no memory when it ends."""
    with Gang(tmp_path, "127.0.0.1", 1) as gang:
        (gang.folder / "1.log").write_text("word " * 2_000_000 + "the end", encoding="utf-8")
        tracemalloc.start()
        try:
            said = gang._said(1)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert said.endswith("word the end")
    assert most < 1 << 21
