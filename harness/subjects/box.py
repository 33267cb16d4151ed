"""The subjects in the box, by name: the reference, the planted guards and their twins."""

from __future__ import annotations

from dataclasses import dataclass

from harness.subjects.broken.registry import PLANTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """Where a subject in the box lives, and what it is."""

    place: str
    what: str


def _planted() -> dict[str, Boxed]:
    found = {}
    for name, planted in PLANTED.items():
        place = f"harness.subjects.broken.{name}"
        found[f"broken.{name}"] = Boxed(place=f"{place}:make", what=planted.bug)
        found[f"twin.{name}"] = Boxed(place=f"{place}:make_twin", what=f"the twin without it: {planted.cure}")
    return found


BOX: dict[str, Boxed] = {
    "reference": Boxed(place="harness.subjects.reference:make", what="the safety core that ships with stormproof"),
    **_planted(),
}
