"""Long histories judged by several processes side by side; what they say together is what one alone would say.

This process reads the file once, takes its digest, and hands out blocks of whole histories; memory does not grow with
the file. A file that is damaged so that it cannot be cut between histories is left to one process. When a process
dies, what it was judging was not judged, and nothing is ever VALID.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from reports.stored_history import HEAD
from verify.history.judge import Survey, judge_exploration, judgement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reports.schedule_index import ScheduleIndex
    from reports.stored_history import HistoryReader
    from verify.history.judgement import Judgement, ListedFinding
    from verify.history.record import ExplorationRecord

LONG = 32 << 20
"""Bytes of a file that is worth starting processes for: judging less takes as long as it takes them to start."""
BLOCK = 1 << 20
"""Bytes of a block, about."""
MOST = 8
"""Processes, at most: then it is the reading that takes the time."""

_LARGEST = 32
"""Blocks that one history may fill; a larger one leaves nothing to share out."""
_ROOT = Path(__file__).resolve().parents[1]


class Task(NamedTuple):
    """What a process is told first.

    Attributes:
        folder: The part's folder.
        record: What the part says of itself.
        explored: Its schedules.
    """

    folder: Path
    record: ExplorationRecord
    explored: ScheduleIndex


class Shown(NamedTuple):
    """What a block shows.

    Attributes:
        survey: Its histories.
        met: Their numbers, in order.
        unscheduled: Those that no schedule gave.
        nameless: Lines that do not say which history they belong to.
    """

    survey: Survey
    met: list[int]
    unscheduled: list[int]
    nameless: int


class _UncutError(Exception):
    """The file is no row of histories, each in one piece and none too large."""


class _DiedError(Exception):
    """A process ended before it had said what a block shows. The message is a reason of the judgement."""


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def judge_histories(
    record: ExplorationRecord, reader: HistoryReader, replay_line: Callable[[ListedFinding], str]
) -> Judgement:
    """Judge all histories of a part; a long row of them is shared out over the processors.

    Args:
        record: What the part says of itself.
        reader: The histories; afterwards it knows what one pass over the file tells.
        replay_line: As :func:`judge_exploration`.

    Raises:
        OSError: The file cannot be read, or no process started.
    """
    processes = min(cores(), MOST)
    if processes > 1 and reader.path.stat().st_size >= LONG:
        survey = Survey(record)
        try:
            with _Hands(Task(reader.path.parent, record, reader.index), processes) as hands:
                hands.judge(survey, reader)
            return judgement_of(survey, replay_line)
        except _DiedError as error:
            reader.unjudged = True
            with reader.path.open("rb") as stored:
                reader.sha256 = hashlib.file_digest(stored, "sha256").hexdigest()
            return judgement_of(survey, replay_line, unjudged=str(error))
        except _UncutError:
            reader.forget()
    return judge_exploration(record, reader, replay_line)


def _blocks(reader: HistoryReader, size: int) -> Iterator[tuple[int, bytes, int]]:
    """Yield the number of each block's first line, a text, and how much of that it is; then the digest is known."""
    digest = hashlib.sha256()
    first, text = 1, b""
    with reader.path.open("rb") as stored:
        while read := stored.read(size):
            digest.update(read)
            text += read
            begins = _last_begins(text)
            if begins:
                yield first, text, begins
                first += text.count(b"\n", 0, begins)
                text = text[begins:]
            if len(text) > _LARGEST * size:
                raise _UncutError
    if text:
        yield first, text, len(text)
    reader.sha256 = digest.hexdigest()


def _last_begins(text: bytes) -> int:
    """Return where the history of the last whole line begins; 0 where none does.

    Whether what lies before it is of other histories is looked at again when these have been read.
    """
    end = text.rfind(b"\n")
    if end < 0:
        return 0
    named = HEAD.match(text, text.rfind(b"\n", 0, end) + 1)
    if named is None:
        raise _UncutError
    return 0 if text.startswith(named[0]) else text.find(b"\n" + named[0]) + 1


class _Hands:
    """The processes. As a context manager it leaves none behind."""

    def __init__(self, task: Task, count: int) -> None:
        self._task = task
        self._count = count
        self._processes: dict[Connection, subprocess.Popen[bytes]] = {}
        self._free: list[Connection] = []
        self._doing: dict[Connection, int] = {}
        self._shown: dict[int, Shown] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self.__exit__)
            for _ in range(self._count):
                self._start()
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for link, process in self._processes.items():
            link.close()
            process.kill()
            process.wait()
        self._processes.clear()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            # -P and our own root first: a package named `reports` of the user must not answer in our place.
            search = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "reports.judging_hand", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": search},
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
            link = Connection(ours.detach())
        self._processes[link] = process
        self._free.append(link)
        try:
            link.send(self._task)
        except OSError:
            raise self._died(link) from None

    def judge(self, survey: Survey, reader: HistoryReader) -> None:
        """Let every history be judged, and take into *survey* and *reader* what all of them show.

        Raises:
            _DiedError: A process ended. The survey holds what the others and it have judged before.
            _UncutError: The file cannot be judged in blocks.
        """
        try:
            self._judge(survey, reader)
        except _DiedError:
            for _, shown in sorted(self._shown.items()):
                _take_in(shown, survey, reader)
            raise

    def _judge(self, survey: Survey, reader: HistoryReader) -> None:
        joined = 0
        for number, (first, text, size) in enumerate(_blocks(reader, BLOCK)):
            if not self._free:
                joined = self._hear(survey, reader, joined)
            link = self._free.pop()
            self._doing[link] = number
            try:
                link.send(first)
                link.send_bytes(text, 0, size)
            except OSError:
                raise self._died(link) from None
        while self._doing:
            joined = self._hear(survey, reader, joined)

    def _hear(self, survey: Survey, reader: HistoryReader, joined: int) -> int:
        """Wait until a block was judged; take in, in their order, those whose turn it is; return how many were."""
        for link in wait(list(self._doing)):
            if not isinstance(link, Connection):
                raise TypeError(link)
            try:
                self._shown[self._doing.pop(link)] = link.recv()
            except (EOFError, OSError):
                raise self._died(link) from None
            self._free.append(link)
        while (shown := self._shown.pop(joined, None)) is not None:
            _take_in(shown, survey, reader)
            joined += 1
        return joined

    def _died(self, link: Connection) -> _DiedError:
        process = self._processes[link]
        process.kill()
        ended = process.wait()
        return _DiedError(
            f"a process that judged histories ended with {ended} before it was done, so that some were not judged"
        )


def _take_in(shown: Shown, survey: Survey, reader: HistoryReader) -> None:
    if shown.nameless:
        raise _UncutError
    for number in shown.met:
        if reader.seen[number]:
            raise _UncutError
        reader.seen[number] = 1
    reader.unscheduled += shown.unscheduled
    survey.join(shown.survey)
