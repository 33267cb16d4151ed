"""What an exploration says of itself: its bound, how far it came, and what it hit.

A record is taken at its word only as far as the histories cannot contradict it. It holds no time and no rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from verify.history.promises import DEFAULT_PROMISE, Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEMA = 1
"""The version of the record's and the verdict's format."""


class MalformedRecordError(ValueError):
    """A stored record is no record of this format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the exploration set out to enumerate.

    Attributes:
        workers: Processes that run at the same time, 1 or more.
        faults: Most faults in one schedule, 0 or more.
        kinds: The fault kinds that were asked for.
        workloads: The workloads that were run.
    """

    workers: int
    faults: int
    kinds: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()

    def to_object(self) -> dict[str, Any]:
        """Return the bound as a JSON object."""
        return _to_object(self)

    @classmethod
    def from_object(cls, stored: Any) -> Bound:
        """Return the bound that :meth:`to_object` stored; raises :class:`MalformedRecordError`."""
        return cls(
            **_read("bound", stored, {"workers": _count, "faults": _count, "kinds": _texts, "workloads": _texts})
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The Redis server that was used.

    Attributes:
        name: ``redis``, ``valkey`` or what the server calls itself.
        version: Its version.
        sha256: Digest of its binary; empty where it cannot be known.
        choice: Why this server was taken.
    """

    name: str = ""
    version: str = ""
    sha256: str = ""
    choice: str = ""

    def to_object(self) -> dict[str, Any]:
        """Return the server as a JSON object."""
        return _to_object(self)

    @classmethod
    def from_object(cls, stored: Any) -> Server:
        """Return the server that :meth:`to_object` stored; raises :class:`MalformedRecordError`."""
        return cls(**_read("server", stored, {"name": _text, "version": _text, "sha256": _text, "choice": _text}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorationRecord:
    """What one exploration, or one scenario, did.

    Attributes:
        tier: ``explore``, ``scenarios``, ``properties``, ``storm`` or ``durability``.
        name: Name of the exploration or scenario.
        subject: What was judged.
        bound: What it set out to enumerate.
        schedules: Schedules that were run.
        classes: Distinct histories that they gave, each stored once.
        exhausted: Every schedule within the bound was run.
        reason: Why it was not exhausted or could not run; else empty.
        seed: The run's one seed.
        server: The Redis server that was used.
        promise: What the subject is held to.
        hits: How often each fault kind bit at each step.
        applicable: The steps at which each fault kind could have bitten.
        unavailable: Fault kinds of the bound that the server or the gate cannot do, each with the reason.
        outside: Fault kinds that the promise does not cover, each with the reason.
        step_limited: Schedules that ended by the step limit or a stall.
        nondeterministic: What happened differently the second time; empty if nothing did.
        requires_overlap: An effect must have overlapped another process's call somewhere.
        notes: Sentences for the reader; they decide nothing.
    """

    tier: str
    name: str
    subject: str
    bound: Bound
    schedules: int
    classes: int
    exhausted: bool
    seed: int
    promise: Promise = DEFAULT_PROMISE
    reason: str = ""
    server: Server = field(default_factory=Server)
    hits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    applicable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    step_limited: int = 0
    nondeterministic: str = ""
    requires_overlap: bool = True
    notes: tuple[str, ...] = ()

    def to_object(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        return {"schema": SCHEMA, **_to_object(self)}

    @classmethod
    def from_object(cls, stored: Any) -> ExplorationRecord:
        """Return the record that :meth:`to_object` stored.

        Raises:
            MalformedRecordError: A field is unknown, missing or of another type, or the schema is another one.
        """
        return cls(**_read_record(stored))


def _to_object(value: Any) -> dict[str, Any]:
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}


def _plain(value: Any) -> Any:
    match value:
        case Bound() | Server():
            return value.to_object()
        case Promise():
            return value.value
        case tuple() | list():
            return list(value)
        case dict():
            return {name: _plain(held) for name, held in value.items()}
        case _:
            return value


def _read_record(stored: Any) -> dict[str, Any]:
    readers: dict[str, Callable[[str, Any], Any]] = {
        "schema": _count,
        "tier": _text,
        "name": _text,
        "subject": _text,
        "bound": lambda _, held: Bound.from_object(held),
        "schedules": _count,
        "classes": _count,
        "exhausted": _truth,
        "seed": _integer,
        "promise": _promise,
        "reason": _text,
        "server": lambda _, held: Server.from_object(held),
        "hits": lambda name, held: _mapping(name, held, lambda n, h: _mapping(n, h, _count)),
        "applicable": lambda name, held: _mapping(name, held, _texts),
        "unavailable": lambda name, held: _mapping(name, held, _text),
        "outside": lambda name, held: _mapping(name, held, _text),
        "step_limited": _count,
        "nondeterministic": _text,
        "requires_overlap": _truth,
        "notes": _texts,
    }
    body = _read("record", stored, readers)
    schema = body.pop("schema")
    if schema != SCHEMA:
        raise MalformedRecordError(f"the record has schema {schema}; this version reads schema {SCHEMA}")
    return body


def _read(what: str, stored: Any, readers: Mapping[str, Callable[[str, Any], Any]]) -> dict[str, Any]:
    if not isinstance(stored, dict):
        raise MalformedRecordError(f"the {what} must be a JSON object, not {stored!r}")
    if missing := sorted(readers.keys() - stored.keys()):
        raise MalformedRecordError(f"the {what} lacks {', '.join(missing)}")
    if unknown := sorted(map(str, stored.keys() - readers.keys())):
        raise MalformedRecordError(f"the {what} has unknown fields: {', '.join(unknown)}")
    return {name: read(name, stored[name]) for name, read in readers.items()}


def _wrong(name: str, expected: str, held: Any) -> MalformedRecordError:
    return MalformedRecordError(f"{name} must be {expected}, not {held!r}")


def _text(name: str, held: Any) -> str:
    if not isinstance(held, str):
        raise _wrong(name, "a text", held)
    return held


def _truth(name: str, held: Any) -> bool:
    if not isinstance(held, bool):
        raise _wrong(name, "true or false", held)
    return held


def _integer(name: str, held: Any) -> int:
    if not isinstance(held, int) or isinstance(held, bool):
        raise _wrong(name, "an integer", held)
    return held


def _count(name: str, held: Any) -> int:
    if _integer(name, held) < 0:
        raise _wrong(name, "0 or more", held)
    return _integer(name, held)


def _texts(name: str, held: Any) -> tuple[str, ...]:
    if not isinstance(held, list):
        raise _wrong(name, "a list of texts", held)
    return tuple(_text(name, each) for each in held)


def _mapping(name: str, held: Any, read: Callable[[str, Any], Any]) -> dict[str, Any]:
    if not isinstance(held, dict):
        raise _wrong(name, "a JSON object", held)
    return {_text(name, inner): read(f"{name}.{inner}", value) for inner, value in held.items()}


def _promise(name: str, held: Any) -> Promise:
    try:
        return Promise(held)
    except ValueError as error:
        raise _wrong(name, f"one of {', '.join(Promise)}", held) from error
