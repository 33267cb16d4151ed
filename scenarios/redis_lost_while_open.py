"""Redis is killed while a circuit breaker is open, everybody asks, and Redis comes back with what it kept.

The venue fails until the breaker opens. While it is open the server is killed, and every worker asks: nobody can be
told whether it is open, and nobody may call the venue. The server comes back with its append-only file, the breaker
is still open, and everybody is refused again. When its time is over, a probe goes through and closes it. A breaker
that counts as closed where Redis does not answer lets everybody call a venue that is known to fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import server_kill
from scenarios.breaker_calls import ask_in_vain, close, open_breaker
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="redis_lost_while_open",
    category=Category.BREAKER,
    what="Redis is killed while a breaker is open; nobody calls without it, and it is still open afterwards.",
    kinds=("venue_failing", "server_kill"),
    catches=("broken.breaker_closed_without_redis",),
    lease_s=6.0,
    moves_clock=False,
    of_breakers=True,
)


def play(stage: Stage) -> None:
    """Open it, kill the server, ask without it, ask when it is back, and let a probe close the breaker."""
    names = list(STORY.worker_names)
    refused = open_breaker(stage, names)
    if refused < len(names):
        stage.refuse(f"{len(names) - refused} of {len(names)} calls were let through: no breaker was open to be lost")
    with stage.strike(server_kill.FAULT):
        without = ask_in_vain(stage, names)
    again = ask_in_vain(stage, names)
    stage.notes.append(f"{without} of {len(names)} calls did not come to the venue without Redis, {again} after that")
    close(stage, names)
