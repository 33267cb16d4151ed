"""One text for one number, however it was written: 0.1, "0.10" and Decimal("0.1") must meet.

Never rounds: a float counts as the shortest decimal that prints it.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

_PLAIN_INT = 10**18
_LONGEST_PLAIN = 40


def number_text(value: float | Decimal) -> str | None:
    """Return the canonical text of a number, or None if it is not finite.

    Equal numbers give one text, different numbers different texts. Booleans are not numbers here.
    """
    if type(value) is int and -_PLAIN_INT < value < _PLAIN_INT:
        return str(value)
    number = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        return None
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    if not stripped:
        return "0"
    power = int(exponent) + len(text) - len(stripped)
    mark = "-" if sign else ""
    if power >= 0 and len(stripped) + power <= _LONGEST_PLAIN:
        return mark + stripped + "0" * power
    if -_LONGEST_PLAIN <= power < 0 and len(stripped) <= _LONGEST_PLAIN:
        padded = stripped.rjust(1 - power, "0")
        return f"{mark}{padded[:power]}.{padded[power:]}"
    return f"{mark}{stripped}E{power}"


def parsed_number(value: float | Decimal | str) -> str | None:
    """Return the canonical text of a number or of a string that spells one; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            return number_text(Decimal(value.strip()))
        except InvalidOperation:
            return None
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    return None
