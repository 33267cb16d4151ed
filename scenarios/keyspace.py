"""Which keys a guard holds for an order, whatever it calls them: those that came while the order was worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.stage import Stage


def names(stage: Stage) -> set[str]:
    """Return every key that the server holds."""
    client = stage.server.client()
    try:
        return {key.decode("utf-8", "replace") for key in client.scan_iter(count=1000)}
    finally:
        client.close()


def names_from(stage: Stage, work: Callable[[], object]) -> list[str]:
    """Do *work* and return the keys that came meanwhile, in order.

    Raises:
        CouldNotRunError: None came: the subject keeps nothing on this server, so there is nothing to take away.
    """
    before = names(stage)
    work()
    fresh = sorted(names(stage) - before)
    if not fresh:
        raise CouldNotRunError(
            f"Looked for the keys that the subject holds for an order of {stage.story.name}: expected some, found "
            "none. What takes a key away shows nothing of a guard that keeps none."
        )
    return fresh
