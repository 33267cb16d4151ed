"""``check(make)``: draws trials of a guard as ``stormproof properties`` does, and raises what breaks its promise."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.conformance.profile import CI, PROFILES, Trials, profile_named
from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.hosting import choose_hosting, find_subject
from harness.explorer.target import open_target
from harness.faults.registry import ALL, select
from harness.processes.folder import make_folder, remove_folder
from harness.redis_server.choice import parse_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["PROFILES", "NotKeptError", "check"]


class NotKeptError(AssertionError):
    """The guard broke its promise; the message holds the smallest trial that shows it, and the seed."""


def check(
    make: Callable[..., Any] | str,
    *,
    profile: str = CI.name,
    seed: int | None = None,
    promise: str | None = None,
    kinds: Sequence[str] | None = None,
    redis: str = "embedded",
) -> None:
    """Draw trials of a guard, and return where it kept its promise in each.

    Args:
        make: The factory ``make(redis_url, lease_s)``, at the top of a module, or its place as for ``--subject``.
        profile: How much is drawn: a name of ``PROFILES``; one round of it.
        seed: Draws the same again; None: the one that is fixed for ``ci``, else a fresh one.
        promise: What the guard is judged by; None: what ``make`` says itself.
        kinds: Fault kinds; None: all that the promise covers.
        redis: As ``--redis``: a server of ours.

    Raises:
        NotKeptError: It broke its promise.
        CouldNotRunError: Nothing was shown: a fault kind cannot be done here, or the gate cannot hold the guard.
        WrongInputError: The guard cannot be loaded anew for each process, or an argument is none.
    """
    if importlib.util.find_spec("hypothesis") is None:
        raise CouldNotRunError("Hypothesis is not installed, which draws the trials: use the extra `properties`")
    name = make if isinstance(make, str) else _place_of(make)
    hosting = choose_hosting(name)
    chosen = profile_named(profile)
    trials = Trials(
        name=name,
        subject=find_subject(name, hosting, promise=promise),
        kinds=tuple(ALL.values()) if kinds is None else select(kinds),
        seed=chosen.seed_of(seed),
        profile=chosen,
        hosting=hosting,
    )
    choice = parse_choice(redis, allow_target=[])
    folder = make_folder()
    try:
        _draw(trials, choice, folder)
    finally:
        remove_folder(folder)


def _draw(trials: Trials, choice: Any, folder: Path) -> None:
    from harness.conformance.keeping import keeping

    with open_target(choice) as target, keeping(trials, target, folder) as guard:
        guard.draw()
        record = guard.record()
    seed = f"seed {trials.seed}, profile {trials.profile.name}"
    if guard.found is not None:
        example = "\n".join(f"    {line}" for line in guard.found.lines)
        raise NotKeptError(f"{trials.name}: {guard.found.broken}\n{example}\n{seed}")
    reasons = [f"fault kind {kind} cannot be done here: {why}" for kind, why in record.unavailable.items()]
    reasons += [guard.unshown] if guard.unshown else []
    reasons += [f"{record.step_limited} trials did not come to their end"] if record.step_limited else []
    reasons += ["in no trial was the guard left in peace"] if not guard.bench.faultless else []
    if reasons:
        raise CouldNotRunError(f"{trials.name}: not shown: {'; '.join(reasons)} ({seed})")


def _place_of(make: Callable[..., Any]) -> str:
    """Return the place of a factory: every process of a trial loads its module anew.

    Raises:
        WrongInputError: It stands at the top of no module.
    """
    file = inspect.getsourcefile(inspect.unwrap(make)) if inspect.isfunction(make) else None
    name = getattr(make, "__qualname__", "")
    if file is None or not Path(file).is_file() or not name.isidentifier():
        raise WrongInputError(
            f"{name or make!r} cannot be loaded anew for each process of a trial: define make(redis_url, lease_s) at "
            "the top of a module"
        )
    return f"{file}:{name}"
