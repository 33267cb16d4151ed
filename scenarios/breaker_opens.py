"""The venue fails, the circuit breaker opens for all workers, and whoever probes it first is killed while it probes.

Three workers meet failures, and every worker asks again: nobody may come to the venue. When the breaker's time is
over, everybody asks at once. One may go, and it is killed while the venue keeps its reply back. After its permit has
ended, everybody asks again, one may go and still fails, and the breaker is open for another while. Then the venue is
well: one probe goes through, and then everybody does. A breaker that each process keeps for itself lets calls through
while it is open. One without permits lets everybody probe. One whose permits do not end stays half open for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import venue_failing
from scenarios.breaker_calls import ask, ask_in_vain, close, kill_prober, open_breaker
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="breaker_opens",
    category=Category.BREAKER,
    what="The venue fails and the breaker opens; a prober is killed, the next one fails, and then it closes again.",
    kinds=("venue_failing", "worker_kill"),
    catches=("broken.breaker_in_memory", "broken.breaker_probed_by_all", "broken.breaker_probe_never_ends"),
    workers=4,
    lease_s=1.5,
    moves_clock=False,
    of_breakers=True,
)


def play(stage: Stage) -> None:
    """Open it, kill the first probe, let the second one fail and the third one close it."""
    names = list(STORY.worker_names)
    refused = open_breaker(stage, names)
    stage.wait(STORY.lease_s)
    names.remove(kill_prober(stage, names))
    stage.wait(STORY.lease_s)
    with stage.strike(venue_failing.FAULT, requests=1):
        ask(stage, names)
        stage.until_idle()
    refused += ask_in_vain(stage, names)
    stage.notes.append(f"{refused} calls were refused while the breaker was to be open")
    close(stage, names)
