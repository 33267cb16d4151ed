"""Where alerts lie until they are delivered: one file each in a folder, written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, final

from safety_core.idempotency.errors import SettingsError

from .event import AlertEvent, Severity

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("safety_core.alerts")


class Shelf(Protocol):
    """Where alerts lie."""

    def leftovers(self) -> list[AlertEvent]:
        """Return what an earlier outbox left, oldest first."""

    def keep(self, event: AlertEvent) -> None:
        """Lay an alert down."""

    def forget(self, event: AlertEvent) -> None:
        """Remove a delivered alert."""

    def set_aside(self, event: AlertEvent) -> None:
        """Move an alert that was given up to the undelivered ones."""

    def close(self) -> None:
        """Let another outbox have it."""


@final
class _NoShelf:
    """Keeps nothing: alerts live in memory alone."""

    def leftovers(self) -> list[AlertEvent]:
        """Return nothing."""
        return []

    def keep(self, event: AlertEvent) -> None:
        """Do nothing."""

    def forget(self, event: AlertEvent) -> None:
        """Do nothing."""

    def set_aside(self, event: AlertEvent) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


NO_SHELF = _NoShelf()


@final
class PendingFolder:
    """A folder with a file for each alert; `undelivered` in it holds those that were given up.

    A disk that fails costs the alert its life beyond the process, never its delivery: that is logged.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder, and make it where it is missing.

        Raises:
            SettingsError: Another outbox has it, or it cannot be made.
        """
        self._folder = folder
        self._aside = folder / "undelivered"
        try:
            self._aside.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SettingsError(f"the folder of the outbox cannot be used: {error}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise SettingsError("another outbox has this folder; expected one folder for each process") from None

    def leftovers(self) -> list[AlertEvent]:
        """Return what an earlier outbox left, oldest first; what cannot be read is logged and stays."""
        found = []
        for path in self._folder.glob("*.json"):
            try:
                found.append(_read(path.read_bytes()))
            except (OSError, ValueError, KeyError, TypeError):
                logger.exception("a waiting alert cannot be read: %s", path.name)
        return sorted(found, key=lambda event: event.at)

    def keep(self, event: AlertEvent) -> None:
        """Write an alert to its file, fsynced."""
        try:
            fresh = self._folder / f"{event.event_id}.part"
            with fresh.open("wb") as file:
                file.write(event.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path(event))
            self._sync_folder()
        except OSError:
            logger.exception("alert %s is kept in memory only", event.event_id)

    def forget(self, event: AlertEvent) -> None:
        """Remove the file of an alert."""
        with contextlib.suppress(OSError):
            self._path(event).unlink(missing_ok=True)

    def set_aside(self, event: AlertEvent) -> None:
        """Move the file of an alert to the undelivered ones; write it there if it had none."""
        try:
            (self._aside / f"{event.event_id}.json").write_bytes(event.as_bytes())
            self._path(event).unlink(missing_ok=True)
        except OSError:
            logger.exception("undelivered alert %s cannot be set aside", event.event_id)

    def close(self) -> None:
        """Let another outbox have the folder. May be called twice."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def _path(self, event: AlertEvent) -> Path:
        return self._folder / f"{event.event_id}.json"

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(text: bytes) -> AlertEvent:
    held = json.loads(text)
    return AlertEvent(
        kind=held["kind"],
        source=held["source"],
        transition=held["transition"],
        severity=Severity(held["severity"]),
        summary=held["summary"],
        context=held["context"],
        at=datetime.fromisoformat(held["at"]),
        event_id=held["event_id"],
        suppressed=held["suppressed"],
    )
