"""A campaign on somebody else's Redis: what may run there, why the rest may not, and the plan that is shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import Provider
from harness.nemesis.registry import find
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.redis_server.choice import ExternalChoice
    from scenarios.story import Story
    from scenarios.terms import Terms

_BESIDE = frozenset({Need.PROXY, Need.VENUE})
"""What a story may touch there: the way to the server, and the venue, which is ours."""
_READS_COMMANDS = "replies_lost"


def obstacle(story: Story, choice: ExternalChoice) -> str:
    """Return why a story may not be told on an external server, empty where it may."""
    for kind in story.kinds:
        fault = find(kind)
        if Provider.EXTERNAL not in fault.providers or not fault.needs <= _BESIDE:
            return f"{kind} acts on more than the way to the server, and an external one is not ours"
    if choice.url.startswith("rediss:") and _READS_COMMANDS in story.kinds:
        return f"{_READS_COMMANDS} reads Redis commands, and TLS hides them"
    return "" if story.kinds else "it needs no fault, so it shows nothing of this server that explore does not"


def plan(stories: Sequence[Story], choice: ExternalChoice, terms: Terms, seed: int) -> Iterator[str]:
    """Yield the lines of the plan: what will be done, to what, and what will not."""
    yield f"Plan for {choice.text}, through a Toxiproxy ({terms.toxiproxy}) that stands between it and our workers:"
    for story in stories:
        yield f"  {story.name}: {story.what}"
        for kind in story.kinds:
            fault = find(kind)
            yield f"    {kind} touches: {fault.blast_radius} Afterwards: {fault.heals}"
    yield f"  Written there: keys that name an order of this run (*-{seed:08x}-*), and what the subject's own"
    yield "  preparation makes. They are removed in the end. Nothing is flushed, reconfigured or stopped."
    limits = " or ".join(limit.text for limit in terms.limits)
    yield f"  Ends at once, and heals, when: {limits or 'no limit of a probe is set (--abort-when)'}"
