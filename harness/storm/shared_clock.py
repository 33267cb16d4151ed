"""What the clock of another machine says on ours, as far as that can be known.

Two machines share no clock. By asking and being answered, the difference is known to half the time that took
(Cristian, 1989). An event of the other machine therefore has an interval of ours, and is dated by the end of it that
accuses nobody: a call and a request as early, an answer as late as it may have been.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ASKED = 16
_AT = re.compile(rb'"at_ns":(\d+)\}$')
_EARLY = (b'{"event":"invoke"', b'{"event":"effect_call"')


def boot_id() -> str:
    """Return what tells one start of one machine's kernel from all others; processes of one share its clock."""
    return _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""


@dataclass(frozen=True, slots=True)
class Difference:
    """How the clock of another machine differs from ours.

    Attributes:
        ahead_ns: What must be added to its times to have ours.
        error_ns: By how much that may be wrong, either way.
    """

    ahead_ns: int = 0
    error_ns: int = 0

    def widened(self, later: Difference) -> Difference:
        """Return what holds from this measurement to a later one: clocks drift, so that it lies between the two."""
        low = min(self.ahead_ns - self.error_ns, later.ahead_ns - later.error_ns)
        high = max(self.ahead_ns + self.error_ns, later.ahead_ns + later.error_ns)
        return Difference((low + high) // 2, (high - low + 1) // 2)

    def dated(self, line: bytes) -> bytes:
        """Return a line of the other machine's record, without its end of line, with a time of ours."""
        found = _AT.search(line)
        if found is None or not (self.ahead_ns or self.error_ns):
            return line
        late = -self.error_ns if line.startswith(_EARLY) else self.error_ns
        return b'%s"at_ns":%d}' % (line[: found.start()], int(found[1]) + self.ahead_ns + late)


def measure(now_ns: Callable[[], int], ask_ns: Callable[[], int]) -> Difference:
    """Return how the clock that *ask_ns* reads, on the other machine, is ahead of *now_ns*."""
    best: Difference | None = None
    for _ in range(_ASKED):
        before_ns = now_ns()
        there_ns = ask_ns()
        after_ns = now_ns()
        seen = Difference(there_ns - (before_ns + after_ns) // 2, (after_ns - before_ns + 1) // 2)
        if best is None or seen.error_ns < best.error_ns:
            best = seen
    return best or Difference()
