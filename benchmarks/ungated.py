"""What the explorer is held against: the same commands, by clients of redis-py or from a bare socket.

As many clients are made, and as many commands are sent, as an exploration made and sent. They are put together from
first calls of fresh keys and from replays, over the same kind of connection, and nobody holds them.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

import redis

from benchmarks.pass_through import PassThrough
from benchmarks.workload import PAYLOAD, RECEIPT, WrongAnswerError
from harness.explorer.gate.commands import SETUP
from harness.explorer.gate.resp import RequestReader
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.exploring import Explored
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject

_LEASE_S = 300.0
_RECEIVED = 65_536
_numbers = count()

_PAYLOAD = {**PAYLOAD, "account": "2"}


def _effect(*_args: object, **_more: object) -> dict[str, object]:
    return RECEIPT


def _fresh_key() -> str:
    return f"rate{next(_numbers):010d}"


@dataclass(frozen=True, slots=True)
class Mix:
    """How the guards of an exploration are put together from first calls and replays.

    Attributes:
        first: Share of first calls, 0 to 1.
        makes: Guards that one schedule makes, on the average.
    """

    first: float
    makes: float


class Ungated:
    """The calls of one subject on one server, by hand."""

    def __init__(self, name: str, server: RedisServer) -> None:
        """Prepare the store, and learn what a first call and a replay send."""
        self._subject: Subject = load_subject(name)
        self._url = server.url
        self._path = str(server.unix_path)
        self._subject.prepare(server.url)
        self._key = ""
        # The first call of all loads scripts.
        self._call(self._url, is_first=True)
        with PassThrough.to(server, records=True) as proxy:
            self._first, self._replay = (self._recorded(proxy, is_first=is_first) for is_first in (True, False))

    @property
    def commands(self) -> tuple[int, int]:
        """How many commands a first call sends, and how many a replay."""
        return len(self._first), len(self._replay)

    def mix(self, explored: Explored) -> Mix:
        """Return the mix with as many guards and commands as *explored* had.

        Where all calls send the same number, one in three is a first one: two workers and one redelivery.
        """
        first, replay = self.commands
        share = 1 / 3
        if first != replay:
            share = (explored.commands / explored.makes - replay) / (first - replay)
        return Mix(min(1.0, max(0.0, share)), explored.makes / explored.schedules)

    def fresh_clients_s(self, mix: Mix, schedules: int) -> float:
        """Return the seconds that the commands of so many schedules take, each call by a fresh client of redis-py."""
        return self._by_redis_py_s(mix, schedules, lambda: redis.Redis.from_url(self._url))

    def one_client_s(self, mix: Mix, schedules: int) -> float:
        """Return the seconds that the commands of so many schedules take, all by one client of redis-py."""
        client = redis.Redis.from_url(self._url)
        try:
            return self._by_redis_py_s(mix, schedules, lambda: client)
        finally:
            client.close()

    def commands_s(self, mix: Mix, schedules: int) -> float:
        """Return the seconds that the bare commands of so many schedules take, from one connected socket."""
        with socket.socket(socket.AF_UNIX) as bare:
            bare.connect(self._path)
            key = self._key.encode()
            began = perf_counter()
            for is_first in turns(mix, schedules):
                if is_first:
                    key = _fresh_key().encode()
                for command in self._first if is_first else self._replay:
                    bare.sendall(command.replace(self._key.encode(), key))
                    if not bare.recv(_RECEIVED):
                        raise WrongAnswerError("the server closed the connection of the bare socket")
            return perf_counter() - began

    def _by_redis_py_s(self, mix: Mix, schedules: int, client_for_call: Callable[[], redis.Redis]) -> float:
        first, replay = ([_words(raw) for raw in each] for each in (self._first, self._replay))
        old, key = self._key.encode(), self._key.encode()
        began = perf_counter()
        for is_first in turns(mix, schedules):
            if is_first:
                key = _fresh_key().encode()
            client = client_for_call()
            for words in first if is_first else replay:
                client.execute_command(  # type: ignore[no-untyped-call]  # redis-py has no type for it
                    *(word.replace(old, key) for word in words)
                )
        return perf_counter() - began

    def _call(self, url: str, *, is_first: bool) -> None:
        if is_first:
            self._key = _fresh_key()
        self._subject.load()(url, _LEASE_S)(self._key, dict(_PAYLOAD), _effect)

    def _recorded(self, proxy: PassThrough, *, is_first: bool) -> list[bytes]:
        """Make a call; return what it sends behind the set-up of its connection."""
        proxy.sent.clear()
        self._call(f"redis://127.0.0.1:{proxy.port}", is_first=is_first)
        return [request.raw for request in RequestReader().feed(bytes(proxy.sent)) if request.name not in SETUP]


def _words(raw: bytes) -> list[bytes]:
    (request,) = RequestReader().feed(raw)
    return request.words


def turns(mix: Mix, schedules: int) -> Iterator[bool]:
    """Yield for each call whether it is a first one, evenly mixed; the first of all is."""
    due = 1.0 - mix.first
    for _ in range(round(schedules * mix.makes)):
        due += mix.first
        is_first = due >= 1.0
        due -= is_first
        yield is_first
