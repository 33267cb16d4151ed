"""What each process knows and what the server holds, as names made of causes.

Nothing is read from the server or out of a process. A guard is deterministic, so what it knows follows from what it
was told, and what the server holds follows from who wrote there, and what each writer knew. So random tokens and real
time are in no name.

Processes are known by the parts that a casting gives them: where two workers are told the same, a schedule in which
each did what the other one does elsewhere is the same play.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.explorer.world.late import Late
    from harness.faults.kind import FaultKind

Touched = tuple[str, ...] | None
"""Plain names of the keys that a command touches; None for any."""


class _Write(NamedTuple):
    """A change of the store: its keys, its name, and whether it was a key's removal, which no guard asked for."""

    keys: Touched
    seen: bytes
    is_removal: bool = False


class Causes:
    """Who was told what, and who wrote what from that, in one schedule."""

    def __init__(self, casting: Mapping[str, str]) -> None:
        """Begin with nothing; *casting* gives the part of each process that does not play itself."""
        self.casting = casting
        self._views: dict[str, bytes] = {}
        self._sent: dict[str, bytes] = {}
        self._actor = b""
        self._heard: bytes | None = None
        self._writes: list[_Write] = []
        self._lasting = 0

    def part_of(self, process: str) -> str:
        """Return the name under which a process is known."""
        return self.casting.get(process, process)

    def acts(self, process: str) -> None:
        """Note whose step is taken."""
        self._actor = self._views[process]
        self._heard = None

    def postponed(self, late: Late) -> None:
        """Note that a step lands later: what was sent is known now."""
        self._sent[late.name] = self._views[late.process.name]

    def lands(self, late: Late) -> None:
        """Note that a late step lands."""
        self._actor = short_name("late", self._sent[late.name])

    def asked(self, command: str, keys: Touched, around: tuple[Any, ...], *, wrote: bool) -> None:
        """Note that the server did a command; *around* is what it could notice besides its keys."""
        self._heard = short_name(self._actor, command, keys, self._written(keys), around)
        if wrote:
            self._writes.append(_Write(keys, self._heard))

    def removed(self, key: str, now_s: float) -> None:
        """Note that a key is gone."""
        seen = short_name("removed", self._written((key,)), now_s)
        self._writes.append(_Write((key,), seen, is_removal=True))

    def lost(self, kind: FaultKind) -> None:
        """Note that the server died, and forgets the last writes since it was lost before."""
        recent = self._writes[self._lasting :]
        if any(write.keys is None or write.is_removal for write in recent):
            # Nobody counts whether a removal is lost.
            self._writes = [_Write(None, short_name("lost", kind.name, self._writes))]
        elif kind.loses:
            self._writes = self._writes[: -kind.loses]
        self._lasting = len(self._writes)

    def told(self, process: str, came: object, now_s: float) -> None:
        """Note what a process experiences; bytes are the reply of the server, None is its beginning."""
        if isinstance(came, bytes) and self._heard is not None:
            came = self._heard
        self._views[process] = short_name(self._views.get(process, b""), self.part_of(process), came, now_s)
        self._heard = None

    def known_to(self, process: str) -> bytes:
        """Return the name of what a process knows."""
        return self._views[process]

    def known_of(self, late: Late) -> bytes:
        """Return the name of what was known when a late step was sent."""
        return self._sent[late.name]

    def held(self, at_stake: int | None) -> tuple[Any, ...]:
        """Return what was written to each key, and in which order what may still be lost.

        Those are so many last writes, and the removals beside them; None says that the store cannot be lost.
        """
        cut = len(self._writes) if at_stake is None else self._last_but(at_stake)
        lasting = self._writes[:cut]
        names = {key for keys, _, _ in lasting for key in (("",) if keys is None else keys)}
        of_keys = [(key, [seen for keys, seen, _ in lasting if keys is None or key in keys]) for key in sorted(names)]
        return of_keys, self._writes[cut:]

    # Within.

    def _last_but(self, writes: int) -> int:
        """Return how many changes come before so many last writes, and the removals beside them."""
        cut = len(self._writes)
        while cut > self._lasting and (writes or self._writes[cut - 1].is_removal):
            cut -= 1
            writes -= not self._writes[cut].is_removal
        return cut

    def _written(self, keys: Sequence[str] | None) -> list[bytes]:
        """Return what was written where, in order."""
        # A command that names no key may have looked at all of them.
        return [
            seen for names, seen, _ in self._writes if not keys or names is None or not set(keys).isdisjoint(names)
        ]


def short_name(*parts: object) -> bytes:
    """Return a short name of values that are made of plain ones."""
    return blake2b(repr(parts).encode(), digest_size=12).digest()
