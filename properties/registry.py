"""The claims about the core by name, in the order in which they are tried; the claim about any guard is apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from properties import (
    breaker_model,
    cardinality_guard,
    configuration,
    entity_ids,
    failure_classifier,
    result_codec,
    retry_audit,
    retry_policy,
)

if TYPE_CHECKING:
    from properties.claim import Claim

_FILES = (
    entity_ids,
    result_codec,
    retry_policy,
    breaker_model,
    failure_classifier,
    cardinality_guard,
    retry_audit,
    configuration,
)

CLAIMS: dict[str, Claim] = {module.CLAIM.name: module.CLAIM for module in _FILES}
