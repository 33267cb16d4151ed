"""One wanted effect, checked and packed before the first byte leaves: key, payload hash, token, mint time.

Everything that is a caller's mistake is found here, so that nothing was written when it is raised.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .effect_types import EffectType, effect_type_of
from .errors import MintTimeError, TokenError
from .lua import bulk_text
from .payload import payload_hash

if TYPE_CHECKING:
    from .terms import Terms

_TOKEN_BYTES = 16
_UNRUN = "unrun-"
_RESUME = re.compile(rf"{_UNRUN}([0-9a-f]{{{2 * _TOKEN_BYTES}}})").fullmatch


@dataclass(slots=True, eq=False)
class Intent:
    """One call of `execute_once`.

    Attributes:
        effect_type: What kind of effect it is.
        entity_id: The entity as the caller named it.
        key: Key of the record.
        payload_hash: SHA-256 of effect type and payload.
        token: Name of this attempt, never used before and never again.
        extra: Arguments of CLAIM that most calls lack, in RESP: the token of an earlier attempt, the mint time.
        extra_count: How many they are.
        store_result: Whether the result is to be kept.
        key_bulk: The key in RESP.
        token_bulk: The token in RESP.
    """

    effect_type: EffectType
    entity_id: str
    key: str
    payload_hash: str
    token: str
    extra: bytes
    extra_count: int
    store_result: bool
    key_bulk: bytes
    token_bulk: bytes


def make_intent(
    terms: Terms,
    effect_type: EffectType | str,
    entity_id: str,
    payload: Any,
    *,
    minted_at: datetime | float | None,
    resume: str | None,
    store_result: bool,
) -> Intent:
    """Check what the caller asks for, and pack it.

    Raises:
        UnknownEffectTypeError, EntityIdError, PayloadError, MintTimeError, TokenError: The caller's mistake.
    """
    kind = effect_type if type(effect_type) is EffectType else effect_type_of(effect_type)
    key = terms.keys.key(entity_id)
    token = os.urandom(_TOKEN_BYTES).hex()
    extra, count = b"", 0
    if minted_at is not None or resume is not None:
        extra, count = bulk_text(_attempt(resume)) + bulk_text(_milliseconds(minted_at)), 2
    return Intent(
        kind,
        entity_id,
        key,
        payload_hash(kind, payload),
        token,
        extra,
        count,
        store_result,
        bulk_text(key),
        bulk_text(token),
    )


def resume_token(token: str) -> str:
    """Return the proof, for `token=`, that attempt `token` ran no effect and never will.

    It is not the attempt's own name: an attempt that may have run its effect has no such proof to give away.
    """
    return _UNRUN + token


def _attempt(resume: str | None) -> str:
    if resume is None:
        return ""
    found = _RESUME(str(resume))
    if found is None:
        raise TokenError(f"token={resume!r} was not handed out by a GuardResult; pass its `token`, or leave it out")
    return found[1]


def _milliseconds(minted_at: datetime | float | None) -> int:
    if minted_at is None:
        return 0
    wrong = MintTimeError(f"minted_at={minted_at!r}; expected an aware datetime or Unix seconds above 0")
    if isinstance(minted_at, bool) or (isinstance(minted_at, datetime) and minted_at.tzinfo is None):
        raise wrong
    try:
        seconds = minted_at.timestamp() if isinstance(minted_at, datetime) else minted_at
        milliseconds = round(seconds * 1000)
    except (OverflowError, ValueError, TypeError):
        raise wrong from None
    if milliseconds <= 0:
        raise wrong
    return milliseconds
