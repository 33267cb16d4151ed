"""What a check is: a claim about the server, the cases it tells apart, and how it tells them. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, final

from .facts import NotSeenError
from .levels import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from .expected import Expected
    from .facts import ServerFacts


class Promise(StrEnum):
    """What a finding can endanger."""

    AT_MOST_ONCE = "of one key at most one effect lands"
    RECORDED = "a done effect is recorded, and its result replayed"
    ANSWERED = "claims are answered"
    ON_RECORD = "audit records are written"
    NONE = "none"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that a check can find.

    Attributes:
        level: How bad it is.
        when: What is found, in general terms.
        endangers: The promise.
        because: What can happen then, as a sentence; empty for OK.
        setting: The line of redis.conf that mends it; behind `CONFIG SET` it mends the running server. May be empty.
        otherwise: What else to do, or what to do where no setting mends it, as a sentence. May be empty.
    """

    level: Level
    when: str
    endangers: Promise = Promise.NONE
    because: str = ""
    setting: str = ""
    otherwise: str = ""

    @property
    def config_set(self) -> str:
        """The command that mends the running server, or nothing."""
        return f"CONFIG SET {self.setting}" if self.setting else ""

    @property
    def remedy(self) -> str:
        """How to mend it, as a sentence; empty for OK."""
        line = f"{self.config_set} (in redis.conf: {self.setting})" if self.setting else ""
        return "; ".join(part for part in (line, self.otherwise) if part)


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found on one server.

    Attributes:
        check: Name of the check.
        case: What was found.
        seen: The values that say so.
    """

    check: str
    case: Case
    seen: str

    @property
    def level(self) -> Level:
        """How bad it is."""
        return self.case.level

    @property
    def sentence(self) -> str:
        """What was seen, which promise it endangers and why, and what mends it."""
        case = self.case
        if case.level is Level.OK:
            return f"{self.seen}."
        verb = "may endanger" if case.level is Level.UNKNOWN else "endangers"
        return f'{self.seen}. It {verb} "{case.endangers}": {case.because} To mend it: {case.remedy}.'


Found: TypeAlias = "tuple[Case, str] | None"
"""A case and what was seen; None where the check has nothing to say about such a server."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One claim about the server.

    Attributes:
        name: Its name in reports.
        claim: What must be true.
        reads: What is asked of the server.
        cases: All that it can find besides UNKNOWN.
        judge: Finds one of the cases, or raises NotSeenError.
        unseen: What to find when the server does not show what is needed; None where that cannot happen.
    """

    name: str
    claim: str
    reads: str
    cases: tuple[Case, ...]
    judge: Callable[[ServerFacts, Expected], Found]
    unseen: Case | None

    def look(self, facts: ServerFacts, expected: Expected) -> Finding | None:
        """Return what is found; None where the check does not apply."""
        try:
            found = self.judge(facts, expected)
        except NotSeenError as error:
            if self.unseen is None:
                raise
            return Finding(self.name, self.unseen, str(error))
        return None if found is None else Finding(self.name, *found)


def unseen(endangers: Promise, because: str) -> Case:
    """Return the UNKNOWN case of a check that needs INFO or CONFIG GET."""
    return Case(
        level=Level.UNKNOWN,
        when="the server does not let it be seen",
        endangers=endangers,
        because=because,
        otherwise="ACL SETUSER <user> +info +config|get, or ask whoever runs the server what is set",
    )
