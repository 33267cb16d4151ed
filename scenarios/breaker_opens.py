"""The venue fails, the circuit breaker opens for all workers, and whoever probes it first is killed while it probes.

Three workers meet failures, and every worker asks again: nobody may come to the venue. When the breaker's time is
over, everybody asks at once. One may go, and it is killed while the venue keeps its reply back. After its permit has
ended, everybody asks again, one may go and still fails, and the breaker is open for another while. Then the venue is
well: one probe goes through, and then everybody does. A breaker that each process keeps for itself lets calls through
while it is open. One without permits lets everybody probe. One whose permits do not end stays half open for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import venue_failing, worker_kill
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
_FAILURES = 3
"""As many as open every breaker of the box."""
_PATIENCE_S = 0.5
"""How long the others are waited for while a probe is held; less than a permit lasts."""


def play(stage: Stage) -> None:
    """Open it, kill the first probe, let the second one fail and the third one close it."""
    names = list(STORY.worker_names)
    with stage.strike(venue_failing.FAULT, requests=_FAILURES):
        _ask(stage, names[:_FAILURES])
        stage.until_idle()
    refused = _ask_in_vain(stage, names)
    stage.wait(STORY.lease_s)
    names.remove(_kill_prober(stage, names))
    stage.wait(STORY.lease_s)
    with stage.strike(venue_failing.FAULT, requests=1):
        _ask(stage, names)
        stage.until_idle()
    refused += _ask_in_vain(stage, names)
    stage.notes.append(f"{refused} calls were refused while the breaker was to be open")
    stage.wait(STORY.lease_s)
    stage.heal()
    for _ in range(2):
        _ask(stage, names)
        stage.until_idle()


def _ask(stage: Stage, names: list[str]) -> list[int]:
    """Give every worker an order at once."""
    return [stage.give(worker, key) for worker, key in zip(names, stage.orders(len(names)), strict=True)]


def _ask_in_vain(stage: Stage, names: list[str]) -> int:
    """Give every worker an order and return how many did not come to the venue."""
    position = len(stage.venue.control.take())
    ops = _ask(stage, names)
    stage.until_idle()
    return len(ops) - len(stage.venue.control.take(position))


def _kill_prober(stage: Stage, names: list[str]) -> str:
    """Let everybody ask while the venue keeps its replies back; kill the first one that came to it, and name it."""
    control = stage.venue.control
    position = len(control.take())
    control.hold()
    ops = _ask(stage, names)
    stage.until(lambda: bool(control.take(position)) or all(op in stage.answers for op in ops))
    stage.wait(_PATIENCE_S, unless=lambda: sum(op in stage.answers for op in ops) >= len(ops) - 1)
    came = control.take(position)
    stage.site.worker = came[0].process.partition(".")[0] if came else names[0]
    if not came:
        stage.refuse("nobody was let through when the breaker had been open for its time: there was no probe to kill")
    with stage.strike(worker_kill.FAULT, at="while it probes") as blow:
        if came:
            blow.saw(f"{came[0].key} was in the book, {len(ops) - len(came)} others had not been let through")
    control.release()
    stage.until_idle()
    return stage.site.worker
