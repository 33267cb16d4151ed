"""A figure at its limit, a missing rival, a wrong name: what the table and the exit code say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import __main__ as front
from benchmarks import core, report
from benchmarks.interleaving import side_by_side
from benchmarks.rows import Effort, Row, latency_of, spread_of
from benchmarks.ungated import Mix, turns
from harness.errors import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path


def row(ratio: float, limit: float | None, *, at_least: bool = False, limit_included: bool = True) -> Row:
    """Return a row with this ratio."""
    return Row(
        benchmark="b",
        case="c",
        ratio=spread_of([ratio]),
        limit=limit,
        at_least=at_least,
        limit_included=limit_included,
    )


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (row(1.6, 1.6), "ok"),
        (row(1.61, 1.6), "MISS"),
        (row(1.0, 1.0, limit_included=False), "MISS"),
        (row(0.99, 1.0, limit_included=False), "ok"),
        (row(0.5, 0.5, at_least=True), "ok"),
        (row(0.49, 0.5, at_least=True), "MISS"),
        (row(9.0, None), "info"),
        (Row(benchmark="b", case="c", limit=1.0, not_run="pip install it"), "not run"),
    ],
)
def test_limit_decides_as_it_is_written(given: Row, verdict: str) -> None:
    """At most includes the limit, below does not, and no figure is neither."""
    assert given.verdict == verdict


def test_bound_is_told_as_it_decides() -> None:
    """The table shows whether a limit is one from above or from below."""
    bounds = [row(1.0, 0.5, at_least=True), row(1.0, 1.6), row(1.0, 1.0, limit_included=False), row(1.0, None)]
    assert [each.bound for each in bounds] == [">= 0.5", "<= 1.6", "< 1", ""]


def test_ratio_is_the_median_over_the_repeats() -> None:
    """One disturbed call, and one disturbed repeat, do not count."""
    slow = iter([2.0] * 4 + [2.0, 2.0, 99.0] + [8.0] * 3 + [2.0] * 3)
    samples = side_by_side(
        {"slow": lambda n: [next(slow) for _ in range(n)], "fast": lambda n: [1.0] * n},
        Effort(repeats=3, share=1.0),
        calls=3,
        turn=1,
    )
    assert samples.ratio("slow", "fast").median == 2.0


def test_calls_are_mixed_as_an_exploration_made_them() -> None:
    """As many calls as guards were made, the first of all a first call, and first calls in their share."""
    assert list(turns(Mix(first=1 / 3, makes=3.0), 2)) == [True, False, False, True, False, False]
    told = list(turns(Mix(first=0.5, makes=3.5), 100))
    assert (len(told), sum(told)) == (350, 175)


def test_percentiles_come_from_the_calls() -> None:
    """The p99 of a hundred calls is the slowest but none."""
    told = latency_of([at / 1e6 for at in range(1, 101)])
    assert (round(told.p50_us, 6), round(told.p99_us, 6)) == (50.5, 100.0)


def test_missing_rival_is_told_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """What was not run stands in the table with its reason."""
    print(report.table([Row(benchmark="b", case="c", limit=1.0, not_run="pip install it")]))
    assert "not run" in (seen := capsys.readouterr().out)
    assert "pip install it" in seen


def test_unknown_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name measures nothing and names the right ones."""
    assert front.main(["guard-speed"]) == 2
    assert "guard-replay" in capsys.readouterr().err


@pytest.mark.parametrize(("ratio", "status"), [(1.0, 0), (2.0, 1)])
def test_miss_is_the_exit_code(ratio: float, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A miss ends with 1, and the results are written either way."""
    monkeypatch.setattr(front, "BENCHMARKS", {"b": lambda _effort: [row(ratio, 1.5)]})
    monkeypatch.setattr(core, "settle", lambda: None)
    assert front.main(["--json", str(tmp_path / "r" / "out.json"), "b"]) == status
    assert json.loads((tmp_path / "r" / "out.json").read_text())["rows"][0]["limit"] == 1.5


def test_benchmark_that_cannot_run_takes_no_figure_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those before and behind it are shown and stored; the exit code says that not all was measured."""

    def cannot(_effort: Effort) -> list[Row]:
        raise CouldNotRunError("there is no server")

    def can(_effort: Effort) -> list[Row]:
        return [row(1.0, 1.5)]

    monkeypatch.setattr(front, "BENCHMARKS", {"before": can, "broken": cannot, "behind": can})
    monkeypatch.setattr(core, "settle", lambda: None)
    assert front.main(["--json", str(tmp_path / "out.json")]) == 3
    assert len(json.loads((tmp_path / "out.json").read_text())["rows"]) == 2
    said = capsys.readouterr()
    assert "could not measure broken: there is no server" in said.err
    assert said.out.count("<= 1.5") == 2
