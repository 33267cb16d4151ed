"""What the server said, as values. What it did not say is never guessed: reading it raises NotSeenError."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPLICA = re.compile(r"slave\d+")


class NotSeenError(Exception):
    """A value that a check needs was not shown; the message says which, and why."""


@final
@dataclass(frozen=True, slots=True)
class Replica:
    """One replica as its primary sees it.

    Attributes:
        name: `HOST:PORT`.
        state: `online` when it follows the stream of writes.
        lag_s: Seconds since its last word.
    """

    name: str
    state: str
    lag_s: float

    def is_good(self, max_lag_s: float) -> bool:
        """Whether it follows, and spoke within `max_lag_s`."""
        return self.state == "online" and 0 <= self.lag_s <= max_lag_s


@final
@dataclass(frozen=True, slots=True)
class Identity:
    """Which server this is, and which history of writes it has.

    Attributes:
        run_id: Changes with every start.
        replication_id: Changes with every failover.
        former_replication_id: The one before a failover; zeros where there was none.
    """

    run_id: str
    replication_id: str
    former_replication_id: str


@final
@dataclass(frozen=True, slots=True)
class AuditFolder:
    """The folder of the audit records, as a look at it found it.

    Attributes:
        path: As it was given.
        exists: Whether it is a folder.
        trouble: Why no file could be written there; empty where one was.
    """

    path: str
    exists: bool
    trouble: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """All that the checks may look at.

    Attributes:
        info: Fields of INFO; empty where it was refused.
        config: Values of CONFIG GET by name, as far as they were shown.
        features: Which of the commands asked about the server knows; None where it did not say.
        refused: What was refused, and with which words.
        client_retries: How often the application's client repeats a command by itself; None where none was given.
        before: The server that was seen at the last look; None at the first.
        audit_folder: What a look at the audit folder found; None where nobody looked.
    """

    info: Mapping[str, str]
    config: Mapping[str, str] = field(default_factory=dict)
    features: frozenset[str] | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    client_retries: int | None = None
    before: Identity | None = None
    audit_folder: AuditFolder | None = None

    def said(self, name: str) -> str:
        """Return a field of INFO.

        Raises:
            NotSeenError: It is not there.
        """
        if name not in self.info:
            raise NotSeenError(self._unseen("INFO", name))
        return self.info[name]

    def number(self, name: str) -> int:
        """Return a field of INFO that is a whole number.

        Raises:
            NotSeenError: It is not there, or is none.
        """
        return _whole(name, self.said(name))

    def setting(self, name: str) -> str:
        """Return a value of CONFIG GET.

        Raises:
            NotSeenError: It was not shown.
        """
        if name not in self.config:
            raise NotSeenError(self._unseen(f"CONFIG GET {name}", name))
        return self.config[name]

    def whole_setting(self, name: str) -> int:
        """Return a value of CONFIG GET that is a whole number.

        Raises:
            NotSeenError: It was not shown, or is none.
        """
        return _whole(name, self.setting(name))

    @property
    def server(self) -> str:
        """Name and version of the server, as `valkey 9.1.2`; empty where it does not say."""
        name = self.info.get("server_name", "redis")
        version = self.info.get(f"{name}_version")
        return f"{name} {version}" if version else ""

    @property
    def has_append_only_file(self) -> bool:
        """Whether every write is appended to a file."""
        return self.number("aof_enabled") == 1 if "aof_enabled" in self.info else self.setting("appendonly") == "yes"

    @property
    def maxmemory(self) -> int:
        """Limit of the memory in bytes; 0 for none."""
        return self.number("maxmemory") if "maxmemory" in self.info else self.whole_setting("maxmemory")

    @property
    def eviction_policy(self) -> str:
        """What the server does at its limit."""
        return self.info.get("maxmemory_policy") or self.setting("maxmemory-policy")

    @property
    def version(self) -> tuple[int, int]:
        """First two numbers of the version of Redis that the server is, or says that it is compatible with."""
        text = self.said("redis_version")
        match = re.match(r"(\d+)\.(\d+)", text)
        if match is None:
            raise NotSeenError(f"INFO says redis_version {text!r}, which is no version")
        return int(match[1]), int(match[2])

    @property
    def identity(self) -> Identity:
        """Which server this is."""
        return Identity(self.said("run_id"), self.said("master_replid"), self.said("master_replid2"))

    @property
    def is_primary(self) -> bool:
        """Whether it takes writes of its own."""
        return self.said("role") == "master"

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """The replicas that are connected to this primary."""
        self.said("connected_slaves")
        return tuple(_replica(text) for name, text in self.info.items() if _REPLICA.fullmatch(name))

    def knows(self, command: str, *, since: tuple[int, int]) -> bool:
        """Return whether the server knows a command; where it does not tell, its version does."""
        return command in self.features if self.features is not None else self.version >= since

    def _unseen(self, question: str, name: str) -> str:
        words = self.refused.get(question)
        return f"{name} is not known: {question} {f'was refused ({words})' if words else 'does not show it'}"


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise NotSeenError(f"{name} is {text!r}, which is no whole number") from None


def _replica(text: str) -> Replica:
    held = dict(pair.partition("=")[::2] for pair in text.split(","))
    lag = held.get("lag", "")
    name = f"{held.get('ip', '?')}:{held.get('port', '?')}"
    return Replica(name, held.get("state", "unknown"), float(lag) if lag.lstrip("-").isdigit() else -1.0)
