"""Tells an experiment of the Chaos Toolkit on a stage: its own runner runs it, our checkers judge what happened."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from scenarios.experiments.place import Place, opened
from scenarios.experiments.reading import load, story_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.stage import Stage


class ExperimentTelling:
    """A story that an experiment file tells.

    Attributes:
        STORY: What it tells, and on what.
    """

    def __init__(self, path: str) -> None:
        """Read the file.

        Raises:
            WrongInputError: It is no valid experiment.
            CouldNotRunError: The Chaos Toolkit's library is not installed.
        """
        self._experiment = load(path)
        self.STORY = story_of(self._experiment)

    def play(self, stage: Stage) -> None:
        """Run the experiment on the stage, heal what it left, and deliver everything again.

        Raises:
            KeyboardInterrupt: The user ended it; the Chaos Toolkit keeps that to itself.
        """
        from chaoslib.experiment import run_experiment  # noqa: PLC0415 - the extra may be missing

        with opened(Place(stage.site, stage)):
            # The runner writes into what it is given.
            journal = run_experiment(deepcopy(self._experiment), settings={})
        if journal["status"] == "interrupted":
            raise KeyboardInterrupt
        stage.until_idle()
        wrong = list(_wrong(journal))
        if wrong:
            stage.reason = f"the experiment shows nothing: {'; '.join(wrong)}"
        stage.notes.append(f"experiment {journal['status']}, {len(journal['run'])} activities")
        stage.heal()
        stage.redeliver()


def _wrong(journal: dict[str, Any]) -> Iterator[str]:
    """Yield what did not go as the experiment says."""
    for state, hypothesis in (journal.get("steady_states") or {}).items():
        if hypothesis and hypothesis.get("steady_state_met") is False:
            failed = [probe["activity"]["name"] for probe in hypothesis["probes"] if not probe.get("tolerance_met")]
            yield f"its steady state was not met {state} the method ({', '.join(failed)})"
    for each in [*journal["run"], *journal.get("rollbacks", ())]:
        if each["status"] == "failed":
            yield f"{each['activity']['name']!r} failed: {str(each.get('exception', [''])[-1]).strip()}"
