"""The venue's own process: what it acknowledged stays, whoever is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import clock
from harness.processes.child import is_running, wait_until_gone
from harness.venue import mischief
from harness.venue.errors import EffectTimeout, VenueUnavailableError
from harness.venue.process import VenueProcess

_ROOT = Path(__file__).resolve().parents[3]
_PERFORM_50 = """
import sys
from harness.venue.client import VenueClient
client = VenueClient(sys.argv[1])
for number in range(50):
    client.effect("even" if number % 2 else "odd", {"number": number}, "order", sys.argv[2])
"""
_START_AND_WAIT = """
import sys
from harness.venue.process import VenueProcess
venue = VenueProcess().start()
print(venue.pid, venue.socket_path.parent, flush=True)
sys.stdin.read()
"""


def test_killed_venue_keeps_what_it_acknowledged(run_folder: Path) -> None:
    """SIGKILL right after a reply: the book has the line, dated by the shared clock."""
    before_ns = clock.shared_ns()
    with VenueProcess(run_folder) as venue:
        client = venue.client()
        receipt = client.effect("a", {"quantity": 1}, order_id="o1", fence=3)
        os.kill(venue.pid, signal.SIGKILL)
        venue.kill()
        (line,) = venue.read_book().entries
        with pytest.raises(ConnectionRefusedError):
            client.effect("a", {"quantity": 1})
    assert (receipt["receipt_id"], line.key, line.n, line.order_id, line.fence) == ("a/1", "a", 1, "o1", 3)
    assert line.at_ns is not None
    assert before_ns < line.at_ns < clock.shared_ns()
    assert venue.book_path.exists()
    assert not venue.socket_path.parent.exists()


def test_four_processes_number_each_key_without_gaps() -> None:
    """Four clients in parallel land 200 effects; each key's numbers run from 1 without gap or repeat."""
    with VenueProcess() as venue:
        clients = [
            subprocess.Popen([sys.executable, "-c", _PERFORM_50, str(venue.socket_path), f"p{number}"], cwd=_ROOT)
            for number in range(4)
        ]
        assert venue.control.wait_landed(200, timeout_s=30) == 200
        assert [client.wait() for client in clients] == [0] * 4
        entries = venue.read_book().entries
    for key in ("even", "odd"):
        assert [line.n for line in entries if line.key == key] == list(range(1, 101))
    assert {line.process for line in entries} == {"p0", "p1", "p2", "p3"}


def test_held_replies_wait_while_effects_land() -> None:
    """hold() keeps the reply, not the effect; release() lets the caller go on."""
    with VenueProcess() as venue, ThreadPoolExecutor(1) as worker:
        venue.control.hold()
        reply = worker.submit(venue.client().effect, "a", 1)
        assert venue.control.wait_landed(1) == 1
        assert not reply.done()
        venue.control.release()
        assert reply.result(timeout=10)["receipt_id"] == "a/1"


def test_replies_are_held_from_the_effect_on_that_was_asked_for() -> None:
    """hold(after=2) answers two effects more, and says how many there were; the third one's caller waits."""
    with VenueProcess() as venue, ThreadPoolExecutor(1) as worker:
        venue.client().effect("a", 1)
        assert venue.control.hold(after=2) == 1
        assert [venue.client().effect("a", 1)["receipt_id"] for _ in range(2)] == ["a/2", "a/3"]
        reply = worker.submit(venue.client().effect, "a", 1)
        assert venue.control.wait_landed(4) == 4
        assert not reply.done()
        venue.control.release()
        assert reply.result(timeout=10)["receipt_id"] == "a/4"
        assert venue.client().effect("a", 1)["receipt_id"] == "a/5"


def test_caller_that_ran_out_of_patience_learns_nothing() -> None:
    """A held reply ends in the caller's own timeout, which is ambiguous, and the effect is in the book."""
    with VenueProcess() as venue:
        venue.control.hold()
        with pytest.raises(EffectTimeout) as caught:
            venue.client(timeout_s=0.1).effect("a", 1)
        assert not caught.value.definite
        assert venue.control.wait_landed(1) == 1


