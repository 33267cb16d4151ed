"""The timeline of faults is read as it is written, and what is wrong in it is named."""

from __future__ import annotations

import pytest

from harness.errors import WrongInputError
from harness.nemesis.registry import find
from harness.storm.inject import KILL, PAUSE, WORDS, parse_inject


def test_faults_are_read_in_the_order_of_their_time() -> None:
    """Sizes, times and ends are those that were written; what was not said is as usual."""
    read = parse_inject("kill@10s, latency:150ms@20s..30s,kill:3@0.5s..2.5s,pause@1s..2s", seconds=30)
    told = ["kill:3@0.5s..2.5s", "pause@1s..2s", "kill@10s", "latency:150ms@20s..30s"]
    assert [str(fault) for fault in read] == told
    assert [fault.moments_s for fault in read] == [(0.5, 1.5, 2.5), (1.0,), (10.0,), (20.0,)]
    assert [(fault.size, fault.meaning.kind) for fault in read][2:] == [(1, "worker_kill"), (150, "latency")]
    assert parse_inject("", seconds=1) == ()
    assert str(parse_inject("latency@1s..2s", seconds=2)[0]) == "latency@1s..2s"


WRONG = {
    "kill": "is no fault; expected WORD",
    "kill@": "is no time",
    "kill:@1s": "is no fault",
    ":@1s": "is no fault",
    "kill@1s,,": "is no fault",
    "hurricane@1s": "unknown fault 'hurricane'.*expected one of: kill, pause, latency",
    "kill@1": "'1' in 'kill@1' is no time; expected seconds",
    "kill@1m": "is no time",
    "latency@1s": "has no end",
    "latency:20@1s..2s": "'20' in .* is no size; expected a whole number of ms",
    "latency:0ms@1s..2s": "is no size",
    "bandwidth:10KB@1s..2s": "expected a whole number of KB/s",
    "kill:0@1s..2s": "expected a whole number from 1 to 1000",
    "kill:2@1s": "strikes 2 times; expected kill:2@FROM..TO",
    "pause:3@1s..2s": "takes none; leave out :3",
    "partition:3@1s..2s": "takes none",
    "kill@40s": "goes on after the storm, which lasts 30 s",
    "latency@3s..2s": "ends before it begins",
    "latency@2s..2s": "ends before it begins",
    "latency@1s..3s,latency@2s..4s": "overlap; expected one latency at a time",
    "latency@1s..3s,jitter@2s..4s": "overlap",
    "server_kill@1s..3s,server_pause@2s..4s": "overlap",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named(text: str) -> None:
    """One line says which part it is, and what was expected."""
    with pytest.raises(WrongInputError, match=WRONG[text]) as refused:
        parse_inject(text, seconds=30)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)


def test_every_word_is_a_fault_that_stories_know() -> None:
    """What strikes in a storm is documented with its witness, and takes the size that it is given."""
    for word, meaning in WORDS.items():
        fault = find(meaning.kind)
        assert meaning.what, word
        if meaning.fault is None:
            assert meaning.kind in {KILL, PAUSE}
        else:
            assert fault is meaning.fault
            assert not meaning.argument or meaning.argument in fault.arguments
