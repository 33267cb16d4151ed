"""The errors that the guard raises: mistakes of the caller, and a store that cannot be prepared.

What befalls an effect or a claim is never raised: it is an Outcome. An error of this tree always means that no
effect was run by the call that raised it.
"""

from __future__ import annotations


class GuardError(Exception):
    """Root of everything that this package raises."""


class UnknownEffectTypeError(GuardError, ValueError):
    """The effect type is none that the guard knows."""


class SettingsError(GuardError, ValueError):
    """A setting is out of its range, or asks for something that would break the promise."""


class EntityIdError(GuardError, ValueError):
    """An entity id, or a part of one, is empty, of a wrong type or not a finite number."""


class PayloadError(GuardError, ValueError):
    """The payload holds something that has no canonical form. Raised before anything is written."""


class ResultError(GuardError, ValueError):
    """A result cannot be stored, or a stored one cannot be read back."""


class TokenError(GuardError, ValueError):
    """`token=` was given something that no GuardResult handed out."""


class StoreError(GuardError):
    """A question to the store outside `execute_once` got no usable answer."""


class StoreUnavailableError(StoreError):
    """The store could not be reached, or did not answer in time."""


class StoreUnsafeError(StoreError):
    """The store answers, but must not be trusted with claims as it is."""


class StoreQuarantinedError(StoreUnsafeError):
    """The store may have lost claims: its identity is not the one that was prepared."""


class MintTimeError(GuardError, ValueError):
    """`minted_at=` is neither an aware datetime nor a Unix time in seconds."""
