"""Makes the server that ``--redis`` means, where it is one of our own: embedded, or in a container.

A container is not started for every use: within a process one of each kind is kept, and given out again once it is as
it was when it was new.
"""

from __future__ import annotations

import atexit
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import redis

from harness.containers.engine import Engine
from harness.errors import HarnessError
from harness.processes.faked_clock import find_library
from harness.redis_server.choice import ContainerChoice
from harness.redis_server.container_server import ContainerServer
from harness.redis_server.server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.redis_server.choice import OwnedChoice, RedisChoice
    from harness.redis_server.owned import OwnedServer


def check_provider(choice: RedisChoice) -> None:
    """See that what is to provide the server is there, before anything is begun.

    Raises:
        ContainersUnavailableError: No container engine answers, or the image is not to be had.
    """
    if isinstance(choice, ContainerChoice):
        engine = Engine()
        try:
            engine.pull(choice.image)
        finally:
            engine.close()


def make_owned(
    choice: OwnedChoice,
    *,
    appendonly: bool = False,
    config: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    controlled_clock: bool = True,
    in_host_network: bool = False,
) -> OwnedServer:
    """Return a server of *choice* that is not started yet.

    Args:
        choice: What ``--redis`` means.
        appendonly: Whether writes survive a kill and a restart.
        config: Further directives as in redis.conf, name to value.
        arguments: Further words for the program, such as ``--sentinel``.
        controlled_clock: Whether its clock shall be ours to move, where that can be.
        in_host_network: Of a container, see :class:`ContainerServer`; an embedded server always is.
    """
    if isinstance(choice, ContainerChoice):
        return ContainerServer(
            choice.image,
            appendonly=appendonly,
            config=config,
            arguments=arguments,
            in_host_network=in_host_network,
        )
    clock = controlled_clock and find_library() is not None and choice.binary.takes_clock
    return RedisServer(
        binary=choice.binary, appendonly=appendonly, config=config, arguments=arguments, controlled_clock=clock
    )


@contextmanager
def open_owned(
    choice: OwnedChoice,
    *,
    appendonly: bool = False,
    config: Mapping[str, str] | None = None,
    controlled_clock: bool = True,
) -> Iterator[OwnedServer]:
    """Have a server of *choice* for the length of the block, empty and as new.

    Args:
        choice: What ``--redis`` means.
        appendonly: Whether writes survive a kill and a restart.
        config: Further directives as in redis.conf, name to value.
        controlled_clock: Whether its clock shall be ours to move, where that can be.

    Raises:
        RedisUnavailableError: It did not start.
        ContainersUnavailableError: No engine answers, or the image is not to be had.
    """
    if not isinstance(choice, ContainerChoice):
        with make_owned(choice, appendonly=appendonly, config=config, controlled_clock=controlled_clock) as server:
            yield server
        return
    kind = choice.image, appendonly, tuple(sorted((config or {}).items()))
    idle = _kept_by_this_process().setdefault(kind, [])
    kept = idle.pop() if idle else _Kept(ContainerServer(choice.image, appendonly=appendonly, config=config))
    try:
        yield kept.server
    except BaseException:
        # What a broken-off run leaves behind is not worth a look.
        with suppress(HarnessError):
            kept.server.stop()
        raise
    if kept.is_as_new():
        idle.append(kept)
    else:
        kept.server.stop()


class _Kept:
    """A server in a container, and what it was like when it was new."""

    def __init__(self, server: ContainerServer) -> None:
        self.server = server.start()
        self._was = self._likeness()

    def is_as_new(self) -> bool:
        """Empty the server, and say whether it can be given out again."""
        try:
            if not self.server.is_running:
                self.server.restart()
            with self.server.client() as client:
                client.client_kill_filter(_type="normal", skipme=True)
                client.flushall()
                client.script_flush()
            return self._likeness() == self._was
        except (HarnessError, redis.RedisError):
            return False

    def _likeness(self) -> tuple[object, object]:
        with self.server.client() as client:
            return client.config_get("*"), client.acl_list()


_Kind = tuple[str, bool, tuple[tuple[str, str], ...]]
_kept: dict[int, dict[_Kind, list[_Kept]]] = {}


def _kept_by_this_process() -> dict[_Kind, list[_Kept]]:
    """Return what is kept; a forked copy of the process begins with nothing."""
    if os.getpid() not in _kept:
        _kept.clear()
    return _kept.setdefault(os.getpid(), {})


@atexit.register
def stop_kept() -> None:
    """Stop what is kept by this process."""
    for idle in _kept_by_this_process().values():
        while idle:
            with suppress(HarnessError):
                idle.pop().server.stop()
