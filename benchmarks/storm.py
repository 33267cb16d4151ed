"""What recording costs a storm, and how long it is judged, each against the storm itself.

The same Locust run is made with and without its record, in turns; Locust's own count decides. Both are held against
the processor time of their worker processes, which are never idle: what others do on the machine does not count.
Judging is timed on a recorded storm, in processor time too: it is one pass, so that its share is the same for a storm
of a million operations.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.rows import Row, spread_of
from benchmarks.workload import WrongAnswerError
from harness import clock
from harness.recorder import RunFolder, write_record
from harness.redis_server.choice import parse_choice
from harness.redis_server.port import free_port
from harness.storm.asked import LEASE_S, Asked
from harness.storm.gang import Gang, check_locust
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
_USER, _SYSTEM = 11, 12
"""Where user and system time stand in a process's stat, behind its name."""
_TIMES = 8


def recording(effort: Effort) -> list[Row]:
    """Compare the guarded operations of recorded storms with those of the same without a record."""
    rates: dict[bool, list[float]] = {True: [], False: []}
    order = [True, False]
    for number in range(effort.few):
        for records in order:
            rates[records].append(_rate(number, records=records))
        order.reverse()
    ratios = [recorded / bare for recorded, bare in zip(rates[True], rates[False], strict=True)]
    note = ", ".join(f"{name} {max(rates[records]):,.0f}/s" for records, name in ((True, "with"), (False, "without")))
    return [
        Row(
            benchmark=RECORDING_NAME,
            case=f"{_SUBJECT}, {_USERS} users, {_SECONDS} s: operations per processor second, recorded / not",
            ratio=spread_of(ratios),
            limit=_RECORDED_LEAST,
            at_least=True,
            note=note,
            figures={"recorded_per_s": max(rates[True]), "bare_per_s": max(rates[False])},
        )
    ]


def judging(effort: Effort) -> list[Row]:
    """Compare the time to judge a storm with its own, and the memory of judging with that of a much shorter one."""
    seconds = max(_SECONDS, effort.scaled(_LONG_S))
    with _stormed(seconds) as (folder, operations), _stormed(max(1, seconds // _TIMES)) as (short, fewer):
        shares, took_s = [], 0.0
        for _ in range(effort.few):
            began = process_time()
            _judge(folder)
            took_s = process_time() - began
            shares.append(took_s / seconds)
        memory = [_resident_mib(each) for each in (folder, short)]
    per_s = operations / took_s
    return [
        Row(
            benchmark=JUDGING_NAME,
            case=f"{_SUBJECT}, {seconds} s, {operations:,} operations: time to judge / time of the storm",
            ratio=spread_of(shares),
            limit=_JUDGED_MOST,
            note=f"{per_s:,.0f} operations/s; a million in {1e6 / per_s:,.0f} s",
            figures={"operations": float(operations), "judged_per_s": per_s, "seconds": float(seconds)},
        ),
        Row(
            benchmark=JUDGING_NAME,
            case=f"resident size while judging {operations:,} / {fewer:,} operations",
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


def _rate(seed: int, *, records: bool) -> float:
    """Let one storm rage; return its operations, as Locust counts them, per processor second of its workers."""
    asked = _asked(_SECONDS, seed)
    ground = Ground(subject=asked.subject, choice=asked.choice, seed=seed, lease_s=LEASE_S, faults=())
    with (
        tempfile.TemporaryDirectory() as folder,
        Scene(ground) as scene,
        Gang(Path(folder), "127.0.0.1", free_port()) as gang,
    ):
        plan = replace(plan_of(asked, scene, str(gang.folder)), records=records)
        gang.lead(plan, workers=_PROCESSES, web=None)
        gang.recruit(plan, _PROCESSES)
        deadline_ns = clock.elapsed_ns() + int(_END_S * 1e9)
        spent_s: list[float] = []
        while gang.leader_ended() is None:
            if clock.elapsed_ns() > deadline_ns:
                raise WrongAnswerError(f"a storm of {_SECONDS} s did not end within {_END_S:g} s")
            if gang.status().get("state") == "running" and len(gang.pids) == _PROCESSES:
                spent_s.append(sum(map(_processor_s, gang.pids)))
            clock.pause_s(0.05)
        gang.gather()
        operations = int(gang.status()["operations"])
        written = sum(path.stat().st_size for path in gang.folder.glob("*.w*.jsonl"))
    if not operations or bool(written) != records:
        raise WrongAnswerError(f"a storm made {operations} operations and wrote {written} bytes")
    return operations / (spent_s[-1] - spent_s[0])


def _processor_s(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    fields = Path("/proc", str(pid), "stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / os.sysconf("SC_CLK_TCK")


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
    """Return the most memory that a process of its own takes to judge a run."""
    command = [sys.executable, "-m", "benchmarks.storm", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


if __name__ == "__main__":
    _judge(Path(sys.argv[1]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
