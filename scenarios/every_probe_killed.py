"""Every worker that probes a half-open breaker is killed while it probes, three in a row; then the venue is well.

The venue fails until the breaker opens. When its time is over, everybody asks at once and one is let through: it is
killed while the venue keeps its reply back. Its permit ends by itself, and the next one is let through, and killed
too, and so is the third. Nobody ever tells the breaker how a probe ended. The fourth one is answered, and the breaker
closes. One that counts a probe as under way until it hears of it stays half open for ever; one without permits lets
all of them probe at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.breaker_calls import close, kill_prober, open_breaker
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="every_probe_killed",
    category=Category.BREAKER,
    what="Three probes of a half-open breaker in a row are killed, and the one after them closes it.",
    kinds=("venue_failing", "worker_kill"),
    catches=("broken.breaker_probe_never_ends", "broken.breaker_probed_by_all"),
    workers=5,
    lease_s=1.5,
    moves_clock=False,
    of_breakers=True,
)
_KILLS = 3
_COUNTED = ("first", "second", "third")


def play(stage: Stage) -> None:
    """Open it, kill whoever probes, three times, and let the last ones close it."""
    names = list(STORY.worker_names)
    refused = open_breaker(stage, names)
    stage.notes.append(f"{refused} calls were refused while the breaker was to be open")
    for number in range(_KILLS):
        stage.wait(STORY.lease_s)
        names.remove(kill_prober(stage, names, at=f"while it is the {_COUNTED[number]} to probe"))
    close(stage, names)
