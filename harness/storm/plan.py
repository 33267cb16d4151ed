"""What a storm is, as a value that goes to every process that takes part in it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from harness.subjects.contract import REQUEST_LIFE_LEASES

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAN = "STORMPROOF_STORM"
"""The variable by which a Locust process is told its plan; it may hold a password, so it is no argument."""
WORKER = "STORMPROOF_STORM_WORKER"
"""The variable by which a Locust process is told its number; the one that leads the others has 0."""
STATUS = "status.jsonl"
"""Where the process that leads the others says how far they are."""
GONE = "gone.txt"
"""Where it is told which worker processes are dead, number by number."""

_BUCKETS = (16, 256)
_SECONDS_OF_BUCKET = 0.5


def spent_file(number: int) -> str:
    """Return the name of the file in which Locust process *number* says what it has spent."""
    return f"spent.{number}.json"


def buckets_for(seconds: float) -> int:
    """Return among how many buckets a storm of so many seconds is spread, so that each stays small."""
    least, most = _BUCKETS
    return max(least, min(most, int(seconds / _SECONDS_OF_BUCKET)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StormPlan:
    """A storm.

    Attributes:
        subject: Whose guard, by name.
        promise: What it is held to.
        seed: The run's.
        users: Locust users, in all processes together.
        seconds: How long they work; Locust knows whole seconds alone.
        most_operations: Operations of one worker process at most.
        lease_s: Seconds of a claim. Short ones: what a dead worker held must be free again before the storm is over.
        redis_url: Where guards find Redis.
        venue: Where they find the venue.
        folder: Where the process writes what happens.
        began_ns: When the storm began, on the clock that the processes of the machine share.
        imports_from: Where modules of a subject are searched, besides the places that Python knows.
        buckets: Files among which each worker spreads what it records, by key; each is judged by itself.
        conflicts: Whether a key is sometimes used with another payload.
        records: Whether what happens is written down; without, only Locust counts, and nothing can be judged.
    """

    subject: str
    promise: str
    seed: int
    users: int
    seconds: int
    most_operations: int = 10_000_000
    lease_s: float = 2.0
    redis_url: str = ""
    venue: str = ""
    folder: str = ""
    began_ns: int = 0
    imports_from: tuple[str, ...] = ()
    buckets: int = 16
    conflicts: bool = True
    records: bool = True

    @property
    def request_life_s(self) -> float:
        """Seconds after which a request that was sent to the venue lands no more."""
        return self.lease_s * REQUEST_LIFE_LEASES

    def to_object(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        return asdict(self)

    def at(self, *, redis_url: str, venue: str, folder: str, began_ns: int) -> Self:
        """Return the plan with its places, and its beginning."""
        return replace(self, redis_url=redis_url, venue=venue, folder=folder, began_ns=began_ns)

    def environment(self, number: int) -> dict[str, str]:
        """Return the variables by which Locust process *number* is told the plan."""
        return {PLAN: json.dumps(self.to_object()), WORKER: str(number)}

    @classmethod
    def from_environment(cls) -> tuple[Self, int]:
        """Return the plan of this Locust process, and its number."""
        return cls.from_object(json.loads(os.environ[PLAN])), int(os.environ[WORKER])

    @classmethod
    def from_object(cls, stored: Mapping[str, Any]) -> Self:
        """Return the plan that :meth:`to_object` stored."""
        return cls(**{**stored, "imports_from": tuple(stored["imports_from"])})
