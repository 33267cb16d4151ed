"""What changed between two schemas, from whose side it is looked at, and what a schema refers to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Side(Enum):
    """Who a schema speaks to; what breaks one is harmless to the other."""

    GIVEN = "given"
    """What others hand in: what was taken before must still be taken."""
    ANSWERED = "answered"
    """What others are handed: nothing may come that never came, and what always came must still come."""

    @property
    def verb(self) -> str:
        """How a loss is said."""
        return "no longer takes" if self is Side.GIVEN else "may now be"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        sentence: What changed, beginning with where.
        is_known: Whether it breaks somebody; False where that cannot be told.
    """

    sentence: str
    is_known: bool = True


def shown(value: Any) -> str:
    """Return a JSON value on one line."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class Schemas:
    """A document, and what its parts refer to within it."""

    def __init__(self, document: Any) -> None:
        self._document = document

    def table(self, schema: Any) -> dict[str, Any] | None:
        """Return the keywords of a schema, with what it refers to; None for the one that allows nothing."""
        schema = self.resolved(schema)
        if schema is False:
            return None
        if not isinstance(schema, dict):
            return {}
        every = schema.get("allOf")
        if isinstance(every, list) and len(every) == 1 and (only := self.table(every[0])) is not None:
            return {**only, **{name: value for name, value in schema.items() if name != "allOf"}}
        return schema

    def resolved(self, part: Any) -> Any:
        """Return what a `$ref` within the document leads to; anything else, and a `$ref` elsewhere, as it is."""
        followed: set[str] = set()
        while isinstance(part, dict) and isinstance(reference := part.get("$ref"), str):
            target = self._at(reference)
            if not isinstance(target, dict) or reference in followed:
                return part
            followed.add(reference)
            part = {**target, **{name: value for name, value in part.items() if name != "$ref"}}
        return part

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#"):
            return None
        held = self._document
        for part in reference.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(held, dict) or name not in held:
                return None
            held = held[name]
        return held
