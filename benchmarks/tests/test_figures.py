"""Stated figures: each is measured on the real thing, and the page says what was measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.figures import __main__ as front
from benchmarks.figures import smoke
from benchmarks.figures.measured import case_of
from benchmarks.figures.registry import MEASURES
from benchmarks.rows import Effort
from benchmarks.workload import WrongAnswerError
from harness.redis_server.server import RedisServer
from stormproof.figures_page import MEASURED, PAGE, cases_in_words, figures_page
from stormproof.requirements.rows import RequirementsError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.figures.measured import Case

LITTLE = Effort(repeats=1, share=0.02)
_STORMS = "P22"


@pytest.mark.parametrize("row", [row for row in MEASURES if row != _STORMS])
def test_a_figure_is_measured_on_the_real_thing(row: str) -> None:
    """Every case has samples above nothing, of the unit that was stated, and the worst of them is told."""
    cases = MEASURES[row](LITTLE)
    assert cases
    for case in cases:
        assert case.samples >= 1
        if case.unit != "exponent":
            assert case.p50 > 0, case
        if case.p99 is not None:
            assert case.p99 <= case.p50 if case.at_least else case.p99 >= case.p50
    if row != "P10":
        assert any(case.limit is not None for case in cases)


@pytest.mark.takes_long
def test_workers_at_once_are_measured_by_a_storm_with_a_verdict() -> None:
    """A storm of as many worker processes as are asked for is VALID, else nothing is measured."""
    at_once, rate, latency = MEASURES[_STORMS](Effort(repeats=1, share=0.15))
    assert at_once.p50 == at_once.limit == 3
    assert rate.p50 > 0
    assert latency.samples > 3


def test_the_smoke_test_sees_a_guard_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that comes back empty is noticed: the order would be placed again."""
    restart = RedisServer.restart

    def forgetting(server: RedisServer) -> None:
        with server.client() as client:
            client.flushall()
        restart(server)

    monkeypatch.setattr(RedisServer, "restart", forgetting)
    with pytest.raises(WrongAnswerError, match=r"expected <Outcome.REPLAYED"):
        smoke.smoke()


def test_the_worst_sample_counts() -> None:
    """The p99 is the worst of a few, on the side that hurts; of one sample there is none."""
    few = case_of("c", "ms", [3.0, 1.0, 2.0], limit=2.0)
    rate = case_of("c", "a second", [3.0, 1.0, 2.0], limit=2.0, at_least=True)
    assert (few.p50, few.p99) == (2.0, 3.0)
    assert (rate.p50, rate.p99) == (2.0, 1.0)
    assert case_of("c", "ms", [1.0]).p99 is None
    many = case_of("c", "ms", [float(each) for each in range(1000)])
    assert (many.p50, many.p99) == (499.0, 990.0)


@pytest.mark.parametrize(
    ("samples", "at_least", "said"),
    [
        ([0.5, 0.9], False, "yes"),
        ([0.5, 1.1], False, "p50 only"),
        ([1.1, 1.2], False, "no"),
        ([1.2, 1.1], True, "yes"),
        ([1.1, 0.9], True, "p50 only"),
        ([0.8, 0.9], True, "no"),
    ],
)
def test_as_stated_is_what_was_measured(samples: list[float], at_least: bool, said: str) -> None:
    """Within, within for half of the calls, or not within."""
    figure = {"cases": [case_of("c", "ms", samples, limit=1.0, at_least=at_least).to_object()]}
    assert next(cases_in_words(figure)).endswith(f"1 ms: {said}")


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """Return a tree with two stated figures, of which one says that it is measured."""
    for place in ("stormproof/requirements", "benchmarks/figures", "docs"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "test_it.py").write_text("def test_it(): ...\n", "utf-8")
    (tmp_path / "stormproof/requirements/area_p.toml").write_text(
        'area = "P"\ntitle = "P: figures"\nrows = 2\n[P1]\nwhat = "Fast."\nwhere = ["docs"]\n'
        'tests = ["test_it.py::test_it"]\n[P2]\nwhat = "Performant."\nleft_out = "A word."\n',
        "utf-8",
    )
    return tmp_path


def _kept(p50: float) -> dict[str, Any]:
    case = case_of("it took", "ms", [p50], limit=2.0).to_object()
    return {"P1": {"on": "2026-01-01", "setting": "a machine", "others": 0.25, "cases": [case]}}


def test_page_is_made_of_what_is_kept(tree: Path) -> None:
    """The page holds the kept figures with their setting, and changes when they do."""
    front.keep(tree, _kept(1.25))
    before = (tree / PAGE).read_text("utf-8")
    assert "| it took | 1.25 ms |  | 1 | at most 2 ms | yes |  |" in before
    assert "Measured on 2026-01-01: a machine. Others used 25% of the cores meanwhile." in before
    assert "| P2 | Performant. | not measured: A word. |" in before
    front.keep(tree, _kept(2.5))
    assert "| it took | 2.5 ms |  | 1 | at most 2 ms | no |  |" in (tree / PAGE).read_text("utf-8")


def test_row_that_was_never_measured_fails(tree: Path) -> None:
    """A row that says it is measured needs a figure, and a figure needs such a row."""
    (tree / MEASURED).write_text("{}", "utf-8")
    with pytest.raises(RequirementsError, match=r"P1 was not measured yet: python -m benchmarks\.figures P1"):
        figures_page(tree)
    (tree / MEASURED).write_text(json.dumps({**_kept(1.0), "P2": _kept(1.0)["P1"]}), "utf-8")
    with pytest.raises(RequirementsError, match="has P2, which no row"):
        figures_page(tree)


def test_command_measures_prints_and_writes(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is measured is printed and kept, and the page says it; a first look keeps nothing."""
    monkeypatch.setattr(front, "FULL", LITTLE)
    monkeypatch.setattr(front, "QUICK", LITTLE)
    assert front.main(["P1", "--quick"], root=tree) == 0
    assert not (tree / MEASURED).exists()
    assert front.main(["P1"], root=tree) == 0
    kept = json.loads((tree / MEASURED).read_text("utf-8"))["P1"]
    shown = capsys.readouterr().out.splitlines()[-len(kept["cases"]) :]
    assert shown == [f"P1: {line}" for line in cases_in_words(kept)]
    assert kept["setting"] in (tree / PAGE).read_text("utf-8")


def test_wrong_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A row without a figure is named, with those that have one."""
    assert front.main(["P25"]) == 2
    assert capsys.readouterr().err.startswith("figures: no figure is stated in P25; expected some of: P1, P2")


def test_wrong_answer_is_no_figure(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a part does something else than what is measured, nothing is kept and the exit code is 3."""

    def wrong(_effort: Effort) -> list[Case]:
        raise WrongAnswerError("the guard answered nonsense")

    monkeypatch.setattr(front, "MEASURES", {"P1": wrong})
    assert front.main([], root=tree) == 3
    assert "could not measure: the guard answered nonsense" in capsys.readouterr().err
    assert not (tree / MEASURED).exists()
