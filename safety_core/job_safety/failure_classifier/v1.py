"""V1: what kind of failure a job ended with, and whether trying again can help.

Type first, then HTTP status, text last; whatever matches nothing is not retryable. It knows nothing of requests and
orders: that a kind is retryable does not say that the effect did not happen. Ask V2 where there is an effect.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from safety_core.idempotency.failure_types import FailureType
from safety_core.job_safety.errors import FailureError

from .kinds import BY_NAME, BY_STATUS, BY_TEXT
from .reading import facts_from

if TYPE_CHECKING:
    from safety_core.idempotency.failure_facts import FailureFacts

_PATTERNS = [pattern for pattern, _ in BY_TEXT]
# Of a text in lower case: an expression that ignores case would be tried at every character.
_ANY = re.compile("|".join(_PATTERNS))
_WHICH = re.compile("|".join(f"(?P<k{at}>{pattern})" for at, pattern in enumerate(_PATTERNS)))
_KINDS = {f"k{at}": kind for at, (_, kind) in enumerate(BY_TEXT)}
# Of no pattern: what matches nothing.
_BEFORE = {f"k{at}": re.compile("|".join(_PATTERNS[:at]) or "(?!)") for at in range(len(BY_TEXT))}
_MOST_KNOWN = 1024
_BY_VALUE = {str(kind): kind for kind in FailureType}


class FailureClassifier:
    """Maps failures to kinds. Patterns may be added; they belong to this classifier alone."""

    def __init__(self) -> None:
        self._typed: list[tuple[str, re.Pattern[str], FailureType]] = []
        self._patterns: list[tuple[re.Pattern[str], FailureType]] = []
        self._names: dict[str, FailureType] = dict(BY_NAME)
        self._known: dict[Any, Any] = {}

    def add_type(self, name: str | type[BaseException], failure_type: FailureType | str) -> None:
        """Let a class, by itself or by its name, and what is derived from it be of a kind.

        Raises:
            FailureError: The name is empty or no string, or there is no such kind.
        """
        plain: object = name.__name__ if isinstance(name, type) else name
        if not isinstance(plain, str) or not plain:
            raise FailureError(f"the exception type is {name!r}; expected a class or the name of one")
        self._names[plain.rpartition(".")[2]] = _kind(failure_type)
        self._known.clear()

    def add_pattern(
        self, pattern: str | re.Pattern[str], failure_type: FailureType | str, *, error_type: str | None = None
    ) -> None:
        """Let a text be of a kind. Later patterns are asked before earlier ones, and all before the built-in ones.

        Args:
            pattern: A regular expression; a string ignores case.
            failure_type: The kind.
            error_type: Name of an exception class for which the text goes before the type. None: the text is asked
                only where the type says nothing, like every other text.

        Raises:
            FailureError: The pattern is empty or cannot be compiled, or there is no such kind.
        """
        kind = _kind(failure_type)
        if isinstance(pattern, str):
            if not pattern:
                raise FailureError("the pattern is empty; it would match every failure")
            try:
                pattern = re.compile(pattern, re.IGNORECASE)
            except re.error as error:
                raise FailureError(f"the pattern {pattern!r} cannot be compiled: {error}") from None
        if error_type is None:
            self._patterns.insert(0, (pattern, kind))
        else:
            self._typed.insert(0, (error_type.rpartition(".")[2], pattern, kind))
        self._known.clear()

    def failure_type(self, exc_info: Any) -> FailureType:
        """Return the kind of a failure; UNKNOWN_ERROR where nothing matches.

        Raises:
            FailureError: `exc_info` is neither an exception, `sys.exc_info()`, nor a text.
        """
        return self._kind_of(facts_from(exc_info))

    def should_retry_failure(self, exc_info: Any) -> tuple[bool, FailureType]:
        """Return whether trying again can help, and the kind. Not a word about whether the effect happened.

        Raises:
            FailureError: As for `failure_type`.
        """
        known: tuple[bool, FailureType] | None = self._known.get(type(exc_info))
        if known is not None:
            return known
        facts = facts_from(exc_info)
        kind = self._kind_of(facts)
        if self._told_by_type(exc_info, facts):
            self._remember(type(exc_info), (kind.retryable, kind))
        return kind.retryable, kind

    def _told_by_type(self, failure: Any, facts: FailureFacts) -> bool:
        """Return whether the class of an exception alone says its kind, so that the next one needs no look."""
        is_named = isinstance(failure, BaseException) and any(name in self._names for name in facts.names)
        return is_named and not any(name in facts.names for name, _, _ in self._typed)

    def _remember(self, key: Any, answer: Any) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = answer

    def _kind_of(self, facts: FailureFacts) -> FailureType:
        for name, pattern, kind in self._typed:
            if name in facts.names and pattern.search(facts.text):
                return kind
        for name in facts.names:
            known = self._names.get(name)
            if known is not None:
                return known
        if facts.status is not None:
            for low, high, kind in BY_STATUS:
                if low <= facts.status <= high:
                    return kind
        return self._kind_of_text(facts.text)

    def _kind_of_text(self, text: str) -> FailureType:
        for pattern, kind in self._patterns:
            if pattern.search(text):
                return kind
        text = text.lower()
        kind, found = FailureType.UNKNOWN_ERROR, _ANY.search(text)
        while found is not None and (which := _WHICH.match(text, found.start())) and which.lastgroup:
            # The leftmost match; a pattern that goes before its own may match further on.
            kind, found = _KINDS[which.lastgroup], _BEFORE[which.lastgroup].search(text, found.start() + 1)
        return kind


def _kind(name: FailureType | str) -> FailureType:
    found = _BY_VALUE.get(str(name))
    if found is None:
        raise FailureError(f"failure type {name!r:.80} is unknown; expected one of: {', '.join(_BY_VALUE)}")
    return found
