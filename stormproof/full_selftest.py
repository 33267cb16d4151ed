"""Runs a full self-test: every tier's claims, then sound guards, until so many schedules accused nobody."""

from __future__ import annotations

import importlib.util
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness import clock
from harness.errors import CouldNotRunError
from harness.interruption import stop_if_asked
from harness.recorder import RunFolder
from harness.redis_server.opening import check_provider
from reports.stored_run import SELFTEST, write_verdict
from stormproof.evidence import show, write_reports
from stormproof.full_selftest_checks import Check, claimed_checks, explorer_checks, sound_checks
from stormproof.live import Live
from stormproof.part_pool import Errand, Lost, PartPool
from stormproof.parts import EXPLORE
from stormproof.saying import count, exit_of
from stormproof.scoring import score_checkers
from verify.run_layout import PROPERTIES, RECORD, STORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.redis_server.choice import RedisChoice

SCHEDULES = 100_000
"""Schedules in which nobody may be accused, at least."""
_NEEDS = {PROPERTIES: ("hypothesis", "properties"), STORM: ("locust", "storm")}
"""The package that a tier cannot do without, and the extra that brings it."""


def run(
    *,
    choice: RedisChoice,
    seed: int,
    budget_s: float | None,
    jobs: int,
    out: str | None,
    share: int,
    schedules: int,
) -> None:
    """Run a full self-test, judge it, report it, and end with its exit code.

    Args:
        choice: On which server.
        seed: The run's.
        budget_s: Seconds after which nothing more is begun; None: never.
        jobs: Processes that run all but the storms.
        out: The run folder; None for the default.
        share: Every so-manyth claim of trials, stories and storms is run.
        schedules: How many schedules of sound guards are run at least.
    """
    check_provider(choice)
    folder = RunFolder.create(SELFTEST, seed, out)
    with Live() as live:
        try:
            _FullSelftest(folder, choice, live, jobs=jobs, budget_s=budget_s).run(share, schedules)
        except KeyboardInterrupt:
            folder.interrupted = True
        folder.write()
        live.say("changing good histories, to see what the checkers notice")
        score_checkers(folder.path)
        verdict = write_verdict(folder.path)
        live.say("writing the reports")
        write_reports(folder.path)
    show(folder.path)
    raise typer.Exit(exit_of(verdict["verdict"], interrupted=folder.interrupted))


class _FullSelftest:
    """The checks in their order. All but the storms, which need every core, run side by side."""

    def __init__(
        self, folder: RunFolder, choice: RedisChoice, live: Live, *, jobs: int, budget_s: float | None
    ) -> None:
        self._folder = folder
        self._choice = choice
        self._live = live
        self._jobs = jobs
        self._budget_s = budget_s
        self._began_ns = clock.elapsed_ns()
        self._sound = 0

    def run(self, share: int, schedules: int) -> None:
        """Run every check; *share* and *schedules* are as in :func:`run`."""
        claimed = claimed_checks(self._folder.seed, share)
        for tier, of, left_out in claimed.left_out:
            if left_out:
                self._folder.leave_out(
                    f"{count(left_out, 'claim')} of the tier {tier}",
                    f"--share {share}: every {share}th of {of} is run, and which ones depends on the seed",
                    decides=False,
                )
        checks = [check for check in claimed.checks if self._has_what_it_needs(check)]
        storms = [check for check in checks if check.tier == STORM]
        others = [check for check in checks if check.tier != STORM]
        sound = self._until(schedules, sound_checks(self._folder.seed))
        self._run_side_by_side(chain(explorer_checks(self._folder.seed), others))
        for check in storms:
            stop_if_asked()
            if not self._folder.interrupted and not self._is_too_late(check):
                self._rage(check)
        if not self._folder.interrupted:
            self._run_side_by_side(sound)

    def _until(self, schedules: int, checks: Iterable[Check]) -> Iterator[Check]:
        """Yield checks until so many schedules of sound guards were run, or the time is over."""
        for check in checks:
            if self._sound >= schedules:
                return
            if self._left_s() <= 0:
                why = f"the budget of {self._budget_s:g} s was used up after {self._sound:,}"
                self._folder.leave_out(f"{schedules:,} schedules of sound guards", why)
                return
            if not self._has_what_it_needs(check):
                return
            yield check

    def _run_side_by_side(self, checks: Iterable[Check]) -> None:
        coming = iter(checks)
        unfinished: dict[str, Path] = {}

        def next_errand() -> Errand | None:
            for check in coming:
                if not self._is_too_late(check):
                    errand = self._begin(check)
                    unfinished[check.name] = Path(errand.folder)
                    return errand
            return None

        try:
            with PartPool(self._choice, self._jobs) as pool:
                for errand, told in pool.run(next_errand):
                    if isinstance(told, Lost):
                        del unfinished[errand.name]
                        self._folder.drop(errand.name, told.why)
                        continue
                    self._folder.interrupted |= told.interrupted
                    if not told.interrupted:
                        del unfinished[errand.name]
                        self._live.done(told.line)
                        self._count(errand, told.schedules)
                    self._live.say(f"checking the instrument: {', '.join(pool.running)}")
        finally:
            for name, folder in unfinished.items():
                if not (folder / RECORD).exists():
                    self._folder.drop(name)

    def _count(self, errand: Errand, schedules: int) -> None:
        if not errand.checker and errand.tier in {EXPLORE, PROPERTIES}:
            self._sound += schedules

    def _rage(self, check: Check) -> None:
        from stormproof.check_run import run_check  # noqa: PLC0415 - Hypothesis or Locust may be missing

        errand = self._begin(check)
        self._live.say(f"{check.name}: it rages")
        try:
            told = run_check(errand, self._choice, self._live.say)
        except CouldNotRunError as error:
            self._folder.drop(check.name, str(error))
            self._live.done(f"{check.name}: not run, {error}")
        except BaseException:
            self._folder.drop(check.name)
            raise
        else:
            self._live.done(told.line)

    def _begin(self, check: Check) -> Errand:
        """Add the check to the run and return what a process is told of it."""
        expected = {"verdict": "INVALID", "checker": check.checker} if check.checker else "VALID"
        folder = self._folder.part(check.name, role="instrument", expected=expected)
        return Errand(str(self._folder.path), str(folder), check.asked, check.checker, check.tier)

    def _left_s(self) -> float:
        if self._budget_s is None:
            return float("inf")
        return self._budget_s - (clock.elapsed_ns() - self._began_ns) / 1e9

    def _is_too_late(self, check: Check) -> bool:
        """Leave the check out if the budget is used up, and say whether it was."""
        is_late = self._left_s() <= 0
        if is_late:
            self._folder.leave_out(check.name, f"the budget of {self._budget_s:g} s was used up before it")
        return is_late

    def _has_what_it_needs(self, check: Check) -> bool:
        """Leave the check out if its tier needs what is not installed, and say whether it may run."""
        package, extra = _NEEDS.get(check.tier, ("", ""))
        if not package or importlib.util.find_spec(package) is not None:
            return True
        self._folder.leave_out(check.name, f"the extra `{extra}` is not installed: no {package}")
        return False
