"""Lets Hypothesis draw examples of one claim and shrink what breaks it. Knows no claim.

The only randomness is Hypothesis's, seeded from a stream of the run's own seed: the same seed draws the same.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import hypothesis
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import Flaky, FlakyStrategyDefinition, Unsatisfiable
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from harness.interruption import stop_if_asked
from harness.processes.folder import make_folder, remove_folder
from harness.seed import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.conformance.profile import Profile

_SEED_BITS = 64
_HEAD = re.compile(r"(?:Failing test case|Falsifying example): (?:<state machine>$)?")
_LEFT_OUT = ("", "state.teardown()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The smallest example that breaks a claim.

    Attributes:
        broken: What it shows, in one sentence.
        lines: The example, line by line.
    """

    broken: str
    lines: tuple[str, ...]


class NotShownError(Exception):
    """What was drawn shows nothing: a claim was broken once, and not again."""


def settings_of(profile: Profile, kept_in: Path | None, *, trials: bool = False) -> hypothesis.settings:
    """Return how much is drawn.

    Args:
        profile: How much is asked for.
        kept_in: The folder of what broke the claim before; None for none.
        trials: Trials are drawn, which are shrunk order by order (:mod:`harness.conformance.smallest`).
    """
    phases = [hypothesis.Phase.generate, *([] if trials else [hypothesis.Phase.shrink])]
    if kept_in is not None:
        phases.insert(0, hypothesis.Phase.reuse)
    return hypothesis.settings(
        max_examples=profile.trials if trials else profile.examples,
        stateful_step_count=profile.steps,
        database=DirectoryBasedExampleDatabase(kept_in) if kept_in is not None else None,
        phases=phases,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def seed_for(seed: int, claim: str) -> int:
    """Return the seed of one claim: a stream of the run's seed, whatever else is drawn."""
    return stream(seed, claim).getrandbits(_SEED_BITS)


def first_broken(draw: Callable[[], None]) -> Exception | None:
    """Draw; return what breaks the claim, as small as Hypothesis has made it, None where nothing does.

    Raises:
        NotShownError: An example broke the claim once and not again, or no example could be drawn.
        KeyboardInterrupt: The user asked to stop.
    """
    stop_if_asked()
    try:
        with _same_everywhere():
            draw()
    except (Flaky, FlakyStrategyDefinition) as error:
        raise NotShownError(f"the same example did not do the same again ({type(error).__name__})") from error
    except Unsatisfiable as error:
        raise NotShownError("no example could be drawn") from error
    except Exception as error:  # noqa: BLE001 - whatever an example raises breaks the claim
        return error
    return None


@contextmanager
def _same_everywhere() -> Iterator[None]:
    """Let Hypothesis draw no constants of the modules that are loaded: which those are depends on the installation.

    It takes them from a function of its own, which no setting turns off; where a version has none, nothing is done.
    """
    ordinary = getattr(providers, "_get_local_constants", None)
    if ordinary is None:
        yield
        return
    none = Constants()
    providers.CONSTANTS_CACHE.cache.clear()
    providers._get_local_constants = lambda: none  # noqa: SLF001 - see above
    try:
        yield
    finally:
        providers._get_local_constants = ordinary  # noqa: SLF001
        providers.CONSTANTS_CACHE.cache.clear()


@contextmanager
def leaving_no_files() -> Iterator[None]:
    """Let Hypothesis keep its own files in a folder that is gone afterwards, and not where the user is."""
    folder = make_folder()
    set_hypothesis_home_dir(folder)
    try:
        yield
    finally:
        set_hypothesis_home_dir(None)
        remove_folder(folder)


def as_example(error: Exception) -> Example:
    """Return what Hypothesis says of an example that breaks a claim."""
    return Example(broken=_sentence(error), lines=tuple(_lines(error)))


def _sentence(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said if isinstance(error, AssertionError) and said else f"{type(error).__name__}: {said}"


def _lines(error: Exception) -> list[str]:
    notes = [line for note in getattr(error, "__notes__", ()) for line in note.splitlines()]
    return [line for each in notes if (line := _HEAD.sub("", each)) not in _LEFT_OUT]
