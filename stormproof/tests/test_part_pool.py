"""Parts of a campaign on several processes: the same verdicts, nothing lost where a process dies, nothing left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.processes.child import is_running
from harness.recorder import RunFolder
from harness.redis_server.choice import parse_choice
from stormproof.part_pool import ATTEMPTS, Errand, Lost, PartPool
from stormproof.parts import parts_of, selftest
from stormproof.tests.running import run
from verify.run_layout import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stormproof.part_run import Told

NAMES = ("broken.key_joined", "twin.key_joined", "broken.get_then_set", "twin.get_then_set")
CHOICE = parse_choice("embedded", allow_target=[])


def errands(folder: Path, *names: str) -> Iterator[Errand]:
    """Yield the parts *names* of a self-test in *folder*."""
    run_folder = RunFolder.create("selftest", 7, str(folder))
    for part in parts_of(selftest(()), seed=7):
        if part.name in names and part.plan is not None:
            expected = {"verdict": "INVALID", "checker": part.checker} if part.checker else "VALID"
            place = run_folder.part(part.name, role="instrument", expected=expected)
            yield Errand(str(run_folder.path), str(place), part.plan.to_object(), part.checker)


def ran(pool: PartPool, next_errand: Callable[[], Errand | None]) -> dict[str, Told | Lost]:
    """Run parts and return how each ended."""
    return {errand.name: told for errand, told in pool.run(next_errand)}


def pids(pool: PartPool) -> list[int]:
    """Return the process ids of the pool."""
    return [hand.linked.process.pid for hand in pool._hands]


def test_a_part_whose_process_was_killed_is_run_again(tmp_path: Path) -> None:
    """The first process is killed while it has its part; both parts are told, and no process is left."""
    coming = errands(tmp_path / "run", "twin.key_joined", "twin.get_then_set")
    seen: set[int] = set()
    with PartPool(CHOICE, 2) as pool:

        def next_errand() -> Errand | None:
            if len(pids(pool)) == 1 and not seen:
                pool._hands[0].linked.process.kill()
            seen.update(pids(pool))
            return next(coming, None)

        told = ran(pool, next_errand)
        seen.update(pids(pool))
    assert len(seen) == 3
    assert not [pid for pid in seen if is_running(pid)]
    assert set(told) == {"twin.get_then_set", "twin.key_joined"}
    for name in told:
        record = json.loads((tmp_path / "run" / "parts" / name / RECORD).read_text("utf-8"))
        assert record["exhausted"] is True


def test_a_part_that_kills_its_processes_is_lost_and_said_to_be(tmp_path: Path) -> None:
    """A few processes may die of a part; then it is left out with what is known, and the others go on."""
    with PartPool(CHOICE, 1) as pool:
        coming = errands(tmp_path / "run", "twin.key_joined", "twin.get_then_set")
        deaths: list[int] = []
        asked = pool._processes.start

        def start(module: str, number: int) -> object:
            linked = asked(module, number)
            if len(deaths) < ATTEMPTS:
                deaths.append(linked.process.pid)
                linked.process.kill()
            return linked

        pool._processes.start = start  # type: ignore[assignment,method-assign]
        told = ran(pool, lambda: next(coming, None))
    assert isinstance(told["twin.get_then_set"], Lost)
    assert "2 processes died of it" in told["twin.get_then_set"].why
    assert "VALID" in str(told["twin.key_joined"])


def test_a_campaign_on_several_processes_gives_what_one_gives(tmp_path: Path) -> None:
    """The verdicts are byte for byte the same, in the same order; each planted guard is caught by its checker."""
    only = [word for name in NAMES for word in ("--only", name)]
    command = ("campaign", "--tier", "instrument", *only, "--seed", "7", "--out", "run")
    verdicts = []
    for jobs in ("1", "2"):
        folder = tmp_path / jobs
        folder.mkdir()
        said = run(folder, *command, "--jobs", jobs)
        assert said.code == 3
        assert "Instrument: 4 of 4 planted guards and twins were seen for what they are." in said.out
        verdicts.append((folder / "run" / "verdict.json").read_bytes())
    assert verdicts[0] == verdicts[1]
    assert [row["name"] for row in json.loads(verdicts[0])["instrument"]] == sorted(NAMES, key=_place)


def _place(name: str) -> tuple[str, str]:
    kind, _, guard = name.partition(".")
    return guard, kind
