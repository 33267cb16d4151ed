"""The table of failures, as data: what a failure of each kind says about the effect. First match wins.

Rows of the protocol first, then of one exchange, in the order in which they are read: what leaves the outcome open
stands above what settles it, so that an unknown never becomes a definite failure.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from .failure_types import FailureType

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        failure: What kind of failure it is.
        why: One phrase for people and logs.
        types: Exception types that match.
        status: Lowest and highest HTTP status that match, inclusive.
        codes: Lowest and highest exchange code that match, inclusive.
        text: Part of the exception's text that must be there too, in any case; read last.
    """

    verdict: Verdict
    retry: RetryAdvice
    failure: FailureType
    why: str
    types: tuple[type[BaseException], ...] = ()
    status: tuple[int, int] | None = None
    codes: tuple[int, int] | None = None
    text: str = ""


def _later(why: str, failure: FailureType, code: int, text: str = "") -> Rule:
    return Rule(
        verdict=Verdict.NOT_EXECUTED,
        retry=RetryAdvice.LATER,
        failure=failure,
        why=why,
        codes=(code, code),
        text=text,
    )


def _never(why: str, failure: FailureType, low: int, high: int | None = None, text: str = "") -> Rule:
    return Rule(
        verdict=Verdict.NOT_EXECUTED,
        retry=RetryAdvice.NEVER,
        failure=failure,
        why=why,
        codes=(low, high or low),
        text=text,
    )


def _unknown(why: str, failure: FailureType, code: int) -> Rule:
    return Rule(verdict=Verdict.UNCERTAIN, retry=RetryAdvice.ASK_FIRST, failure=failure, why=why, codes=(code, code))


OPEN_STATUS: tuple[Rule, ...] = (
    Rule(
        verdict=Verdict.UNCERTAIN,
        retry=RetryAdvice.ASK_FIRST,
        failure=FailureType.TEMPORARY_ERROR,
        why="HTTP 5xx: the execution status is unknown",
        status=(500, 599),
    ),
    Rule(
        verdict=Verdict.NOT_EXECUTED,
        retry=RetryAdvice.LATER,
        failure=FailureType.EXCHANGE_BAN,
        why="HTTP 418: banned, not before Retry-After",
        status=(418, 418),
    ),
)
"""What an HTTP status says whatever the exchange's code is."""

BINANCE: tuple[Rule, ...] = (
    _unknown("-1000: an unknown error while processing the request", FailureType.TEMPORARY_ERROR, -1000),
    _unknown("-1001: disconnected, the request could not be processed in time", FailureType.NETWORK_ERROR, -1001),
    _unknown("-1006: an unexpected response, execution status unknown", FailureType.TEMPORARY_ERROR, -1006),
    _unknown("-1007: timeout of the backend, execution status unknown", FailureType.TIMEOUT, -1007),
    _unknown(
        "-1008: the servers are overloaded, state not documented for orders", FailureType.TEMPORARY_ERROR, -1008
    ),
    _unknown(
        "-2013: no such order yet, which proves nothing right after an unknown", FailureType.DATA_NOT_FOUND, -2013
    ),
    Rule(
        verdict=Verdict.ALREADY_THERE,
        retry=RetryAdvice.ASK_FIRST,
        failure=FailureType.DUPLICATE_ORDER,
        why="-2010: duplicate order sent, an earlier attempt is there",
        codes=(-2010, -2010),
        text="Duplicate order sent",
    ),
    _never(
        "-2010: the balance is insufficient", FailureType.INSUFFICIENT_BALANCE, -2010, text="insufficient balance"
    ),
    _never("-2010: rejected by the venue", FailureType.ORDER_REJECTED, -2010),
    _later("-1003: banned, not before the time that it names", FailureType.EXCHANGE_BAN, -1003, "banned until"),
    _later("-1003: too many requests", FailureType.RATE_LIMIT, -1003),
    _later("-1015: too many orders", FailureType.RATE_LIMIT, -1015),
    _later("-1021: timestamp outside the window, mend the clock", FailureType.TEMPORARY_ERROR, -1021),
    _never("-1013: the request did not reach the matching engine", FailureType.VALIDATION_ERROR, -1013),
    _never("-1022: the signature is not valid", FailureType.CONFIGURATION_ERROR, -1022),
    _never("-11xx: a parameter is wrong", FailureType.VALIDATION_ERROR, -1199, -1100),
    _never("-2014: the API key has a bad format", FailureType.CONFIGURATION_ERROR, -2014),
    _never("-2015: the API key, address or permission is not valid", FailureType.PERMISSION_ERROR, -2015),
)
"""Sources: binance/binance-spot-api-docs errors.md and rest-api.md (2026-07)."""

PROTOCOL: tuple[Rule, ...] = (
    Rule(
        verdict=Verdict.NOT_EXECUTED,
        retry=RetryAdvice.LATER,
        failure=FailureType.RATE_LIMIT,
        why="HTTP 429: slow down",
        status=(429, 429),
    ),
    Rule(
        verdict=Verdict.NOT_EXECUTED,
        retry=RetryAdvice.LATER,
        failure=FailureType.NETWORK_ERROR,
        why="no connection was made, so nothing was sent",
        types=(ConnectionRefusedError, socket.gaierror),
    ),
    Rule(
        verdict=Verdict.UNCERTAIN,
        retry=RetryAdvice.ASK_FIRST,
        failure=FailureType.TIMEOUT,
        why="no answer after sending",
        types=(TimeoutError,),
    ),
    Rule(
        verdict=Verdict.UNCERTAIN,
        retry=RetryAdvice.ASK_FIRST,
        failure=FailureType.NETWORK_ERROR,
        why="the connection was lost after sending",
        types=(ConnectionResetError, BrokenPipeError, ConnectionAbortedError),
    ),
)
"""What a status or a type says where the exchange's code says nothing."""

EXCHANGES: Mapping[str, tuple[Rule, ...]] = MappingProxyType({"binance": BINANCE})
"""The rows of each exchange whose codes are known, by its name in lower case."""


def rules_of(exchange: str) -> tuple[Rule, ...]:
    """Return the table for an exchange, in the order in which it is read; without codes where it is not known."""
    return (*OPEN_STATUS, *EXCHANGES.get(exchange.lower(), ()), *PROTOCOL)


RULES: tuple[Rule, ...] = rules_of("binance")
"""The table that the guard judges effects by."""
