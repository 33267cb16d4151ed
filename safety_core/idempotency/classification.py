"""What an effect's exception says about the effect: certainly not done, perhaps done, or done already.

A table as data, read by type, HTTP status and exchange code first and by text last. Whatever matches nothing is
uncertain: an unknown must never become a blind retry. Only attributes are read (`definite`, `status`, `status_code`,
`code`), so that no client library is imported.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What is known of the effect."""

    NOT_EXECUTED = "not executed"
    UNCERTAIN = "unknown"
    ALREADY_THERE = "already there"


class RetryAdvice(StrEnum):
    """What a retry policy may do with the failure."""

    LATER = "later"
    NEVER = "never"
    ASK_FIRST = "ask the venue first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table; every condition that is set must hold.

    Attributes:
        verdict: What a match says of the effect.
        retry: What a retry policy may do.
        why: One phrase for people and logs.
        types: Exception types that match.
        status: Lowest and highest HTTP status that match, inclusive.
        codes: Lowest and highest exchange code that match, inclusive.
        text: Part of the exception's text that must be there too; read last.
    """

    verdict: Verdict
    retry: RetryAdvice
    why: str
    types: tuple[type[BaseException], ...] = ()
    status: tuple[int, int] | None = None
    codes: tuple[int, int] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Classification:
    """How one failure was judged.

    Attributes:
        verdict: What is known of the effect.
        retry: What a retry policy may do.
        why: The row that matched.
    """

    verdict: Verdict
    retry: RetryAdvice
    why: str


def _later(why: str, code: int) -> Rule:
    return Rule(verdict=Verdict.NOT_EXECUTED, retry=RetryAdvice.LATER, why=why, codes=(code, code))


def _never(why: str, low: int, high: int | None = None) -> Rule:
    return Rule(verdict=Verdict.NOT_EXECUTED, retry=RetryAdvice.NEVER, why=why, codes=(low, high or low))


def _unknown(why: str, code: int) -> Rule:
    return Rule(verdict=Verdict.UNCERTAIN, retry=RetryAdvice.ASK_FIRST, why=why, codes=(code, code))


RULES: tuple[Rule, ...] = (
    Rule(
        verdict=Verdict.UNCERTAIN,
        retry=RetryAdvice.ASK_FIRST,
        why="HTTP 5xx: the execution status is unknown",
        status=(500, 599),
    ),
    _unknown("-1000: an unknown error while processing the request", -1000),
    _unknown("-1001: disconnected, the request could not be processed in time", -1001),
    _unknown("-1006: an unexpected response, execution status unknown", -1006),
    _unknown("-1007: timeout of the backend, execution status unknown", -1007),
    _unknown("-1008: the servers are overloaded, state not documented for orders", -1008),
    _unknown("-2013: no such order yet, which proves nothing right after an unknown", -2013),
    Rule(
        verdict=Verdict.ALREADY_THERE,
        retry=RetryAdvice.ASK_FIRST,
        why="-2010: duplicate order sent, an earlier attempt is there",
        codes=(-2010, -2010),
        text="Duplicate order sent",
    ),
    _never("-2010: rejected by the venue", -2010),
    _later("-1003: too many requests", -1003),
    _later("-1015: too many orders", -1015),
    _later("-1021: timestamp outside the window, mend the clock", -1021),
    _never("-1013: the request did not reach the matching engine", -1013),
    _never("-1022: the signature is not valid", -1022),
    _never("-11xx: a parameter is wrong", -1199, -1100),
    _never("-2014: the API key has a bad format", -2014),
    _never("-2015: the API key, address or permission is not valid", -2015),
    Rule(verdict=Verdict.NOT_EXECUTED, retry=RetryAdvice.LATER, why="HTTP 429: slow down", status=(429, 429)),
    Rule(
        verdict=Verdict.NOT_EXECUTED,
        retry=RetryAdvice.LATER,
        why="HTTP 418: banned, not before Retry-After",
        status=(418, 418),
    ),
    Rule(
        verdict=Verdict.NOT_EXECUTED,
        retry=RetryAdvice.LATER,
        why="no connection was made, so nothing was sent",
        types=(ConnectionRefusedError, socket.gaierror),
    ),
    Rule(
        verdict=Verdict.UNCERTAIN,
        retry=RetryAdvice.ASK_FIRST,
        why="no answer after sending",
        types=(TimeoutError, ConnectionResetError, BrokenPipeError, ConnectionAbortedError),
    ),
)
"""First match wins. Sources: binance/binance-spot-api-docs errors.md and rest-api.md (2026-07)."""

UNMATCHED = Classification(Verdict.UNCERTAIN, RetryAdvice.ASK_FIRST, "not known to the table: may have been sent")
"""What everything else is: nobody can say whether the request had left."""


def classify_effect_error(error: BaseException) -> Classification:
    """Judge what `error`, raised by an effect, says about the effect.

    A boolean attribute `definite` on the exception is the word of the one who raised it and goes first: True means
    that the effect certainly did not happen, False that it may have.
    """
    definite = getattr(error, "definite", None)
    if definite is True:
        return Classification(Verdict.NOT_EXECUTED, RetryAdvice.LATER, "the effect says that it did not happen")
    if definite is False:
        return Classification(Verdict.UNCERTAIN, RetryAdvice.ASK_FIRST, "the effect says that it may have happened")
    status = _number(getattr(error, "status", None))
    if status is None:
        status = _number(getattr(error, "status_code", None))
    code = _number(getattr(error, "code", None))
    for rule in RULES:
        if _matches(rule, error, status, code):
            return Classification(rule.verdict, rule.retry, rule.why)
    return UNMATCHED


def _matches(rule: Rule, error: BaseException, status: int | None, code: int | None) -> bool:
    if rule.types and not isinstance(error, rule.types):
        return False
    if rule.status and (status is None or not rule.status[0] <= status <= rule.status[1]):
        return False
    if rule.codes and (code is None or not rule.codes[0] <= code <= rule.codes[1]):
        return False
    return rule.text in str(error) if rule.text else True


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    return None
