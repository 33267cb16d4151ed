"""One connection of the blocking guard, against a peer that answers in its own way."""

from __future__ import annotations

import gc
import socket
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from safety_core.idempotency import GuardSettings
from safety_core.idempotency.connection import address_of
from safety_core.idempotency.link import Link, LinkPool
from safety_core.idempotency.store_failure import StoreFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASK = b"*1\r\n$4\r\nPING\r\n"


def _pool_to(listening: socket.socket) -> LinkPool:
    settings = GuardSettings(socket_timeout_s=0.05)
    return LinkPool(address_of(f"redis://127.0.0.1:{listening.getsockname()[1]}", settings))


def _with_an_idle_link(listening: socket.socket) -> tuple[LinkPool, Link]:
    pool = _pool_to(listening)
    link = pool.take()
    assert isinstance(link, Link)
    pool.give_back(link)
    return pool, link


@contextmanager
def _linked() -> Iterator[tuple[Link, socket.socket]]:
    """Yield a link and the peer behind it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        link = _pool_to(listening).take()
        assert isinstance(link, Link)
        peer, _ = listening.accept()
        with peer:
            yield link, peer
        link.connection.disconnect()


def test_guard_that_is_dropped_closes_its_idle_connections() -> None:
    """At once: it does not wait for the collector, which may find a socket before what would have closed it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pool, link = _with_an_idle_link(listening)
        assert link.connection._sock is not None
        del pool
        assert link.connection._sock is None


def test_collector_closes_the_connections_of_a_guard_before_it_finds_their_sockets() -> None:
    """Also where it comes to the socket first: else the user is warned of a socket that nobody has closed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pool, link = _with_an_idle_link(listening)
        circle: list[object] = [pool]
        circle.append(circle)
        sock = link.connection._sock
        del pool, link
        # What is held from outside keeps its place in the collector's order; the pool goes to the end of it.
        gc.collect()
        assert sock is not None
        del sock, circle
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            unraisable: list[object] = []
            with mock.patch.object(sys, "unraisablehook", unraisable.append):
                gc.collect()
        assert not unraisable


@pytest.mark.parametrize("begun", [b"", b"$5\r\nhal"], ids=["nothing", "half a reply"])
def test_peer_that_does_not_answer_in_time_leaves_the_command_open(begun: bytes) -> None:
    """The time limit of the settings ends the wait, and the connection is not used again."""
    with _linked() as (link, peer):
        peer.sendall(begun)
        failure = link.one(_ASK)
        assert isinstance(failure, StoreFailure)
        assert (failure.code, failure.applied_unknown) == ("TIMEOUT", True)
        assert link.connection._sock is None


def test_peer_that_takes_nothing_leaves_the_command_open() -> None:
    """A packet that no buffer holds is given up after the time limit."""
    with _linked() as (link, _):
        failure = link.one(b"x" * 50_000_000)
        assert isinstance(failure, StoreFailure)
        assert failure.applied_unknown
        assert link.connection._sock is None


def test_peer_that_hangs_up_leaves_the_command_open() -> None:
    """Nothing says whether the command was run."""
    with _linked() as (link, peer):
        peer.shutdown(socket.SHUT_WR)
        failure = link.one(_ASK)
        assert isinstance(failure, StoreFailure)
        assert (failure.code, failure.applied_unknown) == ("LOST", True)


def test_reply_is_read_whole_and_no_further() -> None:
    """A reply longer than one read arrives whole; one that came with it is the next command's."""
    long = b"a" * 10_000
    with _linked() as (link, peer):
        peer.sendall(b"$%d\r\n%b\r\n:7\r\n" % (len(long), long))
        assert link.one(_ASK) == long
        assert link.one(_ASK) == 7


def test_refusal_of_the_server_says_that_nothing_was_done() -> None:
    """An error reply is an answer, by whose first word the failure is known."""
    with _linked() as (link, peer):
        peer.sendall(b"-OOM command not allowed\r\n")
        failure = link.one(_ASK)
        assert isinstance(failure, StoreFailure)
        assert (failure.code, failure.applied_unknown) == ("OOM", False)
