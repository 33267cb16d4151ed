"""One call that a program was asked for, followed line by line to its one end.

The venue's side is played here: each effect gets a receipt of its own, or the error that a rule wants. Must never
judge whether the guard is sound; that is what an exploration is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import clock
from harness.hosts.line_dialogue import LEASE_S, RuleBrokenError
from harness.subjects.contract import REQUEST_LIFE_LEASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.hosts.line_dialogue import Dialogue

_MOST_EFFECTS = 10
_MOST_PROBES = 10
_LONGEST_SLEEP_S = 2.0
_REQUEST_LIFE_S = LEASE_S * REQUEST_LIFE_LEASES
_PAYLOAD = {"symbol": "BTCUSDT", "quantity": "0.10", "memo": "zürich ☃"}

TIMEOUT = {"definite": False, "kind": "timeout", "message": "no answer: the effect may be done"}
REJECTED = {"definite": True, "kind": "rejected", "message": "the venue refused"}

Line = dict[str, Any]


class Receipts:
    """The receipts that effects were given, by key."""

    def __init__(self) -> None:
        self._given: dict[str, list[Line]] = {}

    def give(self, key: str) -> Line:
        """Return a new receipt for an effect of *key*."""
        given = self._given.setdefault(key, [])
        receipt = {"receipt_id": f"{key}/{len(given) + 1}", "status": "FILLED", "note": "20 € · 株", "left": None}
        given.append(receipt)
        return receipt

    def has_given(self, key: str, result: Mapping[str, Any]) -> bool:
        """Say whether *result* is a receipt of *key*."""
        return result in self._given.get(key, [])


class Call:
    """A call, or a reconciliation, from its line to its end."""

    def __init__(self, program: Dialogue, receipts: Receipts, number: int, key: str) -> None:
        """Describe a call; nothing is said yet.

        Args:
            program: Who is asked.
            receipts: What the venue has given.
            number: The call's id.
            key: What it is about.
        """
        self.key = key
        self._program = program
        self._receipts = receipts
        self._id = number
        self._effects = 0
        self._slept_s = 0.0

    def ask(self) -> None:
        """Say ``call``."""
        self._say("call", key=self.key, payload=_PAYLOAD)

    def reach_effect(self) -> None:
        """Follow the call to its first effect, which is left without an answer."""
        self._next("effect")

    def reply(self, error: Mapping[str, Any] | None = None) -> None:
        """Answer the effect: with a new receipt, or with *error*."""
        answer = {"receipt": self._receipts.give(self.key)} if error is None else {"error": error}
        self._say("effect_reply", call=self._effects, **answer)

    def follow(self, error: Mapping[str, Any] | None = None) -> Line:
        """Answer every effect likewise and return the line that ends the call."""
        while (line := self._next("effect", "result", "error"))["say"] == "effect":
            self.reply(error)
        if line["say"] == "result" and not self._receipts.has_given(self.key, line["result"]):
            raise RuleBrokenError(
                f"In call {self._id}: expected as a result one of the receipts that its key was given, or an error, "
                f"saw {line['result']}."
            )
        return line

    def reconcile(self, *, is_found: bool) -> None:
        """Say ``reconcile`` and answer every probe likewise, to its end."""
        receipt = self._receipts.give(self.key) if is_found else None
        payload = _PAYLOAD if is_found else None
        answer = {"found": is_found, "receipt": receipt, "payload": payload, "request_life_s": _REQUEST_LIFE_S}
        self._say("reconcile", key=self.key)
        for _ in range(_MOST_PROBES):
            if self._next("probe", "reconciled", "error")["say"] != "probe":
                return
            self._say("probe_reply", answer=answer)
        raise RuleBrokenError(f"In reconciliation {self._id}: expected an end, saw {_MOST_PROBES} probes.")

    def _next(self, *expected: str) -> Line:
        while True:
            line = self._program.receive(*expected, "sleep")
            if line["id"] != self._id:
                raise RuleBrokenError(
                    f"In call {self._id}: expected its id in the line {line['say']!r}, saw {line['id']}."
                )
            if line["say"] == "sleep":
                self._wake_after(line["seconds"])
                continue
            if line["say"] == "effect":
                self._count(line["call"])
            return line

    def _count(self, seen: int) -> None:
        self._effects += 1
        if seen != self._effects:
            raise RuleBrokenError(f"In call {self._id}: expected effect {self._effects}, saw effect {seen}.")
        if seen > _MOST_EFFECTS:
            raise RuleBrokenError(f"In call {self._id}: expected an end, saw effect {seen}.")

    def _wake_after(self, seconds: float) -> None:
        self._slept_s += seconds
        limit_s = self._program.deadline_s
        if self._slept_s > limit_s:
            raise RuleBrokenError(f"In call {self._id}: expected an end, saw it sleep for more than {limit_s:g} s.")
        # A line that comes meanwhile is found by whoever sends the next one.
        self._program.has_said_something(within_s=min(seconds, _LONGEST_SLEEP_S))
        self._say("wake")

    def _say(self, do: str, **fields: Any) -> None:
        self._program.send(do, id=self._id, **fields, now_ms=clock.wall_ms())
