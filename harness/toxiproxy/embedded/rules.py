"""The redis rules of one proxy: which of them strikes a command. Counts for all connections together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.toxiproxy.embedded.toxics.redis_rule import RedisRule, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.toxiproxy.embedded.toxics.toxic import Toxic


@dataclass(slots=True)
class Rule:
    """A rule that was added to a proxy.

    Attributes:
        toxic: The toxic that it is.
        settings: Its attributes.
        tally: What it has seen since they were set.
    """

    toxic: Toxic
    settings: RedisRule
    tally: Tally = field(default_factory=Tally)
    coins: dict[int, bool] = field(default_factory=dict)

    @property
    def is_upstream(self) -> bool:
        """Whether it acts on requests."""
        return self.toxic.is_upstream


class Rules:
    """All rules of a proxy, in the order in which they came."""

    def __init__(self, toss: Callable[[Toxic, int], bool]) -> None:
        """Ask *toss* whether a toxic is at work on a connection of a number; asked once for each."""
        self._toss = toss
        self._rules: list[Rule] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def set(self, toxic: Toxic, settings: RedisRule) -> Tally:
        """Add the rule, or set it anew where it is there; its counts start at nothing. Return its tally."""
        rule = Rule(toxic, settings)
        for at, known in enumerate(self._rules):
            if known.toxic is toxic:
                self._rules[at] = rule
                break
        else:
            self._rules.append(rule)
        return rule.tally

    def remove(self, toxic: Toxic) -> None:
        """Forget the rule."""
        self._rules = [rule for rule in self._rules if rule.toxic is not toxic]

    def strike(self, words: Sequence[bytes], connection: int) -> Rule | None:
        """Count the command *words* in every rule that it matches; return the first that strikes it."""
        striking = None
        for rule in self._rules:
            if not rule.settings.matches(words, connection) or not self._is_at_work(rule, connection):
                continue
            rule.tally.matched += 1
            behind = rule.tally.matched - rule.settings.nth
            is_due = behind >= 0 and (rule.settings.times == 0 or behind < rule.settings.times)
            striking = rule if striking is None and is_due else striking
        return striking

    def lose_sight(self) -> None:
        """Note in every rule that one connection can no longer be followed."""
        for rule in self._rules:
            rule.tally.unfollowed += 1

    def _is_at_work(self, rule: Rule, connection: int) -> bool:
        if connection not in rule.coins:
            rule.coins[connection] = self._toss(rule.toxic, connection)
        return rule.coins[connection]
