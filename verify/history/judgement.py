"""The judgement of one exploration as a value: the JSON object of ``verdict.json``.

It holds no time and no rate, and its order is fixed, so that judging the same input again gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.history.coverage import coverage
from verify.history.record import SCHEMA

if TYPE_CHECKING:
    from verify.history.record import ExplorationRecord
    from verify.history.words import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFinding:
    """All findings of one checker under the same fault kinds, shown by the simplest of them.

    Attributes:
        checker: Name of the checker.
        verdict: INVALID for a broken promise, UNKNOWN for a question that could not be decided.
        promised: The subject's promise covers the checker.
        outside: Why the promise does not cover the faults; empty if it does.
        sentence: What happened in the simplest schedule.
        schedule: The decisions of the simplest schedule.
        faults: The fault kinds of the simplest schedule, in its order.
        phase: The phase in which the promise was broken, as :meth:`History.phase_of` tells; empty if nobody knows.
        needs_faults: The same was not seen in the same phase with fewer of its faults; of what is inside the
            promise, not inside it.
        histories: Distinct histories that show it.
        schedules: Schedules that show it.
        replay: The line that replays it; empty where there is none.
    """

    checker: str
    verdict: Verdict
    promised: bool
    outside: str
    sentence: str
    schedule: str
    faults: tuple[str, ...]
    phase: str
    needs_faults: bool
    histories: int
    schedules: int
    replay: str = ""

    @property
    def decides(self) -> bool:
        """It is promised and inside the promise."""
        return self.promised and not self.outside

    def to_object(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "checker": self.checker,
            "verdict": self.verdict.value,
            "promised": self.promised,
            "outside": self.outside,
            "sentence": self.sentence,
            "schedule": self.schedule,
            "faults": list(self.faults),
            "replay": self.replay,
            "phase": self.phase,
            "needs_faults": self.needs_faults,
            "histories": self.histories,
            "schedules": self.schedules,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was decided about one exploration, and why.

    Attributes:
        record: What the exploration said of itself.
        verdict: The merge of the deciding findings and the reasons.
        reasons: One sentence for each reason why something remains unknown; also kept beside an INVALID.
        findings: Deciding ones first, then those outside the promise, then those not promised.
    """

    record: ExplorationRecord
    verdict: Verdict
    reasons: tuple[str, ...]
    findings: tuple[ListedFinding, ...]

    def to_object(self) -> dict[str, Any]:
        """Return the JSON object of ``verdict.json``."""
        record = self.record.to_object()
        said = ("tier", "name", "subject", "promise", "bound", "schedules", "classes", "exhausted", "hits")
        return {
            "schema": SCHEMA,
            **{name: record[name] for name in (*said, "server", "seed", "notes")},
            "coverage": coverage(self.record).to_object(),
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "findings": [finding.to_object() for finding in self.findings],
        }


def dumps_canonical(stored: Any) -> bytes:
    """Return *stored* as the one JSON text for it: sorted keys, two spaces, ASCII, a newline at the end."""
    return (json.dumps(stored, sort_keys=True, indent=2, allow_nan=False) + "\n").encode("ascii")
