"""How workers come to a circuit breaker: all at once, in vain, or as a probe that is killed. No story of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import venue_failing, worker_kill

if TYPE_CHECKING:
    from scenarios.stage import Stage

FAILURES = 3
"""As many as open every breaker of the box."""
_PATIENCE_S = 0.5
"""How long the others are waited for while a probe is held; less than a permit lasts."""


def ask(stage: Stage, names: list[str]) -> list[int]:
    """Give every worker an order at once."""
    return [stage.give(worker, key) for worker, key in zip(names, stage.orders(len(names)), strict=True)]


def open_breaker(stage: Stage, names: list[str]) -> int:
    """Let the venue fail until the breaker opens; return how many calls of all workers it then refused."""
    with stage.strike(venue_failing.FAULT, requests=FAILURES):
        ask(stage, names[:FAILURES])
        stage.until_idle()
    return ask_in_vain(stage, names)


def ask_in_vain(stage: Stage, names: list[str]) -> int:
    """Give every worker an order and return how many did not come to the venue."""
    position = len(stage.venue.control.take())
    ops = ask(stage, names)
    stage.until_idle()
    return len(ops) - len(stage.venue.control.take(position))


def close(stage: Stage, names: list[str]) -> None:
    """Let everybody ask when it has been open for its time, and again when a probe has closed it."""
    stage.wait(stage.story.lease_s)
    stage.heal()
    for _ in range(2):
        ask(stage, names)
        stage.until_idle()


def kill_prober(stage: Stage, names: list[str], *, at: str = "while it probes") -> str:
    """Let everybody ask while the venue keeps its replies back; kill the first one that came to it, and name it."""
    control = stage.venue.control
    position = control.hold()
    ops = ask(stage, names)
    stage.until(lambda: bool(control.take(position)) or all(op in stage.answers for op in ops))
    stage.wait(_PATIENCE_S, unless=lambda: sum(op in stage.answers for op in ops) >= len(ops) - 1)
    came = control.take(position)
    stage.site.worker = came[0].process.partition(".")[0] if came else names[0]
    if not came:
        stage.refuse("nobody was let through when the breaker had been open for its time: there was no probe to kill")
    with stage.strike(worker_kill.FAULT, at=at) as blow:
        if came:
            blow.saw(f"{came[0].key} was in the book, {len(ops) - len(came)} others had not been let through")
    control.release()
    stage.until_idle()
    return stage.site.worker
