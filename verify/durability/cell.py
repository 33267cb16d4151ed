"""A cell of the durability lattice: a configuration, a crash, and what was measured there. Values only.

A configuration is all that the validator can know of: what the server is set to, and how the guard confirms its
writes. The crash is what nobody can know before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from verify.history.record import SCHEMA, MalformedRecordError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Append(StrEnum):
    """Whether writes are appended to a file, and when that file is fsynced."""

    OFF = "off"
    """appendonly no."""
    KERNEL = "no"
    """appendonly yes, appendfsync no: when the kernel likes."""
    EVERYSEC = "everysec"
    """appendonly yes, appendfsync everysec."""
    ALWAYS = "always"
    """appendonly yes, appendfsync always: before the write is acknowledged."""


class Save(StrEnum):
    """Whether snapshots are taken."""

    NONE = "none"
    """No save points."""
    POINTS = "points"
    """Save points, the last of which was reached half-way through the writes."""


class Confirm(StrEnum):
    """What a guard waits for before a write counts."""

    NOTHING = "nothing"
    """The server's reply."""
    FSYNC = "fsync"
    """WAITAOF 1 0: the primary's fsync."""
    ONE_REPLICA = "one replica"
    """WAITAOF 1 1 where there is an append-only file, else WAIT 1."""
    ALL_REPLICAS = "all replicas"
    """The same for as many replicas as there are."""


class Crash(StrEnum):
    """What befalls the server."""

    PROCESS_KILL = "process_kill"
    """SIGKILL, and started again with what it left on the disk."""
    TAIL_CUT = "tail_cut"
    """SIGKILL, then the tail of the append-only file is cut as a power loss could: stands for one."""
    FAILOVER = "failover"
    """The way to a replica falls silent; later the primary is killed, and that replica takes over."""
    MEMORY_PRESSURE = "memory_pressure"
    """Others fill the memory to its limit and beyond."""


ORDINARY = frozenset({Crash.PROCESS_KILL, Crash.MEMORY_PRESSURE})
"""What CRITICAL is about: ordinary work, and a crash of the process alone. Of the rest a WARNING is enough."""

NO_LIMIT = "no limit"
LIMIT = "limit"


class Level(StrEnum):
    """The validator's word, as far as the matrix knows it."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One configuration.

    Attributes:
        append: The append-only file.
        save: Snapshots.
        policy: maxmemory-policy.
        limited: Whether there is a memory limit.
        replicas: Replicas that follow the primary, 0 or more.
        min_replicas: min-replicas-to-write of the primary.
        confirm: What the guard waits for.
    """

    append: Append = Append.ALWAYS
    save: Save = Save.NONE
    policy: str = "noeviction"
    limited: bool = False
    replicas: int = 0
    min_replicas: int = 0
    confirm: Confirm = Confirm.NOTHING

    @property
    def evicts(self) -> bool:
        """Whether keys are dropped at the memory limit, or would be if there were one."""
        return self.policy != "noeviction"

    @property
    def wait_replicas(self) -> int:
        """How many replicas the guard waits for."""
        return {Confirm.ONE_REPLICA: 1, Confirm.ALL_REPLICAS: self.replicas}.get(self.confirm, 0)

    @property
    def name(self) -> str:
        """The configuration in one line, without what is as in the plainest one."""
        said = ["no append-only file" if self.append is Append.OFF else f"appendfsync {self.append}"]
        if self.save is not Save.NONE:
            said.append("save points")
        if self.evicts or self.limited:
            said.append(f"{self.policy}, {LIMIT if self.limited else NO_LIMIT}")
        if self.replicas:
            said.append(f"{self.replicas} replica{'s' if self.replicas > 1 else ''}")
        if self.min_replicas:
            said.append(f"min-replicas {self.min_replicas}")
        if self.confirm is not Confirm.NOTHING:
            said.append(f"waits for {self.confirm}")
        return ", ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the validator said of a configuration before anything befell it.

    Attributes:
        level: The worst level.
        flags: Each finding that is not OK: its check, its level, and which case it is.
    """

    level: Level
    flags: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One cell, measured.

    Attributes:
        history: Number of its history in the part, from 1.
        configuration: The configuration.
        crash: What befell it.
        word: What the validator had said.
        acknowledged: Plain writes that were acknowledged, and confirmed where the guard waits for that.
        kept: Those of them that were there afterwards.
        orders: Guarded orders that were given.
        done: Orders that were answered OK before the crash.
        in_calm: Orders that were answered OK before anything was amiss at all.
        witness: What shows that the crash befell it, read back from the server; empty if nothing does.
    """

    history: int
    configuration: Configuration
    crash: Crash
    word: Word
    acknowledged: int
    kept: int
    orders: int
    done: int
    in_calm: int
    witness: str

    @property
    def name(self) -> str:
        """The cell in one line."""
        return f"{self.configuration.name}; {self.crash}"

    def to_object(self) -> dict[str, Any]:
        """Return the cell as a JSON object."""
        return asdict(self)

    @classmethod
    def from_object(cls, stored: Any) -> Measured:
        """Return the cell that :meth:`to_object` stored.

        Raises:
            MalformedRecordError: It is none.
        """
        try:
            if set(stored) != {each.name for each in fields(cls)}:
                raise MalformedRecordError(f"a cell has other fields: {', '.join(map(str, stored))}")
            configuration, word = stored["configuration"], stored["word"]
            counts = {name: int(stored[name]) for name in _COUNTS}
            return cls(
                configuration=Configuration(
                    append=Append(configuration["append"]),
                    save=Save(configuration["save"]),
                    policy=str(configuration["policy"]),
                    limited=bool(configuration["limited"]),
                    replicas=int(configuration["replicas"]),
                    min_replicas=int(configuration["min_replicas"]),
                    confirm=Confirm(configuration["confirm"]),
                ),
                crash=Crash(stored["crash"]),
                word=Word(
                    level=Level(word["level"]), flags=tuple((str(a), str(b), str(c)) for a, b, c in word["flags"])
                ),
                witness=str(stored["witness"]),
                **counts,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedRecordError(f"a stored cell of the lattice is malformed: {error!r}") from error


def read_cells(stored: Mapping[str, Any]) -> list[Measured]:
    """Return the cells that ``durability.json`` holds.

    Raises:
        MalformedRecordError: It is of another schema, or a cell is malformed.
    """
    if stored.get("schema") != SCHEMA or not isinstance(stored.get("cells"), list):
        raise MalformedRecordError(f"expected schema {SCHEMA} and a list of cells")
    return [Measured.from_object(each) for each in stored["cells"]]


_COUNTS = ("history", "acknowledged", "kept", "orders", "done", "in_calm")
