"""Run a side effect once, and say honestly what is known about it.

The public surface of the guard. Composes its modules and holds no logic.
"""

from __future__ import annotations

from .answers import Claim, GuardResult, Record, RecordState
from .async_wrapper import AsyncSideEffectWrapper
from .classification import Classification, classify_effect_error
from .effect_types import EffectType
from .entity_ids import (
    ledger_entity_id,
    order_entity_id,
    pnl_entity_id,
    position_entity_id,
    signal_entity_id,
)
from .errors import (
    EntityIdError,
    GuardError,
    MintTimeError,
    PayloadError,
    ResultError,
    SettingsError,
    StoreError,
    StoreQuarantinedError,
    StoreUnavailableError,
    StoreUnsafeError,
    TokenError,
    UnknownEffectTypeError,
)
from .execution_guard_adapter import ExecutionGuardAdapter, GuardedMethod, guard_callable
from .failure_table import RetryAdvice, Verdict
from .failure_types import FailureType
from .keys import client_order_id
from .outcomes import Effects, Outcome, Retry
from .placement import (
    MissingIntentWarning,
    wrap_ledger_entry,
    wrap_order_placement,
    wrap_pnl_write,
    wrap_position_update,
    wrap_signal_emission,
)
from .reconciler import Found, Lifted, NotFound, ProbeUnknown, Reconciled, Reconciler, Resolution
from .settings import GuardSettings, Mode, StoreLoss
from .store_protocol import StoreReport
from .wrapper import SideEffectWrapper, prepare_store

__all__ = [
    "AsyncSideEffectWrapper",
    "Claim",
    "Classification",
    "EffectType",
    "Effects",
    "EntityIdError",
    "ExecutionGuardAdapter",
    "FailureType",
    "Found",
    "GuardError",
    "GuardResult",
    "GuardSettings",
    "GuardedMethod",
    "Lifted",
    "MintTimeError",
    "MissingIntentWarning",
    "Mode",
    "NotFound",
    "Outcome",
    "PayloadError",
    "ProbeUnknown",
    "Reconciled",
    "Reconciler",
    "Record",
    "RecordState",
    "Resolution",
    "ResultError",
    "Retry",
    "RetryAdvice",
    "SettingsError",
    "SideEffectWrapper",
    "StoreError",
    "StoreLoss",
    "StoreQuarantinedError",
    "StoreReport",
    "StoreUnavailableError",
    "StoreUnsafeError",
    "TokenError",
    "UnknownEffectTypeError",
    "Verdict",
    "classify_effect_error",
    "client_order_id",
    "guard_callable",
    "ledger_entity_id",
    "order_entity_id",
    "pnl_entity_id",
    "position_entity_id",
    "prepare_store",
    "signal_entity_id",
    "wrap_ledger_entry",
    "wrap_order_placement",
    "wrap_pnl_write",
    "wrap_position_update",
    "wrap_signal_emission",
]
