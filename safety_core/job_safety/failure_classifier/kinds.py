"""From exception names, HTTP statuses and texts to kinds of failure, as data. Decides nothing about retries.

Names are read first and texts last: `ValueError("timeout must be > 0")` is no timeout.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from safety_core.idempotency.failure_types import FailureType

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Mapping[FailureType, str] = {
    FailureType.NETWORK_ERROR: (
        "ConnectionError ConnectError ConnectionClosed ReadError WriteError NetworkError RemoteProtocolError "
        "ProxyError ClientConnectorError ClientConnectionError ServerDisconnectedError NewConnectionError "
        "ProtocolError IncompleteRead gaierror herror"
    ),
    FailureType.TIMEOUT: (
        "TimeoutError Timeout TimeoutException ReadTimeout WriteTimeout ConnectTimeout PoolTimeout "
        "ServerTimeoutError RequestTimeout JobTimeoutException"
    ),
    FailureType.RATE_LIMIT: "RateLimitError RateLimitExceeded TooManyRequests TooManyRequestsError DDoSProtection",
    FailureType.DATABASE_LOCK: (
        "DeadlockDetected LockNotAvailable LockTimeout LockError SerializationFailure DeadlockError"
    ),
    FailureType.TEMPORARY_ERROR: (
        "TemporaryError ServiceUnavailable ExchangeNotAvailable BusyLoadingError TryAgainError BlockingIOError "
        "InterruptedError OnMaintenance"
    ),
    FailureType.VALIDATION_ERROR: (
        "ValueError ValidationError JSONDecodeError DataError InvalidOrder BadRequest InvalidOperation"
    ),
    FailureType.LOGIC_ERROR: (
        "TypeError AttributeError AssertionError NameError ArithmeticError IndexError RecursionError "
        "NotImplementedError StopIteration"
    ),
    FailureType.DATA_NOT_FOUND: (
        "KeyError FileNotFoundError DoesNotExist ObjectDoesNotExist NoResultFound NotFound NotFoundError "
        "NoSuchJobError OrderNotFound"
    ),
    FailureType.PERMISSION_ERROR: (
        "PermissionError AuthenticationError AuthorizationError NoPermissionError Forbidden Unauthorized "
        "PermissionDenied PermissionDeniedError"
    ),
    FailureType.CONFIGURATION_ERROR: (
        "ImportError ConfigError ConfigurationError ImproperlyConfigured SettingsError NotADirectoryError"
    ),
    FailureType.INSUFFICIENT_BALANCE: "InsufficientFunds InsufficientBalance",
}

BY_NAME: Mapping[str, FailureType] = MappingProxyType(
    {name: kind for kind, names in _NAMES.items() for name in names.split()}
)
"""By class name, whichever module it is from: the class itself, or the nearest of those that it is derived from."""

BY_STATUS: tuple[tuple[int, int, FailureType], ...] = (
    (400, 400, FailureType.VALIDATION_ERROR),
    (401, 401, FailureType.PERMISSION_ERROR),
    (403, 403, FailureType.PERMISSION_ERROR),
    (404, 404, FailureType.DATA_NOT_FOUND),
    (408, 408, FailureType.TIMEOUT),
    (410, 410, FailureType.DATA_NOT_FOUND),
    (418, 418, FailureType.EXCHANGE_BAN),
    (422, 422, FailureType.VALIDATION_ERROR),
    (423, 423, FailureType.DATABASE_LOCK),
    (429, 429, FailureType.RATE_LIMIT),
    (500, 503, FailureType.TEMPORARY_ERROR),
    (504, 504, FailureType.TIMEOUT),
    (505, 599, FailureType.TEMPORARY_ERROR),
)
"""By HTTP status: lowest and highest, inclusive."""

BY_TEXT: tuple[tuple[str, FailureType], ...] = (
    (r"too many requests|rate.?limit", FailureType.RATE_LIMIT),
    (
        (
            r"database (?:table |schema )?is locked|deadlock|lock wait timeout|"
            r"could not obtain lock|could not serialize access"
        ),
        FailureType.DATABASE_LOCK,
    ),
    (r"insufficient (?:balance|funds|margin)", FailureType.INSUFFICIENT_BALANCE),
    (r"permission denied|access denied|unauthori[sz]ed|forbidden|not authori[sz]ed", FailureType.PERMISSION_ERROR),
    (r"timed out|time-?out", FailureType.TIMEOUT),
    (
        (
            r"connection (?:was )?(?:refused|reset|aborted|closed|lost|error)|network (?:error|failed)|"
            r"network is unreachable|no route to host|name or service not known|"
            r"temporary failure in name resolution|broken pipe"
        ),
        FailureType.NETWORK_ERROR,
    ),
    (r"temporarily unavailable|service unavailable|try again later|bad gateway", FailureType.TEMPORARY_ERROR),
    (r"missing (?:setting|configuration|environment variable)|not configured", FailureType.CONFIGURATION_ERROR),
    (r"does not exist|not found|no such ", FailureType.DATA_NOT_FOUND),
    (r"invalid|validation|must be |malformed", FailureType.VALIDATION_ERROR),
)
"""By text, any case (so the patterns are in lower case), first match wins: asked only where neither name, status nor
code says anything."""
