"""Runs a campaign: the instrument first, then the subject in the explorer and in trials, then on real processes."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import typer

from harness import clock
from harness.durability.running import LatticeRun
from harness.errors import CouldNotRunError
from harness.explorer.jobs import Jobs
from harness.interruption import stop_if_asked
from harness.probes.limits import BreachedError
from harness.recorder import RunFolder, write_record
from harness.redis_server.choice import EmbeddedChoice, ExternalChoice
from harness.redis_server.opening import check_provider
from reports.stored_run import judge_part, write_verdict
from scenarios.storybook import tell
from scenarios.terms import AS_USUAL, Terms
from stormproof import staging
from stormproof.demoting import Demoter, broken, drawn_kinds, kinds_of
from stormproof.evidence import show, write_reports
from stormproof.live import Live
from stormproof.part_pool import Errand, Lost, PartPool
from stormproof.part_run import run_part
from stormproof.parts import CORE, INSTRUMENT, parts_of
from stormproof.redis_checking import word_on
from stormproof.saying import exit_of
from verify.run_layout import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from harness.conformance.profile import Trials
    from harness.explorer.plan import Plan
    from harness.redis_server.choice import RedisChoice
    from scenarios.storybook import Telling
    from stormproof.parts import Part, Wanted
    from verify.history.record import ExplorationRecord

_NOT_OURS = "it kills its servers, and an external one is not ours to kill"
_DRAWS = ("hypothesis",)
_OF_CORE = ("prometheus_client", "pyarrow", "pydantic_settings")
"""What the extra `properties` brings: what draws the examples, and what the claims about the core are about."""
_NO_FILES = "it cuts append-only files, and those of a container are out of reach: --redis embedded or path"


def run(
    asked: Wanted,
    *,
    choice: RedisChoice,
    seed: int,
    budget_s: float | None,
    jobs: int,
    out: str | None,
    terms: Terms | None = None,
) -> None:
    """Run what is asked for, judge it, report it, and end with its exit code."""
    terms = terms or AS_USUAL
    check_provider(choice)
    parts = parts_of(asked, seed=seed)
    run_folder = RunFolder.create(asked.kind, seed, out, subjects=asked.subjects)
    if isinstance(choice, ExternalChoice):
        _show_plan(parts, choice, terms, seed)
    with Live() as live:
        try:
            _Campaign(asked, run_folder, choice, budget_s=budget_s, jobs=jobs, live=live, terms=terms).run(parts)
        except KeyboardInterrupt:
            run_folder.interrupted = True
        run_folder.write()
        verdict = write_verdict(run_folder.path)
        live.say("writing the reports")
        write_reports(run_folder.path)
    show(run_folder.path)
    raise typer.Exit(exit_of(verdict["verdict"], interrupted=run_folder.interrupted))


def _show_plan(parts: list[Part], choice: ExternalChoice, terms: Terms, seed: int) -> None:
    """Show what the stories will do to an external server, where any may run there."""
    told = [part.telling.STORY for part in parts if part.telling is not None]
    stories = {story.name: story for story in told if not staging.obstacle(story, choice)}
    if stories:
        typer.echo("\n".join(staging.plan(list(stories.values()), choice, terms, seed)))


def _sought(part: Part, verdict: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the checkers that found promises broken in a story or in trials, each with the kinds of what struck."""
    if part.telling is not None:
        return dict.fromkeys(broken(verdict), kinds_of(part.telling.STORY.kinds))
    if part.trials is None:
        return {}
    drawn = {checker: drawn_kinds(verdict, checker) for checker in broken(verdict)}
    return {checker: kinds for checker, kinds in drawn.items() if kinds is not None}


