"""What promises rest on, and how the harness provides for it. Printed in the README and on every guarantee sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSUMED: Mapping[str, tuple[str, str]] = {
    "AS1": (
        "Every path to the effect goes through the guard.",
        "A worker has no way to the venue but the effect that the guard is given.",
    ),
    "AS2": (
        "The key is made once, where the decision is made, and kept with the job. It is not computed from the order.",
        "The harness makes the key and gives the same one to every delivery.",
    ),
    "AS3": (
        "Redis keeps what it acknowledged. Nothing is evicted, and nobody deletes records.",
        "The explorer takes no acknowledged write away. The tier durability measures what configurations keep.",
    ),
    "AS4": (
        "The venue can be asked about a key, and after a known time its `not found` is final.",
        "The venue answers from its own book.",
    ),
    "AS5": (
        "A request that was sent dies after a known time, and clocks are wrong by a known amount at most.",
        "A late effect lands within its life or never. All clocks move together.",
    ),
    "AS6": (
        "Somebody delivers again and reconciles within a stated time, and sees every effect of the account.",
        "The harness delivers again past the lease, and lets the guard ask the venue.",
    ),
    "AS7": (
        "Whoever comes late with an ended claim is stopped at the venue. Nothing else can stop it.",
        "The venue refuses a request that comes after the time that the guard has put on it.",
    ),
}
"""Each assumption in plain words, and how the harness provides for it."""

RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "at_most_once": ("AS1", "AS2", "AS3", "AS4", "AS5", "AS7"),
    "nothing_lost": ("AS3", "AS4", "AS6"),
    "truthful_outcome": ("AS3", "AS4"),
    "replay_equality": ("AS2", "AS3", "AS4"),
    "conflict": ("AS1", "AS3"),
    "mutual_exclusion": ("AS1", "AS3", "AS5"),
    "fence_order": ("AS3", "AS5", "AS7"),
    "usefulness": (),
    "open_refuses": ("AS1", "AS3", "AS5"),
    "probe_limit": ("AS1", "AS3", "AS5"),
    "closes_again": ("AS3", "AS5"),
    "attempts_limit": ("AS1", "AS3"),
    "cooldown_kept": ("AS1", "AS3", "AS5"),
    "retry_given": ("AS3", "AS5"),
    "audit_first": ("AS1",),
    "audit_complete": ("AS1",),
}
"""On which assumptions each claim of a promise rests, by its checker."""
