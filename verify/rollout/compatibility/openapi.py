"""Compares two OpenAPI documents in words: what is no longer taken, and what may be answered now.

Paths, methods and answers that were added break nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.rollout.compatibility.changes import Change, Schemas, Side, shown
from verify.rollout.compatibility.json_schema import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_UNCLEAR = ("security", "servers", "callbacks")
"""What may break clients, and of which nobody can tell it by its text."""


def interface_changes(before: Any, after: Any) -> Iterator[Change]:
    """Yield each difference between two documents that breaks a client, or of which that cannot be told."""
    old, new = Schemas(before), Schemas(after)
    yield from _unclear(before, after, "the API")
    for path, was in before.get("paths", {}).items():
        now = after.get("paths", {}).get(path)
        if now is None:
            yield Change(f"{path} is gone")
            continue
        olds, news = old.resolved(was), new.resolved(now)
        for method in _METHODS:
            place = f"{method.upper()} {path}"
            if method in olds and method not in news:
                yield Change(f"{place} is gone")
            elif method in olds:
                yield from _Operation(old, new, place).changes(_whole(olds, method), _whole(news, method))


def _whole(item: dict[str, Any], method: str) -> dict[str, Any]:
    """Return an operation with the parameters of all operations of its path."""
    operation = item[method]
    return {**operation, "parameters": [*item.get("parameters", ()), *operation.get("parameters", ())]}


def _unclear(old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[Change]:
    for name in _UNCLEAR:
        if old.get(name) != new.get(name):
            was, now = (shown(held[name]) if name in held else "none" for held in (old, new))
            yield Change(f"{where}: {name} was {was}, and now it is {now}", is_known=False)


class _Operation:
    """Compares one operation of an API."""

    def __init__(self, before: Schemas, after: Schemas, place: str) -> None:
        self._before, self._after, self._place = before, after, place
        self._given = Comparison(before, after, Side.GIVEN)
        self._answered = Comparison(before, after, Side.ANSWERED)

    def changes(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        yield from _unclear(old, new, self._place)
        yield from self._parameters(old, new)
        yield from self._body(old, new)
        yield from self._answers(old, new)

    def _parameters(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        was, now = _named(self._before, old), _named(self._after, new)
        for key, parameter in was.items():
            where = f"{self._place}: the parameter {key[1]} ({key[0]})"
            if key not in now:
                yield Change(f"{where} is gone")
                continue
            if now[key].get("required") and not parameter.get("required"):
                yield Change(f"{where} must be given now")
            yield from self._given.changes(parameter.get("schema", True), now[key].get("schema", True), where)
        for key, parameter in now.items():
            if key not in was and parameter.get("required"):
                yield Change(
                    f"{self._place}: the parameter {key[1]} ({key[0]}) must be given now; it was not known before"
                )

    def _body(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        was = self._before.resolved(old.get("requestBody", {}))
        now = self._after.resolved(new.get("requestBody", {}))
        if now.get("required") and not was.get("required"):
            yield Change(f"{self._place}: a request must have a body now")
        yield from self._contents(was, now, "request", self._given, is_gone="is no longer taken")

    def _answers(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        for status, answer in old.get("responses", {}).items():
            if status not in new.get("responses", {}):
                yield Change(f"{self._place}: the answer {status} is gone")
                continue
            was, now = self._before.resolved(answer), self._after.resolved(new["responses"][status])
            yield from self._contents(was, now, f"answer {status}", self._answered, is_gone="is gone")

    def _contents(
        self, was: dict[str, Any], now: dict[str, Any], what: str, comparison: Comparison, *, is_gone: str
    ) -> Iterator[Change]:
        for form, content in was.get("content", {}).items():
            if form not in now.get("content", {}):
                yield Change(f"{self._place}: {what} as {form} {is_gone}")
                continue
            old, new = content.get("schema", True), now["content"][form].get("schema", True)
            yield from comparison.changes(old, new, f"{self._place}: {what}")


def _named(schemas: Schemas, operation: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the parameters by where they stand and their name."""
    held = [schemas.resolved(each) for each in operation["parameters"]]
    return {(each.get("in", ""), each.get("name", "")): each for each in held}
