"""What comes after a worker that was struck: others get its order before the lease is over, and at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.stage import Stage

_PATIENCE_S = 1.0
"""How long one successor is waited for while another one holds the key; a guard may wait for the key itself."""


def succeed(stage: Stage, key: str, successors: tuple[str, str] = ("w1", "w2")) -> None:
    """Give two workers the order, the second while the first is at the venue or answered; then let one reconcile."""
    control = stage.venue.control
    control.hold()
    for worker in successors:
        op = stage.give(worker, key)
        process = f"{worker}.{op}"

        def is_settled(op: int = op, process: str = process) -> bool:
            return op in stage.answers or any(line.process == process for line in control.ask(key=key))

        stage.wait(_PATIENCE_S, unless=is_settled)
    control.release()
    stage.until_idle()
    stage.crew.give_reconcile(successors[0], key)
    stage.give(successors[0], key)
    stage.until_idle()
