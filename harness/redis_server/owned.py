"""A server that the harness started, whatever provides it: what stories, faults and topologies may ask of it.

An embedded server and one in a container answer to the same words, so that one story runs on each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    import redis

    from harness.redis_server.identity import ServerIdentity


@runtime_checkable
class OwnedServer(Protocol):
    """A server to be killed at will. As a context manager it leaves nothing behind."""

    @property
    def url(self) -> str:
        """Where clients of this machine find it; the same after every restart."""

    @property
    def tcp_url(self) -> str:
        """The same server on its loopback port."""

    @property
    def port(self) -> int:
        """Its loopback TCP port; 0 before the first start."""

    @property
    def pid(self) -> int:
        """Its process, as this machine numbers it."""

    @property
    def has_clock(self) -> bool:
        """Whether :meth:`advance` works on it."""

    @property
    def moved_s(self) -> float:
        """How far its clock was moved in all, in seconds."""

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(self, *_: object) -> None:
        """Stop."""

    def start(self) -> Self:
        """Start afresh and return when it answers PONG."""

    def stop(self) -> None:
        """Kill it and remove all it had. May be called twice, and after a failed start."""

    def kill(self) -> None:
        """SIGKILL it, and return when it is gone."""

    def restart(self) -> None:
        """Start it again at the same address with the data that it kept; kill it first where it runs."""

    def pause(self) -> None:
        """SIGSTOP it: it answers nobody, and its connections stay open, until :meth:`resume`."""

    def resume(self) -> None:
        """SIGCONT it."""

    def advance(self, seconds: float) -> float:
        """Move its wall clock by *seconds* (> 0); return the jump that TIME showed, in seconds."""

    def client(self, *, timeout_s: float = 5.0) -> redis.Redis:
        """Return a client that never retries by itself; :meth:`stop` closes it."""

    def identity(self) -> ServerIdentity:
        """Return what the report says of it; the run id changes with every start."""

    def log_tail(self) -> str:
        """Return the end of its log."""
