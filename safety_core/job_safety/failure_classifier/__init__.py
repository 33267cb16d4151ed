"""Says of a failed job what kind of failure it was, and whether it may be retried.

`FailureClassifier` (V1) knows kinds; `FailureClassifierV2` knows the exchange, the phase of the request and what is
at stake as well, and is the one to ask about orders. Composes its modules and holds no logic.
"""

from __future__ import annotations

from safety_core.idempotency.effect_classes import EffectClass
from safety_core.idempotency.failure_types import FailureType

from .v1 import FailureClassifier
from .v2 import FailureClassifierV2
from .verdicts import FailureVerdict, Phase, RetryChoice

__all__ = [
    "EffectClass",
    "FailureClassifier",
    "FailureClassifierV2",
    "FailureType",
    "FailureVerdict",
    "Phase",
    "RetryChoice",
]
