"""What recording costs a storm, and how long it is judged, each against the storm itself.

In one Locust run some worker processes record and others do not: they meet the same keys, the same servers and
the same disturbances. Their operations are held against the processor time that they spent, which is what a
storm has too little of. Judging is timed on a recorded storm by the clock on the wall, which is how the storm's own
seconds are counted: both have all processors to themselves. The processor time of all processes that judge stands
beside it. It is one pass, so that its share is the same for a storm of a million operations.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.rows import Row, spread_of
from benchmarks.verifying import peak_kb, spent_s
from benchmarks.workload import WrongAnswerError
from harness import clock
from harness.recorder import RunFolder, write_record
from harness.redis_server.choice import parse_choice
from harness.redis_server.port import free_port
from harness.storm.asked import LEASE_S, Asked
from harness.storm.gang import Gang, check_locust
from harness.storm.plan import spent_file
from harness.storm.scene import Ground, Scene
from harness.storm.storm import plan_of, run_storm
from harness.subjects.loading import load_subject
from reports.stored_run import judge_run
from verify.history.words import Verdict
from verify.run_layout import STORM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rows import Effort

RECORDING_NAME, JUDGING_NAME = "storm-recording", "storm-judging"

_RECORDED_LEAST, _JUDGED_MOST = 0.8, 0.10
_MEMORY_MOST = 1.5
_SECONDS = 8
_LONG_S = 30
_USERS, _PROCESSES = 20, 2
_SUBJECT = "reference"
_END_S = 120.0
_TIMES = 8


def recording(effort: Effort) -> list[Row]:
    """Compare the guarded operations of worker processes that record with those of others that do not."""
    ratios, rates = [], {True: 0.0, False: 0.0}
    for number in range(effort.few):
        seen = _rates(number, first_records=number % 2 == 0)
        ratios.append(seen[True] / seen[False])
        rates = {records: max(rates[records], seen[records]) for records in rates}
    note = ", ".join(f"{name} {rates[records]:,.0f}" for records, name in ((True, "with"), (False, "without")))
    return [
        Row(
            benchmark=RECORDING_NAME,
            case=f"{_SUBJECT}, {_USERS} users, {_SECONDS} s: operations per processor second, recorded / not",
            ratio=spread_of(ratios),
            limit=_RECORDED_LEAST,
            at_least=True,
            note=f"{note} per processor second",
            figures={"recorded": rates[True], "bare": rates[False]},
        )
    ]


def judging(effort: Effort) -> list[Row]:
    """Compare the time to judge a storm with its own, and the memory of judging with that of a much shorter one."""
    seconds = max(_SECONDS, effort.scaled(_LONG_S))
    with _stormed(seconds) as (folder, operations), _stormed(max(1, seconds // _TIMES)) as (short, fewer):
        shares, before_s = [], spent_s()
        for _ in range(effort.few):
            began = perf_counter()
            _judge(folder)
            shares.append((perf_counter() - began) / seconds)
        took_s = (spent_s() - before_s) / effort.few
        memory = [_resident_mib(each) for each in (folder, short)]
    per_s, of_storm = operations / (min(shares) * seconds), operations / seconds
    return [
        Row(
            benchmark=JUDGING_NAME,
            case=f"{_SUBJECT}, {seconds} s, {operations:,} operations: judging / storm, seconds on the wall",
            ratio=spread_of(shares),
            limit=_JUDGED_MOST,
            note=f"{per_s:,.0f} operations/s at best, the storm {of_storm:,.0f}; processor time {took_s:.1f} s",
            figures={
                "operations": float(operations),
                "judged_per_s": per_s,
                "stormed_per_s": of_storm,
                "processor_s": took_s,
                "seconds": float(seconds),
            },
        ),
        Row(
            benchmark=JUDGING_NAME,
            case=f"resident size of the largest process while judging {operations:,} / {fewer:,} operations",
            ratio=spread_of([memory[0] / memory[1]]),
            limit=_MEMORY_MOST,
            note=f"{memory[0]:.1f} MiB, {memory[1]:.1f} MiB",
            figures={"large_mib": memory[0], "small_mib": memory[1]},
        ),
    ]


def _asked(seconds: int, seed: int) -> Asked:
    check_locust()
    return Asked(
        subject=load_subject(_SUBJECT),
        choice=parse_choice("embedded", allow_target=[]),
        seed=seed,
        users=_USERS,
        seconds=seconds,
        processes=_PROCESSES,
    )


def _rates(seed: int, *, first_records: bool) -> dict[bool, float]:
    """Let one storm rage in which every other worker process records; return operations per processor second of each.

    They share the users, the keys, Redis and the venue, and what others do on the machine meets both.
    """
    asked = _asked(_SECONDS, seed)
    ground = Ground(subject=asked.subject, choice=asked.choice, seed=seed, lease_s=LEASE_S, faults=())
    with (
        tempfile.TemporaryDirectory() as folder,
        Scene(ground) as scene,
        Gang(Path(folder), "127.0.0.1", free_port()) as gang,
    ):
        plan = plan_of(asked, scene, str(gang.folder))
        gang.lead(plan, workers=_PROCESSES, web=None)
        numbers = {
            records: gang.work(replace(plan, records=records)) for records in (first_records, not first_records)
        }
        deadline_ns = clock.elapsed_ns() + int(_END_S * 1e9)
        while gang.leader_ended() is None:
            if clock.elapsed_ns() > deadline_ns:
                raise WrongAnswerError(f"a storm of {_SECONDS} s did not end within {_END_S:g} s")
            clock.pause_s(0.05)
        gang.gather()
        rates = {}
        for records, number in numbers.items():
            spent = json.loads((gang.folder / spent_file(number)).read_text("ascii"))
            wrote = any(gang.folder.glob(f"*.w{number}.jsonl"))
            if not spent["operations"] or wrote != records:
                raise WrongAnswerError(f"worker process {number} spent {spent}, and wrote: {wrote}")
            rates[records] = spent["operations"] / spent["processor_s"]
    return rates


@contextmanager
def _stormed(seconds: int) -> Iterator[tuple[Path, int]]:
    """Have the run folder of a storm, and how many operations it had."""
    with tempfile.TemporaryDirectory() as folder:
        asked = _asked(seconds, 1)
        run = RunFolder.create(STORM, asked.seed, f"{folder}/run")
        part = run.part(STORM)
        write_record(part, run_storm(asked, part, lambda _text: None))
        invoked = sum(b'"event":"invoke"' in line for line in (part / "history.jsonl").open("rb"))
        yield run.path, invoked


def _judge(folder: Path) -> None:
    verdict = judge_run(folder)["verdict"]
    if verdict != Verdict.VALID:
        raise WrongAnswerError(f"a storm of the reference was judged {verdict}")


def _resident_mib(folder: Path) -> float:
    """Return the most memory that a process takes which judges a run, or which judges a share of it."""
    command = [sys.executable, "-m", "benchmarks.storm", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


if __name__ == "__main__":
    _judge(Path(sys.argv[1]))
    print(peak_kb())
