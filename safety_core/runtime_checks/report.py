"""What all checks found on one server: as a table, as JSON, and as sentences. Holds no password and no address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from safety_core.idempotency.errors import StoreUnsafeError

from .checks.server import UNREACHABLE
from .levels import Level, worst

if TYPE_CHECKING:
    from .check import Finding
    from .facts import Identity

_SCHEMA = 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyReport:
    """What was found.

    Attributes:
        findings: One for each check that applies, in the order of the checks.
        server: Name and version; empty where the server did not say.
        identity: Which server it was; None where it did not say.
    """

    findings: tuple[Finding, ...]
    server: str = ""
    identity: Identity | None = None

    @property
    def level(self) -> Level:
        """The worst level found: CRITICAL, then UNKNOWN, then WARNING."""
        return worst(finding.level for finding in self.findings)

    @property
    def is_unreachable(self) -> bool:
        """Whether the server gave no answer at all, so that nothing else is known of it."""
        return any(finding.case is UNREACHABLE for finding in self.findings)

    @property
    def flagged(self) -> tuple[Finding, ...]:
        """Every finding that is not OK."""
        return tuple(finding for finding in self.findings if finding.level is not Level.OK)

    def at(self, level: Level) -> tuple[Finding, ...]:
        """Return the findings of one level."""
        return tuple(finding for finding in self.findings if finding.level is level)

    def of(self, check: str) -> Finding | None:
        """Return what one check found; None where it did not apply."""
        return next((finding for finding in self.findings if finding.check == check), None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each finding that is not OK."""
        return tuple(f"{one.level} {one.check}: {one.sentence}" for one in self.flagged)

    def table(self) -> str:
        """Return a table of plain text: level, check, what was seen."""
        names = max((len(one.check) for one in self.findings), default=0)
        levels = max(map(len, Level))
        return "\n".join(f"{one.level:{levels}}  {one.check:{names}}  {one.seen}" for one in self.findings)

    def to_object(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        identity = self.identity
        return {
            "schema": _SCHEMA,
            "level": str(self.level),
            "server": self.server or None,
            "run_id": identity.run_id if identity else None,
            "replication_id": identity.replication_id if identity else None,
            "findings": [_object(finding) for finding in self.findings],
        }

    def require_safe(self) -> None:
        """Do nothing unless something is CRITICAL.

        Raises:
            StoreUnsafeError: Something is; the message says what, and what mends it.
        """
        if critical := self.at(Level.CRITICAL):
            raise StoreUnsafeError(" ".join(f"{one.check}: {one.sentence}" for one in critical))


def _object(finding: Finding) -> dict[str, Any]:
    case = finding.case
    return {
        "check": finding.check,
        "level": str(finding.level),
        "seen": finding.seen,
        "endangers": None if case.level is Level.OK else str(case.endangers),
        "config_set": case.config_set or None,
        "redis_conf": case.setting or None,
        "otherwise": case.otherwise or None,
        "sentence": finding.sentence,
    }
