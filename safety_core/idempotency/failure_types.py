"""What kind of failure an exception is. Names and one fact each; who may retry is decided elsewhere.

The kind alone never says whether an effect happened: a timeout before sending and one after it are both a timeout.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class FailureType(StrEnum):
    """One kind of failure.

    Attributes:
        retryable: Whether trying again can help, as far as the kind goes. It is no permission: see the verdict.
    """

    retryable: bool

    def __new__(cls, name: str, retryable: bool) -> Self:
        """Make a member that is its own name and carries its fact."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.retryable = retryable
        return member

    NETWORK_ERROR = ("network_error", True)
    TIMEOUT = ("timeout", True)
    RATE_LIMIT = ("rate_limit", True)
    DATABASE_LOCK = ("database_lock", True)
    TEMPORARY_ERROR = ("temporary_error", True)
    VALIDATION_ERROR = ("validation_error", False)
    LOGIC_ERROR = ("logic_error", False)
    DATA_NOT_FOUND = ("data_not_found", False)
    PERMISSION_ERROR = ("permission_error", False)
    CONFIGURATION_ERROR = ("configuration_error", False)
    EXCHANGE_BAN = ("exchange_ban", False)
    INSUFFICIENT_BALANCE = ("insufficient_balance", False)
    ORDER_REJECTED = ("order_rejected", False)
    DUPLICATE_ORDER = ("duplicate_order", False)
    UNKNOWN_ERROR = ("unknown_error", False)
