"""What is known of a third-party guard before its package is imported: where it comes from, what it promises."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from harness.errors import WrongInputError

INSTALL = "pip install 'stormproof[peers]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit that the authors of a guard document.

    Attributes:
        says: What they say, in their words.
        where: Where it stands.
        leaves_out: The fault kinds, or the workload, that it takes out of the promise; empty if it takes out none.
    """

    says: str
    where: str
    leaves_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One third-party guard.

    Attributes:
        package: The distribution it comes from.
        modules: What its adapter imports of it.
        what: What it is, and how it is used.
        promise: The promise that comes closest to what its authors say.
        says: What they say, in their words.
        where: Where it stands.
        limits: What they document of its limits.
        needs_proxy: Why only a gate between processes can hold it; empty where the greenlet gate can.
    """

    package: str
    modules: tuple[str, ...]
    what: str
    promise: str
    says: str
    where: str
    limits: tuple[Limit, ...] = ()
    needs_proxy: str = ""

    @property
    def outside(self) -> dict[str, str]:
        """What the promise does not cover, each with the words that say so."""
        return {kind: f'"{limit.says}" ({limit.where})' for limit in self.limits for kind in limit.leaves_out}

    @property
    def is_installed(self) -> bool:
        """Whether the package is there. It is not imported to find out."""
        return all(importlib.util.find_spec(module.partition(".")[0]) is not None for module in self.modules)

    @property
    def notes(self) -> tuple[str, ...]:
        """What keeps it from being explored here and now."""
        missing = () if self.is_installed else (f"not installed: {INSTALL}",)
        gate = (f"needs the proxy gate: {self.needs_proxy}",) if self.needs_proxy else ()
        return (*missing, *gate)

    def bring_in(self, name: str) -> None:
        """Import the package for the subject *name*.

        Before any gate is installed: a gate replaces sleeps and clocks only in modules that are loaded by then.

        Raises:
            WrongInputError: It cannot be imported.
        """
        for module in self.modules:
            try:
                importlib.import_module(module)
            except ImportError as error:
                raise WrongInputError(
                    f"subject {name!r} needs {self.package}, which cannot be imported ({error}): {INSTALL}"
                ) from error
