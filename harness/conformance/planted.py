"""Which planted guards generated trials must catch: those whose bug few calls, faults and jumps of time show."""

from __future__ import annotations

CAUGHT = (
    "always_in_doubt",
    "breaker_in_memory",
    "claim_never_ends",
    "claim_without_nx",
    "del_without_token",
    "delete_on_any_exception",
    "done_mark_in_finally",
    "early_not_found_is_final",
    "effect_retried_blindly",
    "fail_open_on_error",
    "freed_before_mark",
    "get_then_set",
    "hash_lost_at_completion",
    "in_progress_answered_ok",
    "key_joined",
    "lease_as_ttl",
    "lease_on_client_clock",
    "limits_unsaid",
    "live_record_taken_for_orphan",
    "never_executes",
    "no_payload_compare",
    "payload_in_key",
    "quantity_rounded",
    "replay_without_result",
    "result_stored_before_effect",
    "setnx_then_expire",
    "takeover_of_started",
    "token_shared",
)
"""By name, in the order of the alphabet."""
