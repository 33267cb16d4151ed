"""What an effect's failure says about the effect, row by row."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from safety_core.idempotency import RetryAdvice, Verdict, classify_effect_error


class VenueError(Exception):
    """An error of a venue's client, with whatever attributes it has."""

    def __init__(self, text: str = "", **attributes: Any) -> None:
        super().__init__(text)
        self.__dict__.update(attributes)


def describe(value: Any) -> str:
    """Name a row: the exception with its attributes, or what is expected."""
    return f"{value!r} {vars(value)}" if isinstance(value, Exception) else f"{value[0]}, {value[1]}"


LATER = (Verdict.NOT_EXECUTED, RetryAdvice.LATER)
NEVER = (Verdict.NOT_EXECUTED, RetryAdvice.NEVER)
UNKNOWN = (Verdict.UNCERTAIN, RetryAdvice.ASK_FIRST)
THERE = (Verdict.ALREADY_THERE, RetryAdvice.ASK_FIRST)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *[(VenueError(status=status), LATER) for status in (429, 418)],
        *[(VenueError(code=code), LATER) for code in (-1003, -1015, -1021)],
        *[(VenueError(code=code), NEVER) for code in (-1013, -1100, -1121, -1199, -1022, -2014, -2015)],
        (VenueError("Account has insufficient balance for requested action.", code=-2010), NEVER),
        (VenueError("Duplicate order sent.", code=-2010), THERE),
        *[(VenueError(status=status), UNKNOWN) for status in (500, 502, 503, 504, 599)],
        *[(VenueError(code=code), UNKNOWN) for code in (-1000, -1001, -1006, -1007, -1008, -2013)],
        (VenueError(status=503, code=-1013), UNKNOWN),
        (VenueError(status_code=504), UNKNOWN),
        (VenueError(code="-1003"), LATER),
        (VenueError(status=400, code=-1013), NEVER),
        (VenueError(status=400), UNKNOWN),
        (VenueError(code=True), UNKNOWN),
        (ConnectionRefusedError(), LATER),
        (socket.gaierror(), LATER),
        (TimeoutError(), UNKNOWN),
        (ConnectionResetError(), UNKNOWN),
        (ValueError("timeout must be > 0"), UNKNOWN),
        (VenueError(definite=True, status=503), LATER),
        (VenueError(definite=False, code=-1013), UNKNOWN),
    ],
    ids=describe,
)
def test_failure_is_judged_by_type_status_and_code(error: Exception, expected: tuple[Verdict, RetryAdvice]) -> None:
    """An unknown never becomes a definite failure, and text decides only where nothing else can."""
    judged = classify_effect_error(error)
    assert (judged.verdict, judged.retry) == expected
    assert judged.why
