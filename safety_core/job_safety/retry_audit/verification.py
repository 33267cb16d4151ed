"""Is the audit complete? Sequence numbers and the hash chain of each writer, looked through for gaps. Only reads.

A cut of a writer's newest records leaves a shorter chain that is sound: it shows against heads kept elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from .record import GENESIS, AuditAction, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .record import AuditRecord


@final
@dataclass(frozen=True, slots=True)
class Verification:
    """What a look through the whole audit found.

    Attributes:
        records: How many records there are.
        problems: One sentence for each gap or change; empty where there is none.
        torn: Journals whose last line was not finished. Nobody was told that it was written.
        heads: By writer: sequence and hash of the newest record. Keep them elsewhere to notice a cut tail.
    """

    records: int
    problems: tuple[str, ...]
    torn: tuple[str, ...]
    heads: Mapping[str, tuple[int, str]] = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing and nothing was changed, as far as the chains can tell."""
        return not self.problems


def verify_chains(
    records: Iterable[AuditRecord], torn: Iterable[str], known_heads: Mapping[str, tuple[int, str]]
) -> Verification:
    """Look through the chains of all writers.

    Args:
        records: All records, each once.
        torn: Names of journals whose last line was not finished.
        known_heads: Heads of an earlier verification.
    """
    chains: defaultdict[str, list[AuditRecord]] = defaultdict(list)
    removed: set[tuple[str, int, str]] = set()
    count = 0
    for record in records:
        count += 1
        chains[record.writer].append(record)
        if record.action is AuditAction.RETENTION and record.phase is Phase.INTENT:
            removed.update((writer, last, end) for writer, last, end in json.loads(record.details)["ends"])
    problems: list[str] = []
    heads = {}
    for writer, chain in sorted(chains.items()):
        chain.sort(key=lambda record: record.sequence)
        problems += _breaks(writer, chain, removed)
        heads[writer] = (chain[-1].sequence, chain[-1].hash)
    for writer, (sequence, end) in known_heads.items():
        held = {(record.sequence, record.hash) for record in chains.get(writer, [])}
        is_removed = any(name == writer and last >= sequence for name, last, _ in removed)
        if (sequence, end) not in held and not is_removed:
            problems.append(f"writer {writer}: record {sequence}, known from before, is missing or changed")
    return Verification(count, tuple(problems), tuple(torn), heads)


def _breaks(writer: str, chain: list[AuditRecord], removed: set[tuple[str, int, str]]) -> list[str]:
    found = []
    last, end = 0, GENESIS
    for record in chain:
        follows = (record.sequence, record.previous_hash) == (last + 1, end)
        if not follows and (writer, record.sequence - 1, record.previous_hash) not in removed:
            if record.sequence == last + 1:
                found.append(f"writer {writer}: record {record.sequence} does not follow the one before it")
            else:
                found.append(f"writer {writer}: records {last + 1} to {record.sequence - 1} are missing")
        if record.hash != record.computed_hash():
            found.append(f"writer {writer}: record {record.sequence} was changed")
        last, end = record.sequence, record.hash
    return found
