"""A fault strikes when its time has come, and a worker process only while others go on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from harness import clock
from harness import seed as seeds
from harness.nemesis.site import Site
from harness.storm import timeline as timelines
from harness.storm.inject import parse_inject
from harness.storm.timeline import Timeline
from harness.venue.process import VenueProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.storm.gang import Ended
    from harness.storm.plan import StormPlan


@dataclass
class Company:
    """Worker processes that are none: what is done to them is written down."""

    numbers: list[int] = field(default_factory=lambda: [1, 2])
    done: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def recruit(self, _plan: StormPlan, count: int) -> None:
        """Have so many."""
        self.numbers += range(len(self.numbers) + 1, count + 1)

    def kill(self, number: int) -> int:
        """Strike it off the list."""
        self.numbers.remove(number)
        self.done.append(f"kill {number}")
        return clock.shared_ns()

    def replace(self, number: int) -> None:
        """Have another one."""
        self.numbers.append(number + 10)

    def pause(self, number: int) -> str:
        """Write it down."""
        self.done.append(f"pause {number}")
        return "seen"

    def resume(self, number: int) -> None:
        """Write it down."""
        self.done.append(f"resume {number}")

    def ended(self) -> list[Ended]:
        """Nobody."""
        return []

    def gather(self) -> None:
        """Nothing is to be had."""


@pytest.fixture
def venue() -> Iterator[VenueProcess]:
    """Run a venue."""
    with VenueProcess() as process:
        yield process


def _timeline(venue: VenueProcess, company: Company, text: str, *, joined: int = 2) -> Timeline:
    return Timeline(
        faults=parse_inject(text, seconds=10),
        site=Site(),
        company=company,
        control=venue.control,
        joined=lambda: joined,
        draw=seeds.stream(7, "timeline"),
    )


def test_a_pause_begins_and_ends_in_its_time(venue: VenueProcess) -> None:
    """Before it nothing happens; what goes on is told, and healed at its end."""
    company = Company()
    timeline = _timeline(venue, company, "pause@2s..4s")
    timeline.tick(1.9)
    assert (company.done, timeline.now, len(timeline.left)) == ([], "", 1)
    timeline.tick(2.0)
    assert (company.done[0][:5], timeline.now, timeline.left) == ("pause", "pause", [])
    timeline.tick(4.0)
    assert [word.partition(" ")[0] for word in company.done] == ["pause", "resume"]
    (told,) = [struck.told() for struck in timeline.struck]
    assert (told.kind, told.witness, timeline.now) == ("worker_pause", "seen", "")


def test_all_is_healed_at_the_end(venue: VenueProcess) -> None:
    """Also what would have gone on for longer."""
    company = Company()
    timeline = _timeline(venue, company, "pause@2s..4s")
    timeline.tick(2.0)
    timeline.heal()
    assert company.done[-1].startswith("resume")


@pytest.mark.parametrize("joined", [0, 1])
def test_nobody_is_killed_who_works_alone(joined: int, venue: VenueProcess) -> None:
    """The kill waits for others; if they never come, it has not begun."""
    company = Company()
    timeline = _timeline(venue, company, "kill@1s", joined=joined)
    timeline.tick(5.0)
    assert (company.done, timeline.struck, len(timeline.left)) == ([], [], 1)


def test_who_was_killed_a_moment_ago_does_not_count(venue: VenueProcess) -> None:
    """Locust has not noticed yet that it is dead."""
    timeline = _timeline(venue, Company(), "kill@1s")
    timeline.deaths[3] = clock.shared_ns()
    timeline.tick(5.0)
    assert timeline.struck == []


def test_whoever_lands_an_effect_is_killed_before_it_hears_of_it(venue: VenueProcess) -> None:
    """The line of the book names it, and another one takes its place; then the venue keeps nothing back any more."""
    company, over = Company(), threading.Event()
    timeline = _timeline(venue, company, "kill@1s")

    def work() -> int:
        done = 0
        while not over.is_set():
            done += 1
            venue.client().effect(f"k{done}", {}, "order", f"w2.{done}")
        return done

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        timeline.tick(1.0)
        over.set()
        done = working.result()
    (struck,) = timeline.struck
    assert (company.done, set(timeline.deaths), 12 in company.numbers) == (["kill 2"], {2}, True)
    assert (struck.process.partition(".")[0], struck.at) == ("w2", "between effect and mark")
    key = struck.process.replace("w2.", "k")
    assert f"{key} was in the book and its reply was kept back" in struck.witness
    assert venue.control.look_up(key)["found"]
    assert done >= int(key[1:])


def test_a_kill_that_met_nobody_has_no_witness(venue: VenueProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says why."""
    monkeypatch.setattr(timelines, "_CHOSEN_S", 0.02)
    monkeypatch.setattr(timelines, "_ANY_S", 0.02)
    company = Company()
    timeline = _timeline(venue, company, "kill@1s")
    timeline.tick(1.0)
    (struck,) = timeline.struck
    assert (struck.witness, company.done) == ("", [])
    assert "no effect of a worker process landed within 0.04 s" in struck.problem
