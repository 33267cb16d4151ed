"""Compares two JSON schemas in words: what is no longer taken, what may come now, what has another default.

An optional property that was added breaks nobody. What changed and is not understood here is said to be unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.rollout.compatibility.changes import Change, Schemas, Side, shown
from verify.rollout.compatibility.keywords import (
    alternatives,
    bounds,
    described,
    exact,
    is_union,
    not_understood,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Comparison:
    """Compares what two documents say of the same thing, from one side."""

    def __init__(self, before: Schemas, after: Schemas, side: Side) -> None:
        self._before, self._after, self._side = before, after, side
        self._open: set[tuple[str, str]] = set()

    def changes(self, old: Any, new: Any, where: str) -> Iterator[Change]:
        """Yield each difference at *where* that breaks somebody, or of which that cannot be told."""
        pair = (_reference(old), _reference(new))
        if all(pair) and pair in self._open:
            return  # A schema that holds itself: its own comparison is under way.
        self._open.add(pair)
        try:
            yield from self._compared(self._before.table(old), self._after.table(new), where)
        finally:
            self._open.discard(pair)

    def _compared(self, old: dict[str, Any] | None, new: dict[str, Any] | None, where: str) -> Iterator[Change]:
        if old is None or new is None:
            # What allowed nothing may be given more, and what comes no longer surprises nobody.
            if (old if self._side is Side.GIVEN else new) is not None:
                said = "takes nothing now" if self._side is Side.GIVEN else "never came, and may come now"
                yield Change(f"{where} {said}")
            return
        if self._side is Side.GIVEN and "default" in old and shown(old["default"]) != shown(new.get("default")):
            now = f"is {shown(new['default'])}" if "default" in new else "there is none"
            yield Change(f"{where}: its default was {shown(old['default'])}, and now {now}")
        if is_union(old) or is_union(new):
            yield from self._union(old, new, where)
        else:
            yield from values(old, new, where, self._side)
            yield from bounds(old, new, where, self._side)
            yield from exact(old, new, where, self._side)
            yield from self._properties(old, new, where)
            yield from self._further(old, new, where)
        yield from not_understood(old, new, where)

    def _union(self, old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[Change]:
        """Of what was taken, each alternative must still be one; of what may come, each must have been one."""
        is_given = self._side is Side.GIVEN
        olds, news = alternatives(old), alternatives(new)
        for bound in olds if is_given else news:
            tried = [
                list(self.changes(*((bound, by) if is_given else (by, bound)), where))
                for by in (news if is_given else olds)
            ]
            if all(tried):
                schemas = self._before if is_given else self._after
                said = f"{where} {self._side.verb} {described(schemas.table(bound))}"
                yield Change(said, all(any(change.is_known for change in each) for each in tried))

    def _properties(self, old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[Change]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        needed, needed_now = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in olds.items():
            place = f"{where}.{name}"
            if name not in news:
                called = [each for each in news if each not in olds and _bare(news[each]) == _bare(schema)]
                yield Change(f"{place} is gone{f'; it may be called {called[0]} now' if len(called) == 1 else ''}")
                continue
            yield from self.changes(schema, news[name], place)
            if self._side is Side.ANSWERED and name in needed - needed_now:
                yield Change(f"{place} was always there, and may be missing now")
            default = (self._after.table(news[name]) or {}).get("default")
            had_none = "default" not in (self._before.table(schema) or {})
            if self._side is Side.GIVEN and name not in needed and had_none and default is not None:
                yield Change(f"{place}: it had no default, and now it is {shown(default)}")
        if self._side is Side.GIVEN:
            for name in sorted(needed_now - needed):
                yield Change(f"{where}.{name} must be given now{'' if name in olds else '; it was not known before'}")

    def _further(self, old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[Change]:
        """Compare what stands in lists, and the properties that have no name in the schema."""
        for keyword, place in (("items", f"{where}[]"), ("additionalProperties", f"{where}.*")):
            was, now = old.get(keyword, True), new.get(keyword, True)
            if keyword == "additionalProperties" and self._side is Side.ANSWERED and was is False:
                continue  # Who reads an answer skips the properties that it does not know.
            if was != now or was is not True:
                yield from self.changes(was, now, place)


def _reference(schema: Any) -> str:
    return str(schema.get("$ref", "")) if isinstance(schema, dict) else ""


def _bare(schema: Any) -> Any:
    """Return a schema without its title, which follows the name."""
    return {name: value for name, value in schema.items() if name != "title"} if isinstance(schema, dict) else schema
