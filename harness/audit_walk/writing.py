"""One writer of an audit: a process that does a few acts, told as events, until it is killed or has done them."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from harness.audit_walk.kill_points import KillPoints
from harness.venue.book import payload_digest
from verify.history.events import Complete, EffectCall, EffectReply, Invoke, Landed, to_object
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.audit_walk.subject import MakeAudit
    from verify.history.events import Event

BROKE = 70
"""The exit status of a writer whose audit raised; standard error says what."""
_PAYLOAD = {"act": "force"}


class Writer:
    """A process that writes.

    Attributes:
        name: Who it is in the history.
        folder: The audit's.
        told: Where it tells what it does.
    """

    def __init__(self, name: str, folder: Path, told: Path, keys: Mapping[int, str]) -> None:
        """Describe it; *keys* are those of its operations, by their numbers."""
        self.name = name
        self.folder = folder
        self.told = told
        self._keys = keys

    def work(self, make: MakeAudit, notes: Path, fatal: int) -> int:
        """Fork, write, and return the exit status: that of a killed process, or 0.

        The number of steps of a writer that lives is in the file of its notes.
        """
        sys.stdout.flush()
        child = os.fork()
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        status = BROKE
        try:
            descriptor = os.open(self.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            points = KillPoints(self.folder, notes, fatal)
            points.install()
            audit = make(str(self.folder))
            for op, key in self._keys.items():
                self._act(audit, op, key, points, descriptor)
            audit.close()
            with notes.open("w", encoding="utf-8") as file:
                file.write(str(points.steps))
            status = 0
        except BaseException:  # noqa: BLE001 - nothing of the parent may go on in the child
            traceback.print_exc()
        finally:
            os._exit(status)

    def _act(self, audit: Any, op: int, key: str, points: KillPoints, descriptor: int) -> None:
        digest, receipt = payload_digest(_PAYLOAD), json.dumps({"receipt_id": f"{key}/1"})

        def tell(event: Event) -> None:
            os.write(descriptor, f"{json.dumps(to_object(event))}\n".encode())

        def effect() -> None:
            tell(EffectCall(process=self.name, op=op, call=1, key=key, payload=digest))
            points.step()
            tell(Landed(key=key, n=1, payload=digest, effect_type="order", process=self.name, receipt=receipt))
            points.step()
            tell(EffectReply(process=self.name, op=op, call=1, answer="receipt", receipt=receipt))

        tell(Invoke(process=self.name, op=op, key=key, payload=digest))
        audit.act(key, effect)
        tell(Complete(process=self.name, op=op, outcome=Outcome.OK, result=receipt))
        points.step()


def told_by(writers: Sequence[Writer]) -> list[list[dict[str, Any]]]:
    """Return what each writer told, as JSON objects; the last line of a killed one may be missing, never half."""
    return [[json.loads(line) for line in writer.told.read_text(encoding="utf-8").splitlines()] for writer in writers]
