"""What a subject is: somebody's guard, and what its author says about it.

A subject is a factory ``make(redis_url, lease_s) -> guard`` with ``guard(key, payload, effect) -> result``.
Everything else is optional and has a safe default, so that a guard can be judged without changing a line of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from harness.errors import WrongInputError
from verify.history.promises import DEFAULT_PROMISE, Promise
from verify.history.words import Outcome

REQUEST_LIFE_LEASES = 1.3
"""For how many leases the venue may still accept a request that was sent. A subject that reconciles may rely on it:
before, 'not found' is open; after, it is final."""

Effect = Callable[..., Mapping[str, Any]]
Guard = Callable[[str, Mapping[str, Any], Effect], Any]
Make = Callable[[str, float], Guard]
Classify = Callable[[BaseException], tuple[str, str]]

_Factory = TypeVar("_Factory", bound=Callable[..., Any])


def declare(
    *,
    promise: str | None = None,
    classify: Classify | None = None,
    prepare: Callable[[str], object] | None = None,
    outside: Mapping[str, str] | None = None,
    reusable: bool | None = None,
) -> Callable[[_Factory], _Factory]:
    """Say what a subject says of itself, as a decorator of its factory.

    It sets the attributes of the contract on the function and returns the function; what is None stays unsaid. A
    user's own guard sets the attributes itself and needs nothing of ours.
    """
    said = {
        "promise": promise,
        "classify": classify,
        "prepare": prepare,
        "outside": outside,
        "reusable": reusable,
    }

    def say(make: _Factory) -> _Factory:
        for name, value in said.items():
            if value is not None:
                setattr(make, name, value)
        return make

    return say


def unclassified(_error: BaseException) -> tuple[str, str]:
    """Say of every exception that the effect may have happened: the only safe default."""
    return ("INDETERMINATE", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A loaded subject.

    Attributes:
        name: As given to ``--subject``.
        promise: What it is judged by.
        outside: Fault kinds (or workloads) that its promise does not cover, with the reason.
        reusable: Its author says that a guard holds nothing but its client.
        load: Executes the subject's module anew and returns its ``make``, so that no two processes share globals.
    """

    name: str
    promise: Promise
    outside: Mapping[str, str]
    reusable: bool
    load: Callable[[], Make]

    def is_outside(self, workload: str, faults: Iterable[str]) -> bool:
        """Say whether the promise leaves out the workload, or one of the faults by name or by family."""
        named = {workload, *(name for fault in faults for name in (fault, fault.partition(":")[0]))}
        return not named.isdisjoint(self.outside)

    def prepare(self, redis_url: str) -> None:
        """Run the subject's ``make.prepare`` once, outside every fault, where it has one."""
        prepare = getattr(self.load(), "prepare", None)
        if prepare is not None:
            prepare(redis_url)


def describe_subject(name: str, load: Callable[[], Make], promise: str | None) -> Subject:
    """Read what ``make`` says of itself.

    Args:
        name: As given to ``--subject``.
        load: Returns a ``make`` of its own with every call.
        promise: Overrides the subject's own; None keeps it.

    Raises:
        WrongInputError: An attribute does not have the documented form.
    """
    make = load()
    if not callable(make):
        raise WrongInputError(f"subject {name!r} is {type(make).__name__}, not a factory make(redis_url, lease_s)")
    if inspect.iscoroutinefunction(make):
        raise WrongInputError(f"subject {name!r} is an async factory; make(redis_url, lease_s) must be a plain one")
    chosen = getattr(make, "promise", DEFAULT_PROMISE) if promise is None else promise
    try:
        promised = Promise(chosen)
    except ValueError as error:
        expected = ", ".join(Promise)
        raise WrongInputError(f"subject {name!r} promises {chosen!r}; expected one of: {expected}") from error
    outside = getattr(make, "outside", {})
    if not isinstance(outside, Mapping) or not all(isinstance(reason, str) for reason in outside.values()):
        raise WrongInputError(f"{name}: make.outside must map fault kinds to reasons, not {outside!r}")
    return Subject(
        name=name,
        promise=promised,
        outside=dict(outside),
        reusable=bool(getattr(make, "reusable", False)),
        load=load,
    )


def classify(make: Make, error: BaseException) -> tuple[Outcome, str]:
    """Return the outcome and the word that the subject gives an exception.

    A ``make.classify`` that raises or answers nonsense counts as saying nothing.
    """
    say: Classify = getattr(make, "classify", unclassified)
    try:
        outcome, word = say(error)
        return Outcome(outcome), str(word)
    except Exception:  # noqa: BLE001 - a subject's own code; its failure must not stop the run
        return Outcome.INDETERMINATE, ""
