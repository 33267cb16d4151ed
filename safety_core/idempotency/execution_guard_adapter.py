"""Guards the methods of an object that must not be changed, or a plain function.

The object keeps its class, its attributes and its ignorance: nothing is patched. Methods that were not chosen pass
through unguarded, so choosing them all is the caller's part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .answers import Claim, GuardResult
    from .effect_types import EffectType
    from .wrapper import SideEffectWrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedMethod:
    """How one method is guarded. Both functions are called with the method's own arguments.

    Attributes:
        effect_type: An EffectType, or its name.
        entity_id: Gives the entity id of a call; equal for redeliveries, different for different intents.
        payload: Gives what the call asks for; None takes all arguments.
        claim_as: Name of a keyword argument under which the method is given the Claim; None gives none.
        client_order_id_as: Name of a keyword argument for the client order id; None gives none.
    """

    effect_type: EffectType | str
    entity_id: Callable[..., str]
    payload: Callable[..., Any] | None = None
    claim_as: str | None = None
    client_order_id_as: str | None = None


class ExecutionGuardAdapter:
    """Stands in for an object: chosen methods answer a GuardResult, everything else is the object's own."""

    def __init__(self, wrapper: SideEffectWrapper, target: Any, methods: Mapping[str, GuardedMethod]) -> None:
        """Wrap `target`.

        Args:
            wrapper: The guard.
            target: Any object; it is not touched.
            methods: By method name, how it is guarded.

        Raises:
            SettingsError: A name is not a method of `target`: a guard that guards nothing must not go unnoticed.
        """
        missing = [name for name in methods if not callable(getattr(target, name, None))]
        if missing:
            raise SettingsError(f"{type(target).__name__} has no method {', '.join(missing)}; nothing was guarded")
        self._wrapper = wrapper
        self._target = target
        self._guarded = {name: guard_callable(wrapper, getattr(target, name), how) for name, how in methods.items()}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        guarded = self._guarded.get(name)
        return guarded if guarded is not None else getattr(self._target, name)


def guard_callable(
    wrapper: SideEffectWrapper, function: Callable[..., Any], how: GuardedMethod
) -> Callable[..., GuardResult]:
    """Return a function with the arguments of `function` that runs it through the guard."""

    def guarded(*args: Any, **kwargs: Any) -> GuardResult:
        def operation(claim: Claim) -> Any:
            extra: dict[str, Any] = {}
            if how.claim_as is not None:
                extra[how.claim_as] = claim
            if how.client_order_id_as is not None:
                extra[how.client_order_id_as] = claim.client_order_id
            return function(*args, **kwargs, **extra)

        payload = {"args": args, "kwargs": kwargs} if how.payload is None else how.payload(*args, **kwargs)
        return wrapper.execute_once(how.effect_type, how.entity_id(*args, **kwargs), operation, payload=payload)

    return guarded
