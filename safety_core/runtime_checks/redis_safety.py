"""Is this server fit to hold claims? Asks it in one round trip, judges every answer, and says what mends it.

Only reads: no key, no setting and no script of the server is touched. What the server does not show is UNKNOWN,
never OK.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from safety_core.idempotency.connection import address_of
from safety_core.idempotency.link import Driver, LinkPool
from safety_core.idempotency.steps import OPEN_FRESH, Steps
from safety_core.idempotency.store_failure import StoreFailure

from .audit_folder import look_at
from .check import Finding
from .checks import registry
from .checks.records import AUDIT_FOLDER
from .checks.server import REACHABLE, SAME_STORE, UNREACHABLE
from .expected import Expected
from .facts import Identity, NotSeenError, ServerFacts
from .levels import Level
from .questions import QUESTIONS, plain, read
from .report import SafetyReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from .facts import AuditFolder

__all__ = ["Expected", "Finding", "Level", "RedisRuntimeValidator", "SafetyReport"]

logger = logging.getLogger("safety_core.runtime_checks")
logger.addHandler(logging.NullHandler())

_LOG_LEVELS = {Level.WARNING: logging.WARNING, Level.UNKNOWN: logging.WARNING, Level.CRITICAL: logging.ERROR}


class RedisRuntimeValidator:
    """Judges one Redis or Valkey server. Safe for threads; holds no connection between two looks.

    Attributes:
        expected: What the server is measured against.
        questions: What is asked, for a guard that asks on connections of its own.
    """

    def __init__(
        self,
        redis: Any,
        *,
        expected: Expected | None = None,
        audit_folder: str | PathLike[str] | None = None,
        on_report: Callable[[SafetyReport], object] | None = None,
    ) -> None:
        """Make a validator; nothing is sent yet.

        Args:
            redis: A redis.Redis client (blocking or asyncio), of which address, credentials, TLS and the retry
                setting are looked at, or a URL. The client's connections are not used.
            expected: What to measure against; the defaults of the guard where left out.
            audit_folder: Folder that must exist and take files; looked at on every look but those of a guard. None:
                not looked at.
            on_report: Called with every report. What it raises is logged and goes no further.

        Raises:
            SettingsError: `redis` is neither a client nor a URL.
        """
        self.expected = expected if expected is not None else Expected()
        self.questions = QUESTIONS
        self._driver = Driver(LinkPool(address_of(redis, self.expected.settings)))
        self._client_retries = None if isinstance(redis, str) else _retries(redis)
        self._audit_folder = audit_folder
        self._on_report = on_report
        self._before: Identity | None = None
        self._last: SafetyReport | None = None
        self._lock = threading.Lock()

    @property
    def last(self) -> SafetyReport | None:
        """The latest report; None before the first."""
        return self._last

    def validate_on_startup(self) -> SafetyReport:
        """Look for the first time: what an earlier look saw is forgotten.

        Returns:
            The report. It never raises for what befalls the server; `report.require_safe()` does.
        """
        with self._lock:
            self._before = None
        return self.validate()

    def validate(self) -> SafetyReport:
        """Look again, best after every reconnect: a server that is another one than at the last look is CRITICAL.

        Returns:
            The report, as of `validate_on_startup`.
        """
        folder = look_at(self._audit_folder) if self._audit_folder is not None else None
        try:
            replies = self._driver.run(_ask())
        finally:
            self._driver.pool.close()
        if isinstance(replies, StoreFailure):
            seen = f"{replies.code}: {plain(replies.error)}"
            facts = ServerFacts(info={}, audit_folder=folder)
            others = (AUDIT_FOLDER.look(facts, self.expected),)
            findings = (Finding(REACHABLE.name, UNREACHABLE, seen), *filter(None, others))
            return self._noted(SafetyReport(findings=findings))
        return self._judged(replies, folder)

    def obstacle(self, replies: Sequence[Any]) -> str | None:
        """Judge what a guard was answered on a connection that it has just opened.

        Args:
            replies: To `questions`, in order; a StoreFailure in the place of an error reply.

        Returns:
            Why no claim may be sent, or None. Only what is CRITICAL forbids it. Another identity does not: the guard
            has a quarantine for that.
        """
        critical = [one for one in self._judged(replies).at(Level.CRITICAL) if one.check != SAME_STORE.name]
        return " ".join(f"{one.check}: {one.sentence}" for one in critical) or None

    def _judged(self, replies: Sequence[Any], folder: AuditFolder | None = None) -> SafetyReport:
        retries = self._client_retries
        with self._lock:
            facts = read(replies, client_retries=retries, before=self._before, audit_folder=folder)
            identity = _identity(facts)
            self._before = identity or self._before
        findings = registry.look(facts, self.expected)
        return self._noted(SafetyReport(findings=findings, server=facts.server, identity=identity))

    def _noted(self, report: SafetyReport) -> SafetyReport:
        self._last = report
        for finding in report.flagged:
            logger.log(_LOG_LEVELS[finding.level], "redis_safety_warning %s: %s", finding.check, finding.sentence)
        if self._on_report is not None:
            try:
                self._on_report(report)
            except Exception:
                logger.exception("on_report failed")
        return report


def _ask() -> Steps[Any]:
    facts = yield OPEN_FRESH
    return facts if type(facts) is StoreFailure else (yield QUESTIONS)


def _identity(facts: ServerFacts) -> Identity | None:
    try:
        return facts.identity
    except NotSeenError:
        return None


def _retries(client: Any) -> int:
    """Return how often the connections of a client repeat a command by themselves. None of them is opened."""
    pool = client.connection_pool
    retries: int = pool.connection_class(**pool.connection_kwargs).retry.get_retries()
    return retries
