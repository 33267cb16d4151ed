"""What a subject is: somebody's guard, and what its author says about it.

A subject is a factory ``make(redis_url, lease_s) -> guard`` with ``guard(key, payload, effect) -> result``.
Everything else is optional and has a safe default, so that a guard can be judged without changing a line of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.errors import WrongInputError
from verify.history.events import BreakerTerms, RetryTerms
from verify.history.promises import DEFAULT_PROMISE, Promise
from verify.history.words import Outcome

REQUEST_LIFE_LEASES = 1.3
"""For how many leases the venue may still accept a request that was sent. A subject that reconciles may rely on it:
before, 'not found' is open; after, it is final."""

LONGEST_COOLDOWN_LEASES = 2
"""How many leases a job waits at the most between two tries. After the first try it waits one."""

MOST_MASTERS = 5
"""So many independent servers may a subject ask."""

USUAL_TYPE = "order"
"""The kind of an effect of which nobody says another one."""

ATTRIBUTES = ("promise", "outside", "reusable", "losses_alike", "breaker", "retries", "effect_types", "masters")
"""What a factory says of itself in attributes."""

EXPLORED: Mapping[str, Promise] = {str(each): each for each in Promise if each is not Promise.AUDITED}
"""What a guard can promise. An audit is no guard: `python -m harness.audit_walk` kills its writer at every step."""

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
    losses_alike: bool | None = None,
    breaker: Mapping[str, int] | None = None,
    retries: Mapping[str, int] | None = None,
    effect_types: tuple[str, ...] | None = None,
    masters: int | None = None,
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
        "losses_alike": losses_alike,
        "breaker": breaker,
        "retries": retries,
        "effect_types": effect_types,
        "masters": masters,
    }

    def say(make: _Factory) -> _Factory:
        for name, value in said.items():
            if value is not None:
                setattr(make, name, value)
        return make

    return say


def told_of(effect_type: str) -> dict[str, str]:
    """Return what a guard that tells kinds apart is told when it is to reconcile: nothing of the usual one."""
    return {} if effect_type == USUAL_TYPE else {"effect_type": effect_type}


def unclassified(_error: BaseException) -> tuple[str, str]:
    """Say of every exception that the effect may have happened: the only safe default."""
    return ("INDETERMINATE", "")


class ElsewhereError(Exception):
    """What a guard raised in another process, where it was classified too.

    Attributes:
        outcome: What its author says of the exception.
        word: The same, more closely.
        name: The name of its class.
    """

    def __init__(self, *, outcome: str, word: str, name: str) -> None:
        super().__init__(name)
        self.outcome = outcome
        self.word = word
        self.name = name


def name_of(error: Exception) -> str:
    """Return the name of the exception's class, wherever it was raised."""
    return error.name if isinstance(error, ElsewhereError) else type(error).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """On what terms a subject keeps a circuit breaker. It stays open for a lease, and so long lasts a permit.

    Attributes:
        failures: Failures that open it, 1 or more.
        probes: Calls that it lets through at once when it was open, 1 or more.
    """

    failures: int
    probes: int

    def over(self, lease_s: float) -> BreakerTerms:
        """Return the event with which a history begins, where a lease is *lease_s* seconds."""
        return BreakerTerms(failures=self.failures, probes=self.probes, lease_s=lease_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLimits:
    """On what terms a subject lets a job be tried.

    It waits a lease after the first try, and after each one more twice as long, but two leases at the most.

    Attributes:
        attempts: Tries until one succeeds, 1 or more.
    """

    attempts: int

    def over(self, lease_s: float) -> RetryTerms:
        """Return the event with which a history begins, where a lease is *lease_s* seconds."""
        return RetryTerms(attempts=self.attempts, cooldown_s=lease_s, longest_s=LONGEST_COOLDOWN_LEASES * lease_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A loaded subject.

    Attributes:
        name: As given to ``--subject``.
        promise: What it is judged by.
        outside: Fault kinds (or workloads) that its promise does not cover, with the reason.
        reusable: Its author says that a guard holds nothing but its client.
        load: Executes the subject's module anew and returns its ``make``, so that no two processes share globals.
        losses_alike: Its author says that it goes on alike whether a server that died starts again or a replica has
            taken over, if the same writes are lost.
        place: ``package.module:make`` or ``path/to/file.py:make``; empty where it is not in a Python module.
        is_boxed: Whether it ships with stormproof, and is known to keep nothing outside its module.
        breaker: The terms of its circuit breaker, where that is what it promises; else None.
        retries: The terms on which it lets a job be tried, where that is what it promises; else None.
        effect_types: The kinds of effect that it tells apart, as a payload names them under ``effect_type``; of those
            besides ``order`` its ``reconcile`` is told with ``effect_type=...``. One key for two kinds is a conflict.
            Empty where it knows no kinds.
        masters: How many independent servers it asks. Of several, ``redis_url`` lists the URLs, with commas between.
    """

    name: str
    promise: Promise
    outside: Mapping[str, str]
    reusable: bool
    load: Callable[[], Make]
    losses_alike: bool = False
    place: str = ""
    is_boxed: bool = False
    breaker: BreakerLimits | None = None
    retries: RetryLimits | None = None
    effect_types: tuple[str, ...] = ()
    masters: int = 1

    @property
    def limits(self) -> BreakerLimits | RetryLimits | None:
        """The terms that its histories begin with; None where it promises nothing that needs any."""
        return self.breaker or self.retries

    def is_outside(self, workload: str, faults: Iterable[str]) -> bool:
        """Say whether the promise leaves out the workload, or one of the faults by name or by family."""
        named = {workload, *(name for fault in faults for name in (fault, fault.partition(":")[0]))}
        return not named.isdisjoint(self.outside)

    def prepare(self, redis_url: str) -> None:
        """Run the subject's ``make.prepare`` once, outside every fault, where it has one."""
        prepare = getattr(self.load(), "prepare", None)
        if prepare is not None:
            prepare(redis_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a subject says of itself, unchecked."""

    promise: object = DEFAULT_PROMISE
    outside: object = field(default_factory=dict)
    reusable: object = False
    losses_alike: object = False
    breaker: object = None
    retries: object = None
    effect_types: object = ()
    masters: object = 1

    @classmethod
    def by(cls, name: str, make: object) -> Said:
        """Read the attributes of a factory.

        Raises:
            WrongInputError: It is no factory.
        """
        if not callable(make):
            raise WrongInputError(
                f"subject {name!r} is {type(make).__name__}, not a factory make(redis_url, lease_s)"
            )
        if inspect.iscoroutinefunction(make):
            raise WrongInputError(
                f"subject {name!r} is an async factory; make(redis_url, lease_s) must be a plain one"
            )
        said = {each: getattr(make, each) for each in ATTRIBUTES if hasattr(make, each)}
        return cls(**said)


def described(
    name: str, load: Callable[[], Make], said: Said, promise: str | None, *, place: str = "", is_boxed: bool = False
) -> Subject:
    """Return the subject that *said* describes.

    Args:
        name: As given to ``--subject``.
        load: Returns a ``make`` of its own with every call.
        said: What it says of itself.
        promise: Overrides the subject's own; None keeps it.
        place: Where it is.
        is_boxed: Whether it is ours.

    Raises:
        WrongInputError: An attribute does not have the documented form.
    """
    chosen = said.promise if promise is None else promise
    try:
        promised = EXPLORED[str(chosen)]
    except KeyError as error:
        expected = ", ".join(EXPLORED)
        raise WrongInputError(f"subject {name!r} promises {chosen!r}; expected one of: {expected}") from error
    outside = said.outside
    if not isinstance(outside, Mapping) or not all(isinstance(reason, str) for reason in outside.values()):
        raise WrongInputError(f"{name}: make.outside must map fault kinds to reasons, not {outside!r}")
    return Subject(
        name=name,
        promise=promised,
        outside=dict(outside),
        reusable=bool(said.reusable),
        losses_alike=bool(said.losses_alike),
        load=load,
        place=place,
        is_boxed=is_boxed,
        breaker=_breaker(name, said.breaker) if promised is Promise.CIRCUIT_BREAKER else None,
        retries=_retries(name, said.retries) if promised is Promise.RETRY_POLICY else None,
        effect_types=_types(name, said.effect_types),
        masters=_masters(name, said.masters),
    )


def _masters(name: str, said: object) -> int:
    """Return how many servers a subject asks.

    Raises:
        WrongInputError: It is no such number.
    """
    if type(said) is not int or not 1 <= said <= MOST_MASTERS:
        raise WrongInputError(f"{name}: make.masters must be a whole number from 1 to {MOST_MASTERS}, not {said!r}")
    return said


def _types(name: str, said: object) -> tuple[str, ...]:
    """Return the kinds of effect that a subject tells apart.

    Raises:
        WrongInputError: They do not have the documented form.
    """
    if not isinstance(said, list | tuple) or not all(isinstance(each, str) and each for each in said):
        raise WrongInputError(f"{name}: make.effect_types must list names of kinds of effects, not {said!r}")
    return tuple(said)


def _breaker(name: str, said: object) -> BreakerLimits:
    """Return the terms of a breaker.

    Raises:
        WrongInputError: They do not have the documented form.
    """
    wanted = {"failures", "probes"}
    if not isinstance(said, Mapping) or said.keys() != wanted or not all(_is_count(said[each]) for each in wanted):
        raise WrongInputError(
            f'{name}: a circuit_breaker needs make.breaker = {{"failures": N, "probes": N}} with whole numbers, '
            f"1 or more, not {said!r}"
        )
    return BreakerLimits(failures=said["failures"], probes=said["probes"])


def _retries(name: str, said: object) -> RetryLimits:
    """Return the terms of a retry policy.

    Raises:
        WrongInputError: They do not have the documented form.
    """
    if not isinstance(said, Mapping) or said.keys() != {"attempts"} or not _is_count(said["attempts"]):
        raise WrongInputError(
            f'{name}: a retry_policy needs make.retries = {{"attempts": N}} with a whole number, 1 or more, '
            f"not {said!r}"
        )
    return RetryLimits(attempts=said["attempts"])


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def describe_subject(
    name: str, load: Callable[[], Make], promise: str | None, *, place: str = "", is_boxed: bool = False
) -> Subject:
    """Return the subject that *load* gives, as :func:`described` does.

    Raises:
        WrongInputError: It is no factory, or an attribute does not have the documented form.
    """
    return described(name, load, Said.by(name, load()), promise, place=place, is_boxed=is_boxed)


def classify(make: Make, error: BaseException) -> tuple[Outcome, str]:
    """Return the outcome and the word that the subject gives an exception.

    A ``make.classify`` that raises or answers nonsense counts as saying nothing.
    """
    say: Classify = getattr(make, "classify", unclassified)
    try:
        outcome, word = (error.outcome, error.word) if isinstance(error, ElsewhereError) else say(error)
        return Outcome(outcome), str(word)
    except Exception:  # noqa: BLE001 - a subject's own code; its failure must not stop the run
        return Outcome.INDETERMINATE, ""
