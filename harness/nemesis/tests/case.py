"""One fault with a place to inject it: what a bystander sees while it lasts, and what is so again afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from harness.nemesis.fault import Injection, RealFault
    from harness.nemesis.site import Site


@dataclass(frozen=True, kw_only=True)
class Case:
    """How a fault is tried.

    Attributes:
        fault: Which one.
        site: Opens a site for it.
        during: Asserts what a bystander sees inside the block, by other means than the witness.
        after: Asserts what is so again, or for good, after the block.
        arguments: The fault's own.
        variant: Tells two cases of one fault apart.
        missing: Returns what this machine lacks for it, empty where it lacks nothing.
    """

    fault: RealFault[Any]
    site: Callable[[], AbstractContextManager[Site]]
    during: Callable[[Site], object]
    after: Callable[[Site], object]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""
    missing: Callable[[], str] = lambda: ""

    def __str__(self) -> str:
        return f"{self.fault.name}:{self.variant}" if self.variant else self.fault.name


def without_strike(fault: RealFault[Any]) -> RealFault[Any]:
    """Return *fault* made a no-op: all is prepared, looked for and healed, and nothing is done."""

    def plan(site: Site, **arguments: Any) -> Injection:
        return replace(fault.plan(site, **arguments), strike=lambda: None)

    return replace(fault, plan=plan)
