"""What ``--inject`` says: which fault, of what size, at which second or from which to which. Reads text alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import WrongInputError
from harness.nemesis import bandwidth, jitter, latency, partition_workers, reset, server_kill, server_pause, slicing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.nemesis.fault import RealFault

KILL, PAUSE = "worker_kill", "worker_pause"
"""What befalls a worker process of the storm, under the names that stories use."""

_MOST = 1000
_DAY_S = 86_400.0
_FORM = "WORD[:SIZE]@FROM[..TO], as kill@10s or latency:200ms@20s..30s"
_SAME = {"jitter": "latency", "server_kill": "server_pause"}
"""Words that do the same thing in two ways, so that only one of them can be at a time."""
_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?)s")
_SIZE = re.compile(r"([0-9]{1,6})([A-Za-z/]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of ``--inject``.

    Attributes:
        kind: The fault, as histories name it.
        fault: The real fault; None for what befalls worker processes.
        argument: What its size is to the fault; empty where it takes none.
        unit: The unit of its size; empty for a number of times.
        usual: The size where none is said.
        lasts: Whether it has an end, after which it is healed.
        needs_proxy: Whether a Toxiproxy must stand between workers and server.
        what: What it does, for a list.
    """

    kind: str
    fault: RealFault[Any] | None = None
    argument: str = ""
    unit: str = ""
    usual: int = 1
    lasts: bool = True
    needs_proxy: bool = False
    what: str = ""


def _network(fault: RealFault[Any], what: str, argument: str = "", unit: str = "", usual: int = 0) -> Word:
    return Word(kind=fault.name, fault=fault, argument=argument, unit=unit, usual=usual, needs_proxy=True, what=what)


WORDS: Mapping[str, Word] = {
    "kill": Word(
        kind=KILL,
        lasts=False,
        what="SIGKILL of a worker process between an effect and its mark; another one takes its place. "
        "`kill:3@5s..20s` kills three, evenly spread.",
    ),
    "pause": Word(kind=PAUSE, what="SIGSTOP of a worker process; it goes on at the end."),
    "latency": _network(latency.FAULT, "Replies of Redis come so much later.", "milliseconds", "ms", 200),
    "jitter": _network(
        jitter.FAULT, "Replies come later by twice that at most; drawn by the proxy.", "milliseconds", "ms", 40
    ),
    "bandwidth": _network(bandwidth.FAULT, "So much passes of the replies.", "kilobytes_per_s", "KB/s", 100),
    "slicing": _network(slicing.FAULT, "Replies come in pieces of that size.", "bytes_each", "B", 64),
    "reset": _network(
        reset.FAULT, "Connections end with a reset, so long after they were opened.", "milliseconds", "ms"
    ),
    "partition": _network(partition_workers.FAULT, "Nothing passes, and no connection ends."),
    "server_pause": Word(kind=server_pause.FAULT.name, fault=server_pause.FAULT, what="SIGSTOP of Redis."),
    "server_kill": Word(
        kind=server_kill.FAULT.name,
        fault=server_kill.FAULT,
        what="SIGKILL of Redis; at the end it comes back with its append-only file.",
    ),
}
"""All words, in the order in which documents list them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """One fault of the timeline.

    Attributes:
        word: As it is written.
        size: Its size, in the unit of the word.
        from_s: When it begins, in seconds since the users began.
        to_s: When it is healed; of what has no end, when the last of several is done.
    """

    word: str
    size: int
    from_s: float
    to_s: float

    @property
    def meaning(self) -> Word:
        """What the word stands for."""
        return WORDS[self.word]

    @property
    def moments_s(self) -> tuple[float, ...]:
        """When it strikes: once, or as many times as it says, evenly spread."""
        if self.meaning.lasts:
            return (self.from_s,)
        step = (self.to_s - self.from_s) / max(1, self.size - 1)
        return tuple(self.from_s + step * at for at in range(self.size))

    def __str__(self) -> str:
        size = "" if self.size == self.meaning.usual else f":{self.size}{self.meaning.unit}"
        end = f"..{self.to_s:g}s" if self.to_s > self.from_s else ""
        return f"{self.word}{size}@{self.from_s:g}s{end}"


def parse_inject(text: str, *, seconds: float) -> tuple[Injected, ...]:
    """Return the faults of ``--inject``, in the order of their beginning; none of an empty text.

    Args:
        text: ``WORD[:SIZE]@FROM[..TO]``, separated by commas, as ``kill@10s,latency:200ms@20s..30s``.
        seconds: How long the storm lasts.

    Raises:
        WrongInputError: A part has no such form, no such word, another unit, or lies outside the storm.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    found = sorted((_parse(part, seconds) for part in parts), key=lambda each: (each.from_s, each.to_s, each.word))
    lasting = [each for each in found if each.meaning.lasts]
    for at, later in enumerate(lasting):
        for earlier in lasting[:at]:
            if later.from_s < earlier.to_s and _SAME.get(earlier.word, earlier.word) == _SAME.get(
                later.word, later.word
            ):
                raise WrongInputError(f"--inject: {earlier} and {later} overlap; expected one {later.word} at a time")
    return tuple(found)


def _parse(part: str, seconds: float) -> Injected:
    named, at, times = part.partition("@")
    word, colon, size_text = named.partition(":")
    if not at or not word or (colon and not size_text):
        raise WrongInputError(f"--inject: {part!r} is no fault; expected {_FORM}")
    if word not in WORDS:
        raise WrongInputError(f"--inject: unknown fault {word!r} in {part!r}; expected one of: {', '.join(WORDS)}")
    meaning = WORDS[word]
    begin, dots, end = times.partition("..")
    from_s = _time(part, begin)
    to_s = _time(part, end) if dots else from_s
    size = _size(part, meaning, size_text) if colon else meaning.usual
    if meaning.lasts and not dots:
        raise WrongInputError(f"--inject: {part!r} has no end; expected FROM..TO, as {word}@2s..4s")
    if to_s < from_s or (to_s == from_s and meaning.lasts):
        raise WrongInputError(f"--inject: {part!r} ends before it begins; expected FROM before TO")
    if size > 1 and not meaning.lasts and to_s == from_s:
        raise WrongInputError(f"--inject: {part!r} strikes {size} times; expected {word}:{size}@FROM..TO")
    if to_s > seconds:
        raise WrongInputError(f"--inject: {part!r} goes on after the storm, which lasts {seconds:g} s (--seconds)")
    return Injected(word=word, size=size, from_s=from_s, to_s=to_s)


def _time(part: str, text: str) -> float:
    read = _SECONDS.fullmatch(text)
    if read is None or float(read[1]) > _DAY_S:
        raise WrongInputError(f"--inject: {text!r} in {part!r} is no time; expected seconds, as 10s or 0.5s")
    return float(read[1])


def _size(part: str, meaning: Word, text: str) -> int:
    if meaning.lasts and not meaning.argument:
        raise WrongInputError(f"--inject: {part!r} has a size, and takes none; leave out :{text}")
    read = _SIZE.fullmatch(text)
    if read is None or read[2] != meaning.unit or not int(read[1]) or (not meaning.lasts and int(read[1]) > _MOST):
        expected = f"a whole number of {meaning.unit}" if meaning.unit else f"a whole number from 1 to {_MOST}"
        raise WrongInputError(f"--inject: {text!r} in {part!r} is no size; expected {expected}")
    return int(read[1])
