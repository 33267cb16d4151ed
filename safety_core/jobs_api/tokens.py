"""Who may do what: bearer tokens, known by their SHA-256 alone. There is no caller without a name.

A token itself is never kept, logged or shown.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, final

from safety_core.configuration import ConfigError, read_yaml

from .errors import JobsApiError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

_DIGEST = re.compile(r"[0-9a-f]{64}").fullmatch
_LONGEST = 200
_KEYS = {"actor", "role", "sha256"}


class Role(StrEnum):
    """What a caller may do; each one may do what those before it may."""

    READ = "read"
    RETRY = "retry"
    FORCE = "force"

    def may(self, wanted: Role) -> bool:
        """Return whether this role is enough."""
        order = list(Role)
        return order.index(self) >= order.index(wanted)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a token.

    Attributes:
        actor: Name, as it stands in the audit.
        role: What they may do.
        sha256: SHA-256 of the token, as 64 hexadecimal digits.
    """

    actor: str
    role: Role
    sha256: str

    def __post_init__(self) -> None:
        """Check that name and digest are of use.

        Raises:
            JobsApiError: One is not.
        """
        given: tuple[object, object] = (self.actor, self.sha256)
        if not isinstance(given[0], str) or not given[0].strip() or len(given[0]) > _LONGEST:
            raise JobsApiError(f"actor is {self.actor!r:.80}; expected a name of at most {_LONGEST} characters")
        if not isinstance(given[1], str) or _DIGEST(given[1]) is None:
            raise JobsApiError(f"sha256 of {self.actor} is not 64 hexadecimal digits in lower case")


class Tokens:
    """All callers."""

    def __init__(self, callers: Iterable[Caller]) -> None:
        """Take the callers.

        Raises:
            JobsApiError: There is none, or two have one token.
        """
        self._callers = tuple(callers)
        if not self._callers:
            raise JobsApiError("there is no token, and nobody is served without one; expected one caller or more")
        if len({caller.sha256 for caller in self._callers}) < len(self._callers):
            raise JobsApiError(
                "two callers have the same token; expected one each, so that the audit knows who it was"
            )

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Tokens:
        """Read the callers from the list `tokens` of a YAML file, each with `actor`, `role` and `sha256`.

        Raises:
            JobsApiError, ConfigError: The file cannot be used; the message names the place.
        """
        held = read_yaml(path)
        listed = held.get("tokens")
        if held.keys() != {"tokens"} or not isinstance(listed, list):
            raise ConfigError(f"{path}: expected one list, tokens, and nothing beside it")
        try:
            return cls(_caller(number, entry) for number, entry in enumerate(listed, start=1))
        except JobsApiError as error:
            raise JobsApiError(f"{path}: {error}") from None

    def caller(self, token: str) -> Caller | None:
        """Return who has this token, or None. Every digest is compared, in constant time."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        found = None
        for caller in self._callers:
            if hmac.compare_digest(caller.sha256, digest):
                found = caller
        return found


def _caller(number: int, entry: Any) -> Caller:
    if not isinstance(entry, dict) or entry.keys() != _KEYS:
        raise JobsApiError(f"token {number} does not have the keys actor, role and sha256, and no other")
    if entry["role"] not in list(Role):
        raise JobsApiError(f"token {number} has the role {entry['role']!r:.40}; expected one of: {', '.join(Role)}")
    return Caller(actor=entry["actor"], role=Role(entry["role"]), sha256=entry["sha256"])
