"""What all workers wrote becomes one record: nothing is lost, nothing is out of order, what is open is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness import seed as seeds
from harness.storm.merging import merge, spread_book
from harness.storm.recording import Recording, as_line, bucket_file, bucket_of
from harness.storm.survey import Left, survey
from harness.storm.tests.written import BUCKETS, call, executed, key_of, write, write_book
from harness.venue.book import Book
from verify.history.events import Event, Phase
from verify.history.words import Outcome
from verify.run_layout import HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COMMON: list[Event] = [Phase(name="workload", at_ns=1), Phase(name="redeliver", at_ns=10**9)]


def _survey(folder: Path, *, deaths: dict[int, int] | None = None, most_settled: int = 100) -> Left:
    with Recording(folder, "harness", BUCKETS) as writing:
        return survey(
            folder,
            BUCKETS,
            deaths or {},
            writing,
            seeds.stream(1, "survey"),
            ended_ns=9_000,
            most_settled=most_settled,
        )


def _merged(
    folder: Path, out: Path, *, unfinished: Iterable[int] = (), common: Sequence[Event] = COMMON
) -> list[Any]:
    merge(folder, out, BUCKETS, common, set(unfinished), began_ns=0)
    return [json.loads(line) for line in (out / HISTORY).read_text("utf-8").splitlines()]


def test_what_is_open_is_found(run_folder: Path) -> None:
    """An order is open if its last delivery was not settled; a call without an answer died with its process."""
    write(run_folder, "w1", [*call(1, 1, key_of(1), 100), *call(1, 2, key_of(2), 200, answer=None)])
    busy = call(2, 1, key_of(1), 50, answer=Outcome.FAIL, word="in_progress")
    doubt = call(2, 2, key_of(3), 300, answer=Outcome.INDETERMINATE)
    conflict = call(2, 3, key_of(4), 400, answer=Outcome.FAIL, word="conflict")
    write(run_folder, "w2", [*busy, *doubt, *conflict, *call(2, 4, key_of(5), 500, answer=None)])
    left = _survey(run_folder, deaths={1: 7_777})
    assert {order.key for order in left.unsettled} == {key_of(2), key_of(3), key_of(5)}
    assert {order.key for order in left.settled} == {key_of(1), key_of(4)}
    assert (left.operations, left.open, left.cut_off, left.seen_settled) == (6, 2, 1, 2)
    died = {
        event["process"]: event["at_ns"]
        for event in _merged(run_folder, run_folder / "out")
        if event["event"] == "died"
    }
    assert died == {"w1.2": 7_777, "w2.4": 9_000}


def test_few_of_many_settled_orders_are_kept(run_folder: Path) -> None:
    """Memory does not grow with what is done, and any of it may be chosen."""
    write(run_folder, "w1", [event for n in range(90) for event in call(1, n + 1, key_of(n), n + 1)])
    left = _survey(run_folder, most_settled=10)
    assert (len(left.settled), left.seen_settled) == (10, 90)
    assert {int(order.key[-4:-2]) for order in left.settled} - set(range(10))


def test_all_events_of_a_key_are_in_order_in_one_history(run_folder: Path) -> None:
    """Whoever wrote them; the book's line stands between request and reply, and every history has the phases."""
    done, line = executed(1, 1, key_of(1), 1_000)
    write(run_folder, "w1", [*done, *call(1, 2, key_of(2), 5_000)])
    write(run_folder, "w2", call(2, 1, key_of(1), 1_150))
    write_book(run_folder, [line])
    events = _merged(run_folder, run_folder / "out")
    histories = {event["history"] for event in events}
    assert {key_of(1), key_of(2)} == {event["key"] for event in events if event["event"] == "invoke"}
    of_one = next(event["history"] for event in events if event["event"] == "landed")
    told = [event["event"] for event in events if event["history"] == of_one and event["at_ns"] < 4_000]
    assert told == ["phase", "invoke", "effect_call", "invoke", "landed", "effect_reply", "complete", "complete"]
    assert [event["history"] for event in events if event["event"] == "phase"] == sorted([*histories, *histories])
    assert list(run_folder.glob("*.jsonl")) == []


def test_orders_that_were_not_delivered_again_are_not_called_stuck(run_folder: Path) -> None:
    """Their history does not enter the phase in which all must be settled."""
    write(run_folder, "w1", call(1, 1, key_of(1), 100, answer=Outcome.FAIL, word="in_progress"))
    bucket = bucket_of(key_of(1), BUCKETS)
    events = _merged(run_folder, run_folder / "out", unfinished={bucket})
    assert [event["name"] for event in events if event["event"] == "phase"] == ["workload"]


def test_a_line_that_was_cut_off_is_counted_and_left_out(run_folder: Path) -> None:
    """Whoever was killed while it wrote had not done what it was about to tell."""
    write(run_folder, "w1", call(1, 1, key_of(1), 100))
    bucket = bucket_of(key_of(1), BUCKETS)
    with (run_folder / bucket_file("w1", bucket)).open("ab") as file:
        file.write(as_line(call(1, 2, key_of(1), 200)[0])[:-9])
    merged = merge(run_folder, run_folder / "out", BUCKETS, COMMON, set(), began_ns=0)
    assert (merged.torn, merged.events, merged.buckets) == (1, 2, 1)


def test_the_book_is_spread_by_key(run_folder: Path) -> None:
    """Whatever stands in a key."""
    _, line = executed(1, 1, 'or"der\\-\u20ac', 1_000)
    book = run_folder / "book.jsonl"
    with Book(book) as written:
        written.append(line)
    with Recording(run_folder, "venue", BUCKETS) as writing:
        assert spread_book(book, writing, BUCKETS) == 1
    (path,) = run_folder.glob("*.venue.jsonl")
    assert json.loads(path.read_text("utf-8"))["key"] == line.key
    assert path.name == bucket_file("venue", bucket_of(line.key, BUCKETS))
