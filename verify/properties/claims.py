"""What was drawn for each claim and what came of it: values in, verdict out. Nothing is drawn here.

A claim of which no example was drawn, or that was broken once and not again, was not shown: UNKNOWN, never held.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from verify.history.judgement import ListedFinding
from verify.history.record import SCHEMA, MalformedRecordError
from verify.history.words import Verdict, merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.history.judgement import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One claim, tried.

    Attributes:
        name: Its name.
        says: What it claims, in one sentence.
        examples: Examples that were drawn and came to their end.
        broken: What the smallest example shows that breaks it, in one sentence; empty where none does.
        example: That example, line by line.
        unshown: Why nothing can be concluded; empty where something can.
        has_histories: Its examples are histories of the part, whose findings say more than its sentence.
    """

    name: str
    says: str
    examples: int
    broken: str = ""
    example: tuple[str, ...] = ()
    unshown: str = ""
    has_histories: bool = False

    @property
    def verdict(self) -> Verdict:
        """What follows."""
        if self.broken:
            return Verdict.INVALID
        return Verdict.VALID if self.examples and not self.unshown else Verdict.UNKNOWN

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {**asdict(self), "example": list(self.example)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """All that was drawn in one part.

    Attributes:
        profile: How much was asked for.
        rounds: How often everything was drawn, each time from another seed.
        again: The command that draws the same again.
        claims: The claims.
    """

    profile: str
    rounds: int
    again: str
    claims: tuple[Claimed, ...]

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "schema": SCHEMA,
            "profile": self.profile,
            "rounds": self.rounds,
            "again": self.again,
            "claims": [claim.to_object() for claim in self.claims],
        }


_TYPES = {"name": str, "says": str, "examples": int, "broken": str, "unshown": str, "has_histories": bool}


def read_drawn(stored: Mapping[str, Any]) -> Drawn:
    """Return what :meth:`Drawn.to_object` stored.

    Raises:
        MalformedRecordError: It is of another schema, or malformed.
    """
    claims = stored.get("claims")
    if stored.get("schema") != SCHEMA or not isinstance(claims, list):
        raise MalformedRecordError(f"expected schema {SCHEMA} and a list of claims")
    try:
        return Drawn(
            profile=str(stored["profile"]),
            rounds=int(stored["rounds"]),
            again=str(stored["again"]),
            claims=tuple(_read_claim(each) for each in claims),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedRecordError(f"a stored claim is malformed: {error!r}") from error


def _read_claim(stored: Any) -> Claimed:
    if set(stored) != {each.name for each in fields(Claimed)}:
        raise MalformedRecordError(f"a claim has other fields: {', '.join(map(str, stored))}")
    for name, kind in _TYPES.items():
        if type(stored[name]) is not kind:
            raise MalformedRecordError(f"of a claim {name} is {stored[name]!r}")
    return Claimed(**{**stored, "example": tuple(map(str, stored["example"]))})


def judge_claims(judgement: Judgement, drawn: Drawn) -> tuple[Judgement, dict[str, Any]]:
    """Return the judgement of the histories with what the claims add, and the object of the claims."""
    findings = tuple(_findings(judgement, drawn))
    reasons = tuple(_reasons(drawn.claims))
    verdicts = [judgement.verdict, *(Verdict.INVALID for _ in findings), *(Verdict.UNKNOWN for _ in reasons)]
    judged = replace(
        judgement,
        verdict=merge(verdicts),
        reasons=(*judgement.reasons, *reasons),
        findings=(*findings, *judgement.findings),
    )
    section = drawn.to_object()
    del section["schema"]
    for claim, stored in zip(drawn.claims, section["claims"], strict=True):
        stored["verdict"] = claim.verdict.value
    return judged, section


def _findings(judgement: Judgement, drawn: Drawn) -> Iterator[ListedFinding]:
    """Yield a finding for each broken claim, unless its histories hold one that decides."""
    is_found = any(finding.decides and finding.verdict is Verdict.INVALID for finding in judgement.findings)
    for claim in drawn.claims:
        if claim.broken and not (claim.has_histories and is_found):
            yield ListedFinding(
                checker=claim.name,
                verdict=Verdict.INVALID,
                promised=True,
                outside="",
                sentence=claim.broken,
                schedule="",
                faults=(),
                phase="",
                needs_faults=True,
                histories=0,
                schedules=0,
                replay=drawn.again,
            )


def _reasons(claims: Sequence[Claimed]) -> Iterator[str]:
    if not claims:
        yield "no claim was tried"
    for claim in claims:
        if claim.unshown:
            yield f"{claim.name}: {claim.unshown}"
        elif not claim.examples:
            yield f"{claim.name}: no example was drawn"
