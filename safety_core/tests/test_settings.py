"""What a guard may be told, and what it refuses to be told."""

from __future__ import annotations

from typing import Any

import pytest

from safety_core.idempotency import (
    EffectType,
    GuardSettings,
    MintTimeError,
    Mode,
    SettingsError,
    SideEffectWrapper,
    StoreLoss,
    TokenError,
    UnknownEffectTypeError,
)

NOWHERE = "redis://127.0.0.1:1"


def test_defaults_are_the_documented_ones() -> None:
    """72 hours, a lease of 30 s, strict, and nothing runs without its store."""
    settings = GuardSettings()
    assert (settings.mode, settings.lease_s, settings.retention_s) == (Mode.STRICT, 30, 259200)
    assert set(settings.store_loss.values()) == {StoreLoss.REFUSE}
    assert set(settings.store_loss) == set(EffectType)


def test_equal_settings_are_one_key_of_a_dict() -> None:
    """One guard per client and settings is kept, so that settings must hash."""
    assert len({GuardSettings(store_loss={EffectType.SIGNAL: StoreLoss.BYPASS}) for _ in range(2)}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "reckless"},
        {"lease_s": 0},
        {"lease_s": float("nan")},
        {"lease_s": True},
        {"retention_s": "72h"},
        {"namespace": ""},
        {"account": None},
        {"max_result_bytes": -1},
        {"wait_ms": 0},
        {"store_loss": {"order": "bypass"}},
        {"store_loss": {"signal": "maybe"}},
        {"store_loss": {"unheard of": "refuse"}},
    ],
    ids=repr,
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    """A guard is not made with a value that would break its promise."""
    with pytest.raises(SettingsError):
        GuardSettings(**wrong)


@pytest.mark.parametrize("source", [None, 7, object()])
def test_guard_needs_a_client_or_a_url(source: Any) -> None:
    """Anything else is said at once, not at the first order."""
    with pytest.raises(SettingsError):
        SideEffectWrapper(source)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"effect_type": "refund"}, UnknownEffectTypeError),
        ({"effect_type": None}, UnknownEffectTypeError),
        ({"minted_at": -1}, MintTimeError),
        ({"minted_at": float("nan")}, MintTimeError),
        ({"minted_at": "yesterday"}, MintTimeError),
        ({"token": "f" * 32}, TokenError),
        ({"token": "unrun-x"}, TokenError),
    ],
    ids=repr,
)
def test_callers_mistakes_are_raised_before_anything_is_sent(changes: dict[str, Any], error: type[Exception]) -> None:
    """There is no server behind this guard, and none is asked."""
    call: dict[str, Any] = {"effect_type": "order", "entity_id": "e", "operation": lambda claim: None, "payload": {}}
    with pytest.raises(error) as raised:
        SideEffectWrapper(NOWHERE).execute_once(**{**call, **changes})
    assert isinstance(raised.value, ValueError)
