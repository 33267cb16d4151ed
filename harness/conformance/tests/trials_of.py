"""Trials of one guard as a test sees them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.conformance.keeping import Keeping, keeping
from harness.conformance.player import Player, Told
from harness.conformance.profile import CI, Trials
from harness.explorer.target import Target
from harness.faults.registry import ALL
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from harness.conformance.bench import Bench
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject

BEGIN = Told("begin", {"store": "kept", "kind": "order", "stranger": "0"})
CALL = Told("call", {"entity": "usual", "change": "nothing"})


def told(what: str, **words: Any) -> Told:
    """Return an order."""
    return Told(what, words)


@contextmanager
def trials_of(
    server: RedisServer,
    folder: Path,
    subject: Subject | str,
    *,
    trials: int = 60,
    seed: int = 0,
    only: str = "",
    kinds: tuple[str, ...] = tuple(ALL),
) -> Iterator[Keeping]:
    """Set up trials of a subject on a server, with files in a fresh folder below *folder*."""
    subject = load_subject(subject) if isinstance(subject, str) else subject
    part = folder / f"part{len(list(folder.iterdir()))}"
    part.mkdir()
    asked = Trials(
        name=subject.name,
        subject=subject,
        kinds=tuple(ALL[kind] for kind in kinds),
        seed=seed,
        profile=replace(CI, trials=trials),
        only=only,
    )
    with keeping(asked, Target(server, "test"), part) as guard:
        yield guard


def play(bench: Bench, *orders: Told) -> Player:
    """Play a trial that follows the orders after the usual beginning; it is not ended, nor judged."""
    player = Player(bench, BEGIN)
    for order in orders:
        player.follow(order)
    return player
