"""The breaker's state machine of one scope, pure: what the scripts do in Redis, done in this process.

It decides while Redis is away, and it is the model that the scripts are compared with. Never reads a clock: every
time is given, in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from .settings import ScopeLimits


@final
@dataclass(slots=True, eq=False)
class Machine:
    """One scope.

    Attributes:
        limits: When it opens, and how it comes back.
        state: C, O or H.
        epoch: Number of the state.
        until_ms: OPEN: when a probe may go.
        reason: Why it is open.
        successes: HALF_OPEN: probes that succeeded.
        marks: CLOSED: token -> when it failed; HALF_OPEN: token -> when its permit ends.
    """

    limits: ScopeLimits
    state: str = "C"
    epoch: int = 0
    until_ms: int = 0
    reason: str = ""
    successes: int = 0
    marks: dict[str, int] = field(default_factory=dict)

    def refusal(self, now_ms: int, token: str) -> tuple[int, str] | None:
        """Return why a call must wait and for how many milliseconds; None if it may go. Changes nothing."""
        if self.state == "O" and self.until_ms > now_ms:
            return self.until_ms - now_ms, self.reason
        if self.state == "H" and self.marks.get(token, 0) <= now_ms:
            live = [ends for ends in self.marks.values() if ends > now_ms]
            if len(live) >= self.limits.half_open_probes:
                return min(live) - now_ms, "probes"
        return None

    def admit(self, now_ms: int, token: str) -> str:
        """Let a call through that nothing refuses; return the move that this is: `OH`, or nothing."""
        moved = self.move("H", now_ms) if self.state == "O" else ""
        if self.state == "H" and self.marks.get(token, 0) <= now_ms:
            self.marks = {name: ends for name, ends in self.marks.items() if ends > now_ms}
            self.marks[token] = now_ms + milliseconds(self.limits.probe_lease_s)
        return moved

    def record(self, now_ms: int, token: str, outcome: str, epoch: int, not_before_ms: int) -> tuple[str, str]:
        """Take note of how a call ended; return what became of it and the move that it made."""
        open_ms = milliseconds(self.limits.open_s)
        if outcome == "R":
            until_ms = now_ms + max(open_ms, not_before_ms)
            if self.state != "O":
                return "counted", self.move("O", now_ms, until_ms, "limit")
            if until_ms > self.until_ms:
                self.until_ms, self.reason = until_ms, "limit"
            return "counted", ""
        if epoch != self.epoch:
            return "stale", ""
        if self.state == "C":
            return self._in_closed(now_ms, token, outcome, open_ms)
        return self._in_half_open(now_ms, token, outcome, open_ms)

    def _in_half_open(self, now_ms: int, token: str, outcome: str, open_ms: int) -> tuple[str, str]:
        ends = self.marks.pop(token, 0)
        if self.state != "H" or ends <= now_ms:
            return "stale", ""
        if outcome == "N":
            return "nothing", ""
        if outcome == "F":
            return "counted", self.move("O", now_ms, now_ms + open_ms, "probe")
        if self.successes + 1 < self.limits.successes_to_close:
            self.successes += 1
            return "counted", ""
        return "counted", self.move("C", now_ms)

    def _in_closed(self, now_ms: int, token: str, outcome: str, open_ms: int) -> tuple[str, str]:
        if outcome != "F":
            return "counted" if outcome == "S" else "nothing", ""
        oldest = now_ms - milliseconds(self.limits.window_s)
        self.marks = {name: failed for name, failed in self.marks.items() if failed > oldest}
        self.marks.setdefault(token, now_ms)
        if len(self.marks) < self.limits.failure_threshold:
            return "counted", ""
        return "counted", self.move("O", now_ms, now_ms + open_ms, "failures")

    def move(self, state: str, now_ms: int, until_ms: int = 0, reason: str = "") -> str:
        """Enter a state under a new epoch; return the move."""
        moved = self.state + state
        self.epoch = max(self.epoch + 1, now_ms)
        self.state, self.until_ms, self.reason = state, until_ms, reason
        self.successes, self.marks = 0, {}
        return moved


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds, at least one for what is not zero."""
    return max(1, round(seconds * 1000)) if seconds else 0