def test_slow_request_does_not_hold_up_others() -> None:
    """One caller's slow request passes its time alone, and lands after a quick one that came later."""
    with VenueProcess() as venue:
        venue.control.plan(mischief.slow(1.0), key="slow", nth=1)
        slow = threading.Thread(target=venue.client().effect, args=("slow", 1))
        slow.start()
        venue.client().effect("quick", 1)
        slow.join()
        assert {line.key for line in venue.control.take()} == {"quick", "slow"}
        assert venue.control.take()[0].key == "quick"


def test_nonsense_does_not_stop_the_venue() -> None:
    """A malformed request is answered as one, and the next caller is served."""
    with VenueProcess() as venue:
        with pytest.raises(ValueError, match="unknown request"):
            venue.control._call({"do": "dance"})
        with pytest.raises(ValueError, match="fields"):
            venue.control._call({"do": "effect", "colour": "red"})
        assert venue.client().effect("a", 1)["receipt_id"] == "a/1"


def test_waiting_for_too_much_ends_with_words() -> None:
    """wait_landed() has a deadline and says what did not happen."""
    with VenueProcess() as venue, pytest.raises(VenueUnavailableError, match="for 1 effects"):
        venue.control.wait_landed(1, timeout_s=0.05)


def test_second_venue_cannot_write_to_the_first_ones_book(run_folder: Path) -> None:
    """A venue whose book exists does not start, and says why."""
    with VenueProcess(run_folder), pytest.raises(VenueUnavailableError, match="never reopened"):
        VenueProcess(run_folder).start()


def test_venues_are_forked_by_one_interpreter_and_share_nothing() -> None:
    """Two books, two processes of one parent, which is no process of the test; the end of one is not the other's."""
    with VenueProcess() as one, VenueProcess() as other:
        assert _parent(one.pid) == _parent(other.pid) != os.getpid()
        one.client().effect("a", 1)
        one.kill()
        assert other.client().effect("a", 1)["receipt_id"] == "a/1"
        assert [len(venue.read_book().entries) for venue in (one, other)] == [1, 1]


def test_next_venue_does_not_need_the_interpreter_that_died() -> None:
    """Killed with all its venues, it is replaced by another one."""
    with VenueProcess() as lost:
        forker = _parent(lost.pid)
        os.kill(forker, signal.SIGKILL)
        assert wait_until_gone(forker)
        assert wait_until_gone(lost.pid)
        with VenueProcess() as venue:
            assert venue.client().effect("a", 1)["receipt_id"] == "a/1"
            assert _parent(venue.pid) != forker


def _parent(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    return int(stat.rpartition(")")[2].split()[1])


def test_venue_dies_with_its_killed_parent() -> None:
    """SIGKILL of the process that started a venue takes the venue along."""
    with subprocess.Popen(
        [sys.executable, "-c", _START_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, _, folder = parent.stdout.readline().strip().partition(" ")
        assert is_running(int(pid))
        os.kill(parent.pid, signal.SIGKILL)
        assert wait_until_gone(int(pid))
    shutil.rmtree(folder, ignore_errors=True)


def test_reply_to_one_process_is_kept_back_while_others_are_answered() -> None:
    """Whoever is caught has its effect in the book and no answer until it is let go; the others go on."""
    with VenueProcess() as venue, ThreadPoolExecutor(3) as pool:
        caught = pool.submit(venue.control.catch, "w2.", timeout_s=10.0)
        answered = [venue.client().effect(f"k{n}", {}, "order", "w1.1") for n in range(3)]
        slow = pool.submit(venue.client(timeout_s=10.0).effect, "slow", {}, "order", "w2.7")
        line = caught.result()
        assert line is not None
        assert (line.key, line.process, slow.done()) == ("slow", "w2.7", False)
        assert venue.client().effect("after", {}, "order", "w1.2")["receipt_id"] == "after/1"
        venue.control.let_go()
        assert slow.result()["receipt_id"] == "slow/1"
    assert len(answered) == 3


def test_nobody_is_caught_where_nothing_lands() -> None:
    """Whoever waits for an effect that does not come is told so, and nothing is kept back afterwards."""
    with VenueProcess() as venue:
        assert venue.control.catch("w2.", timeout_s=0.05) is None
        venue.control.let_go()
        assert venue.client().effect("a", {}, "order", "w2.1")["receipt_id"] == "a/1"