class _Campaign:
    """Runs the checks of the instrument side by side, and after them the other parts one after the other."""

    def __init__(
        self,
        asked: Wanted,
        folder: RunFolder,
        choice: RedisChoice,
        *,
        budget_s: float | None,
        jobs: int,
        live: Live,
        terms: Terms,
    ) -> None:
        self._drawing = asked.drawing
        self._folder = folder
        self._terms = terms
        self._breach = ""
        self._choice = choice
        self._budget_s = budget_s
        self._jobs = jobs
        self._live = live
        self._demoter = Demoter(folder, live, self._left_s)
        self._started_ns = clock.elapsed_ns()

    def run(self, parts: list[Part]) -> None:
        self._check_instrument([part for part in parts if part.tier == INSTRUMENT])
        for part in parts:
            stop_if_asked()
            if self._folder.interrupted:
                return
            if part.tier == INSTRUMENT or self._is_too_late(part):
                continue
            if part.plan is not None:
                self._explore(part, part.plan)
            elif part.telling is not None:
                self._tell(part, part.telling)
            elif part.trials is not None:
                self._draw(part, part.trials)
            else:
                self._lay(part)

    def _left_s(self) -> float | None:
        if self._budget_s is None:
            return None
        return self._budget_s - (clock.elapsed_ns() - self._started_ns) / 1e9

    def _is_too_late(self, part: Part) -> bool:
        """Leave the part out if the budget is used up, and say whether it was."""
        left_s = self._left_s()
        is_late = left_s is not None and left_s <= 0
        if is_late:
            self._folder.leave_out(part.name, f"the budget of {self._budget_s:g} s was used up before it")
        return is_late

    def _check_instrument(self, parts: list[Part]) -> None:
        coming = iter(parts)
        unfinished: dict[str, Path] = {}

        def next_errand() -> Errand | None:
            for part in coming:
                if part.plan is not None and not self._is_too_late(part):
                    folder = self._begin(part)
                    unfinished[part.name] = folder
                    plan = part.plan.within(self._left_s()).to_object()
                    return Errand(str(self._folder.path), str(folder), plan, part.checker)
            return None

        try:
            with PartPool(self._choice, self._jobs) as pool:
                for errand, told in pool.run(next_errand):
                    del unfinished[errand.name]
                    if isinstance(told, Lost):
                        self._folder.drop(errand.name, told.why)
                    else:
                        self._folder.interrupted |= told.interrupted
                        self._live.done(told.line)
                    self._live.say(f"checking the instrument: {', '.join(pool.running)}")
        finally:
            for name, folder in unfinished.items():
                if not (folder / RECORD).exists():
                    self._folder.drop(name)

    def _begin(self, part: Part) -> Path:
        """Return a fresh folder for the part."""
        if part.tier != INSTRUMENT:
            return self._folder.part(part.name)
        expected = {"verdict": "INVALID", "checker": part.checker} if part.checker else "VALID"
        return self._folder.part(part.name, role="instrument", expected=expected)

    def _explore(self, part: Part, plan: Plan) -> None:
        folder = self._begin(part)
        plan = plan.within(self._left_s())
        several = Jobs(plan, self._choice, self._jobs) if self._jobs > 1 else None
        told = run_part(self._folder.path, folder, plan, self._choice, self._live, jobs=several)
        self._folder.interrupted = told.interrupted
        if not told.interrupted:
            self._live.done(told.line)

    def _tell(self, part: Part, telling: Telling) -> None:
        if isinstance(self._choice, ExternalChoice) and (why := staging.obstacle(telling.STORY, self._choice)):
            self._folder.leave_out(part.name, why, decides=False)
        elif self._breach:
            self._folder.leave_out(part.name, f"the campaign was ended before it: {self._breach}")
        else:
            seed, terms = self._folder.seed, self._terms
            self._leave(part, lambda folder: tell(telling, folder, part.subject, self._choice, seed, terms=terms))

    def _draw(self, part: Part, trials: Trials) -> None:
        """Draw generated claims, where what they need is installed."""
        needed = (*_DRAWS, *(_OF_CORE if trials.subject.name == CORE else ()))
        missing = [name for name in needed if importlib.util.find_spec(name) is None]
        if missing:
            self._folder.leave_out(part.name, f"the extra `properties` is not installed: no {', '.join(missing)}")
            return
        from stormproof.generating import generate  # noqa: PLC0415 - the extra `properties` may be missing

        drawing = self._drawing
        self._leave(
            part,
            lambda folder: generate(
                trials, folder, self._choice, self._live, minutes=drawing.minutes, options=drawing.options
            ),
        )

    def _lay(self, part: Part) -> None:
        """Measure the lattice, where the servers are processes of ours."""
        choice = self._choice
        if isinstance(choice, ExternalChoice):
            self._folder.leave_out(part.name, _NOT_OURS)
        elif isinstance(choice, EmbeddedChoice):
            self._leave(part, lambda folder: self._measure(part, folder, choice))
        else:
            self._folder.leave_out(part.name, _NO_FILES)

    def _leave(self, part: Part, run: Callable[[Path], ExplorationRecord]) -> None:
        folder = self._begin(part)
        self._live.say(f"{part.name}: running")
        try:
            record = run(folder)
        except BreachedError as error:
            self._breach = str(error)
            self._folder.drop(part.name, self._breach)
            self._live.done(f"{part.name}: {self._breach}")
            return
        except CouldNotRunError as error:
            # The other stories may show something all the same.
            self._folder.drop(part.name, str(error))
            self._live.done(f"{part.name}: not run, {error}")
            return
        except BaseException:
            self._folder.drop(part.name)
            raise
        write_record(folder, record)
        verdict = judge_part(self._folder.path, part.name)
        self._live.done(f"{part.name}: {verdict['verdict']}, {'; '.join(record.notes)}")
        sought = _sought(part, verdict)
        if sought:
            self._demoter.demote(folder, sought, part.subject, None if part.trials is None else part.trials.hosting)

    def _measure(self, part: Part, folder: Path, choice: EmbeddedChoice) -> ExplorationRecord:
        cells = part.lattice
        run = LatticeRun(name=part.name, cells=cells, choice=choice, seed=self._folder.seed, validate=word_on)
        return run.into(folder, lambda done: self._live.say(f"{part.name}: {done} of {len(cells)} cells"))
