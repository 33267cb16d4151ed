"""Names for intents: one intent gives one name however its figures are written, two intents never share one.

An `intent_id` is the name. What is derived from the content instead cannot tell two wanted equal effects apart, so
that the second one within the retention would be taken for a repeat of the first.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from .errors import EntityIdError
from .keys import escape
from .number_text import parsed_number

Figure = Decimal | float | int | str
"""A number in whichever form the caller has it; strings must spell a finite number."""


def order_entity_id(symbol: str, side: str, quantity: Figure, intent_id: str | None = None) -> str:
    """Return the entity id of one order.

    With an `intent_id` that alone is the name, so that the same intent with another symbol, side or quantity is a
    CONFLICT and not a second order. Without one the content is the name.

    Raises:
        EntityIdError: A part is empty or of a wrong type, or the quantity is not a finite number.
    """
    content = (word("symbol", symbol), word("side", side).upper(), figure("quantity", quantity))
    return _named("order", content, intent_id)


def position_entity_id(symbol: str, change: Figure, intent_id: str | None = None) -> str:
    """Return the entity id of one position update; as `order_entity_id`."""
    return _named("position", (word("symbol", symbol), figure("change", change)), intent_id)


def ledger_entity_id(account: str, amount: Figure, currency: str, intent_id: str | None = None) -> str:
    """Return the entity id of one ledger entry; as `order_entity_id`."""
    content = (word("account", account), figure("amount", amount), word("currency", currency))
    return _named("ledger", content, intent_id)


def pnl_entity_id(strategy: str, period: str, amount: Figure, intent_id: str | None = None) -> str:
    """Return the entity id of one PnL write; as `order_entity_id`."""
    content = (word("strategy", strategy), word("period", period), figure("amount", amount))
    return _named("pnl", content, intent_id)


def signal_entity_id(strategy: str, symbol: str, direction: str, intent_id: str | None = None) -> str:
    """Return the entity id of one signal; as `order_entity_id`."""
    content = (word("strategy", strategy), word("symbol", symbol), word("direction", direction))
    return _named("signal", content, intent_id)


def word(name: str, value: str) -> str:
    """Return a text part; an enum counts as its value.

    Raises:
        EntityIdError: It is not a string, or is empty.
    """
    plain: object = value.value if isinstance(value, Enum) else value
    if not isinstance(plain, str) or not plain:
        raise EntityIdError(f"{name} is {value!r}; expected a string that is not empty")
    return str(plain)


def figure(name: str, value: Figure) -> str:
    """Return the one text of a number: Decimal("0.10"), 0.1 and "0.1" meet.

    Raises:
        EntityIdError: It is not a finite number and does not spell one.
    """
    text = parsed_number(value)
    if text is None:
        raise EntityIdError(f"{name} is {value!r}; expected a finite number")
    return text


def _named(kind: str, content: tuple[str, ...], intent_id: str | None) -> str:
    if intent_id is not None:
        return f"{kind}/intent/{_part(word('intent_id', intent_id))}"
    return "/".join((kind, "content", *map(_part, content)))


def _part(text: str) -> str:
    return escape(text).replace("/", "%2F")
