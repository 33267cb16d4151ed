"""worker_kill: a worker dies at a named point of its operation, and what it knew dies with it."""

from __future__ import annotations

import glob
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from harness.errors import WrongInputError
from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.processes.child import is_running
from verify.history.events import Died

if TYPE_CHECKING:
    from harness.nemesis.site import Site

POINTS = {
    "anywhere": "wherever it is",
    "request": "a command was sent and never arrives",
    "reply": "a command was applied, and its reply never arrives",
    "effect": "the effect was done, and its reply never arrives",
}
"""Where a worker can be killed."""

_RULE = "nemesis_worker_kill"
_STREAMS = {"request": "upstream", "reply": "downstream"}
_DEADLINE_S = 30.0


def plan(site: Site, *, at: str = "anywhere", command: str = "", nth: int = 1) -> Injection:
    """Kill the worker at the point *at*, one of :data:`POINTS`; it must be given its work before.

    Nobody else may work on the struck key meanwhile: the first who comes to the point is held there.

    Args:
        site: With an embedded Toxiproxy for ``request`` and ``reply``, with the venue for ``effect``.
        at: The point.
        command: For ``request`` and ``reply``: the command's name; empty means any that names the struck key.
        nth: Which of them, from 1.

    Raises:
        WrongInputError: *at* is no point, or *nth* is below 1.
        CouldNotRunError: The site lacks what the point needs.
    """
    if at not in POINTS:
        raise WrongInputError(f"worker_kill: at must be one of {', '.join(POINTS)}, not {at!r}")
    check_at_least("worker_kill", 1, nth=nth)
    site.require("worker_kill", frozenset({Need.PROXY, Need.KEY} if at in _STREAMS else ()))
    site.require("worker_kill", frozenset({Need.VENUE} if at == "effect" else ()))
    crew, name = site.the_crew, site.worker
    pid = crew.pid(name)
    seen: list[str] = []

    def strike() -> None:
        with ExitStack() as held:
            if at in _STREAMS:
                rule = {"command": command, "key": f"*{glob.escape(site.key)}*", "nth": nth, "action": "drop"}
                seen.append(_until_command(site, held, _STREAMS[at], rule))
            if at == "effect":
                seen.append(_until_effect(site, held))
            crew.kill(name)

    def look() -> str:
        if is_running(pid):
            return ""
        died = [event.process for event in crew.events if isinstance(event, Died) and _is_of(name, event.process)]
        if at != "anywhere" and not (died and seen):
            return ""
        return ", ".join([f"worker {name} ({pid}) is gone", *(f"{each} ended there" for each in died[-1:]), *seen])

    return Injection(strike=strike, look=look)


def _until_command(site: Site, held: ExitStack, stream: str, rule: dict[str, Any]) -> str:
    """Let the crew work until the rule has struck; return what was read back."""
    proxy = site.the_proxy
    proxy.add_toxic(type="redis_rule", stream=stream, name=_RULE, attributes=rule)
    held.callback(proxy.destroy_toxic, _RULE)

    def struck() -> int:
        toxic = proxy.get_toxic(_RULE)
        return int(toxic.attributes["struck"]) if toxic is not None else 0

    site.the_crew.listen_until(lambda: struck() > 0, deadline_s=_DEADLINE_S)
    which = f"{rule['command'] or 'command'} number {rule['nth']} for {rule['key']}"
    return f"{proxy.name} dropped {struck()} {'request' if stream == 'upstream' else 'reply'}: {which}"


def _until_effect(site: Site, held: ExitStack) -> str:
    """Let the crew work until an effect of the worker has landed, whose reply is held back; return which."""
    control = site.the_venue.control
    known = control.hold()
    held.callback(control.release)

    def landed() -> list[str]:
        return [f"{each.key} by {each.process}" for each in control.take(known) if _is_of(site.worker, each.process)]

    site.the_crew.listen_until(lambda: bool(landed()), deadline_s=_DEADLINE_S)
    return f"in the book: {landed()[0]}"


def _is_of(worker: str, process: str) -> bool:
    return process.rpartition(".")[0] == worker


FAULT = RealFault(
    name="worker_kill",
    what=f"SIGKILL of a worker at the point `at`: {'; '.join(f'`{name}`, {said}' for name, said in POINTS.items())}. "
    "`request` and `reply` need workers behind an embedded Toxiproxy, `effect` needs the venue.",
    witness="Its process is gone in the middle of an operation, and the point was reached: the Toxiproxy API says "
    "that it dropped the request or reply, or the venue's book has the effect.",
    demand="Another worker may do what was certainly not done. It may not run an effect again that may have "
    "happened.",
    heals="Nothing: a dead worker never comes back. Whoever redelivers hires another one.",
    blast_radius="One worker; the replies of the venue, or one request or reply, until it is dead.",
    needs=frozenset({Need.WORKERS}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
