"""Ctrl-C and SIGTERM in each phase: exit 130, everything gone, the partial run kept and marked, never VALID."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.processes.family import descendants
from stormproof.tests.running import TIME_LIMIT_S, run, start, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.redis_server.server import RedisServer


def _left_by(processes: set[int]) -> list[Path]:
    """Return the temporary folders that these processes have made and that are there."""
    return [lock.parent for lock in Path("/tmp").glob("sp-*/owner.lock") if _owner(lock) in processes]  # noqa: S108 - only looked at


def _owner(lock: Path) -> int:
    try:
        return int(lock.read_text("ascii") or 0)
    except FileNotFoundError:
        return 0


def _grows(path: Path) -> Callable[[], bool]:
    return lambda: path.exists() and path.stat().st_size > 0


PHASES = {
    "instrument": (("campaign",), "run/parts/twin.always_in_doubt/exploration.json"),
    "explore": (("campaign", "--tier", "explore"), "run/parts/reference-2-workers-1-fault/history.jsonl"),
    "story": (("campaign", "--only", "kill_redis"), "run/parts/kill_redis-reference"),
    "trials": (("properties", "--subject", "twin.get_then_set"), "run/parts/properties-twin.get_then_set/schedules"),
    "lattice": (("campaign", "--only", "durability"), "run/parts/durability-reference"),
    "explore-alone": (("explore", "--subject", "reference"), "run/schedules/explored.tsv"),
    "storm": (("storm", "--seconds", "60"), "run/parts/storm/workers/status.jsonl"),
    "proxy": (("explore", "--subject", "reference", "--gate", "proxy"), "run/schedules/explored.tsv"),
}


@pytest.mark.in_turn(2)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["sigint", "sigterm"])
@pytest.mark.parametrize("phase", PHASES)
def test_an_interrupted_run_leaves_nothing_behind(phase: str, number: int, tmp_path: Path) -> None:
    """No process, no temporary folder, no shared memory; the run says that it was interrupted."""
    words, sign = PHASES[phase]
    process = start(tmp_path, *words, "--out", "run")
    wait_for(_grows(tmp_path / sign) if sign.endswith(("l", "v", "n")) else (tmp_path / sign).is_dir)
    wait_for(lambda: len(_left_by({process.pid, *descendants(process.pid)})) > 0)
    started = descendants(process.pid)
    process.send_signal(number)
    process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == 130
    assert not [pid for pid in started if Path("/proc", str(pid)).exists()]
    assert not _left_by({process.pid, *started})
    run = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert run["interrupted"] is True
    verdict = json.loads((tmp_path / "run" / "verdict.json").read_text("utf-8"))
    assert verdict["verdict"] == "UNKNOWN"
    assert any("interrupted" in reason for reason in verdict["reasons"])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("explore", "--workers", "3"), "run"),
        (("campaign", "--tier", "explore"), "run/parts/broken.get_then_set-2-workers-1-fault"),
    ],
    ids=["alone", "part"],
)
def test_what_an_interrupted_exploration_has_found_can_be_replayed(
    words: tuple[str, ...], part: str, tmp_path: Path
) -> None:
    """Each replay line names a schedule that is there, as it was explored, and shows the finding again."""
    process = start(tmp_path, *words, "--subject", "broken.get_then_set", "--out", "run")
    wait_for(_grows(tmp_path / part / "schedules" / "explored.tsv"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == 130
    exploration = json.loads((tmp_path / part / "exploration.json").read_text("utf-8"))
    assert exploration["reason"] == "interrupted"
    findings = json.loads((tmp_path / part / "verdict.json").read_text("utf-8"))["findings"]
    schedules = [Path(finding["replay"].split()[-1]) for finding in findings]
    assert schedules
    assert all((tmp_path / schedule).is_file() for schedule in schedules)
    assert run(tmp_path, "replay", str(schedules[0])).code == 1


@pytest.mark.in_turn(1)
@pytest.mark.parametrize("gate", ["greenlet", "proxy"])
def test_an_interrupted_run_on_an_external_server_removes_its_keys(
    gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """After Ctrl-C somebody else's server holds what it held before, and nothing else."""
    client = redis_server.client()
    client.set("yours", "untouched")
    target = f"127.0.0.1:{redis_server.port}"
    external = ("--redis", f"redis://{target}", "--allow-target", target)
    process = start(tmp_path, "explore", "--subject", "reference", "--gate", gate, "--out", "run", *external)
    wait_for(_grows(tmp_path / "run" / "schedules" / "explored.tsv"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == 130
    assert client.keys("*") == [b"yours"]
