"""What a storm sees: planted guards that must be caught in one, by which checker, and what must go wrong for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CATCHES: Mapping[str, tuple[str, str]] = {
    "broken.claim_without_nx": ("at_most_once", ""),
    "broken.get_then_set": ("at_most_once", ""),
    "broken.lease_as_ttl": ("at_most_once", "kill@1s,kill@3s"),
    "broken.takeover_of_started": ("at_most_once", "kill@1s,kill@3s"),
    "broken.replay_without_result": ("replay_equality", ""),
    "broken.in_progress_answered_ok": ("truthful_outcome", ""),
    "broken.result_stored_before_effect": ("truthful_outcome", ""),
    "broken.fail_open_on_error": ("at_most_once", "partition@2s..4s"),
}
"""The checker and the timeline by the name of the subject; in a storm of :data:`SECONDS`."""

SECONDS = 6
"""How long each of these storms lasts."""
