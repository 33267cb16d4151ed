"""What worked before still works: golden outputs, API and configuration of the example, against its baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from verify.history.words import Verdict
from verify.rollout.baseline import differences
from verify.rollout.errors import RolloutError
from verify.rollout.rules import parse
from verify.rollout.tests.trees import baseline_at, baseline_of, failing, interpreter, look

if TYPE_CHECKING:
    from pathlib import Path

    from verify.rollout.manifest import Baseline

CONFIG = "config_defaults_safe"

BREAKS = {
    "another-output": (
        "app/session.py",
        "for number, (symbol, prices) in enumerate(_RECORDED.items())",
        "for number, (symbol, prices) in enumerate(sorted(_RECORDED.items()))",
        "output",
        'output session: line 1 is "ADA 201 {\\"order\\": 1, ',
    ),
    "an-output-that-fails": (
        "app/session.py",
        "load(sys.argv[1])",
        "load(sys.argv[2])",
        "output",
        'output session: its end is "exit status 1", where "exit status 0" was recorded',
    ),
    "a-feature-that-no-flag-holds-back": (
        "app/session.py",
        'if settings.flags["idempotency"]:',
        'if not settings.flags["idempotency"]:',
        "output",
        'its end is "exit status 1"',
    ),
    "a-property-gone": (
        "app/api.py",
        '        "exposure": {"type": "number", "default": 0},\n',
        "",
        "api",
        "POST /signals: request.exposure is gone",
    ),
    "a-property-renamed": (
        "app/api.py",
        '"symbol": {"type": "string"},',
        '"instrument": {"type": "string"},',
        "api",
        "POST /signals: answer 201.symbol is gone; it may be called instrument now",
    ),
    "a-property-required": (
        "app/api.py",
        '"required": ["symbol", "prices"]',
        '"required": ["symbol", "prices", "exposure"]',
        "api",
        "POST /signals: request.exposure must be given now",
    ),
    "a-property-narrowed": (
        "app/api.py",
        '"minItems": 5, "maxItems": 5',
        '"minItems": 5, "maxItems": 4',
        "api",
        "POST /signals: request.prices: its maxItems was 5, and now it is 4",
    ),
    "a-path-gone": ("app/api.py", '"/signals"', '"/v2/signals"', "api", "/signals is gone"),
    "an-answer-gone": ("app/api.py", '"204": {', '"409": {', "api", "POST /signals: the answer 204 is gone"),
    "a-default-changed": (
        "app/api.py",
        '"default": 0}',
        '"default": 1}',
        "api",
        "POST /signals: request.exposure: its default was 0, and now is 1",
    ),
    "a-flag-on-by-default": (
        "app/settings.py",
        '"type": "boolean", "default": False',
        '"type": "boolean", "default": True',
        "configuration",
        "the configuration.adaptive.enabled: its default was false, and now is true",
    ),
    "a-setting-gone": (
        "app/settings.py",
        '_FLAGS = ("adaptive", "idempotency", "retry")',
        '_FLAGS = ("idempotency", "retry")',
        "configuration",
        "the configuration.adaptive is gone",
    ),
    "a-mode-gone": (
        "app/settings.py",
        '_MODES = ("paper", "live")',
        '_MODES = ("paper",)',
        "configuration",
        'the configuration.trading.mode no longer takes "live"',
    ),
    "a-setting-required": (
        "app/settings.py",
        '        "properties": {"trading": trading',
        '        "required": ["trading"],\n        "properties": {"trading": trading',
        "configuration",
        "the configuration.trading must be given now",
    ),
}
"""What is changed, and by which rule and in which words that is seen."""

KEEPS = {
    "an-optional-property": (
        "app/api.py",
        '"exposure": {"type": "number", "default": 0},',
        '"exposure": {"type": "number", "default": 0},\n        "note": {"type": "string"},',
    ),
    "a-wider-request": ("app/api.py", '"minItems": 5, "maxItems": 5', '"minItems": 2, "maxItems": 9'),
    "more-in-an-answer": (
        "app/api.py",
        '"order": {"type": "integer"},',
        '"order": {"type": "integer"},\n        "fee": {"type": "number"},',
    ),
    "another-mode": ("app/settings.py", '_MODES = ("paper", "live")', '_MODES = ("paper", "live", "replay")'),
    "a-new-flag-that-is-off": (
        "app/settings.py",
        '_FLAGS = ("adaptive", "idempotency", "retry")',
        '_FLAGS = ("adaptive", "idempotency", "retry", "metrics")',
    ),
}


def edit(tree: Path, place: str, old: str, new: str) -> None:
    """Replace one piece of a file of the tree."""
    path = tree / place
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.in_turn(0, 3)
@pytest.mark.parametrize("case", BREAKS)
def test_what_breaks_somebody_fails_the_check_of_the_configuration_alone(
    tree: Path, baseline: Baseline, case: str
) -> None:
    """Each in words, by the rule that it broke."""
    place, old, new, rule, said = BREAKS[case]
    edit(tree, place, old, new)
    report = look(tree, baseline)
    seen = failing(report)
    assert seen.keys() == {CONFIG}
    assert rule in seen[CONFIG]
    assert report.verdict is Verdict.INVALID
    assert any(said in finding.sentence for finding in report.results[-1].findings), report.results[-1].findings


@pytest.mark.in_turn(0, 4)
@pytest.mark.parametrize("case", KEEPS)
def test_what_breaks_nobody_passes(tree: Path, baseline: Baseline, case: str) -> None:
    """Added and optional, or wider for whoever asks."""
    edit(tree, *KEEPS[case])
    assert failing(look(tree, baseline, [CONFIG])) == {}


def test_outputs_are_those_of_everything_off(tree: Path, baseline: Baseline) -> None:
    """A flag that was switched on in the tree does not reach the command; the delivered value is another matter."""
    path = tree / "config/config.yaml"
    path.write_text(path.read_text().replace("idempotency:\n  enabled: false", "idempotency:\n  enabled: true"))
    assert failing(look(tree, baseline, [CONFIG])) == {CONFIG: ["default"]}
    path.write_text(f"{path.read_text()}metrics:\n  enabled: true\n")
    assert failing(look(tree, baseline, [CONFIG])) == {CONFIG: ["default", "output"]}


def test_a_commit_is_recorded_as_it_was(tree: Path, baseline: Baseline) -> None:
    """Its own files run, not those that lie in the tree now; the differences are said in words."""
    edit(tree, "app/api.py", '"/signals"', '"/v2/signals"')
    assert baseline_at(tree).recorded == baseline.recorded
    now = baseline_of(tree)
    assert differences(baseline, now) == ["/signals is gone"]
    edit(tree, "app/api.py", '"title": "trading"', '"title": "trades"')
    assert differences(now, baseline_of(tree)) == ["api changed, and breaks nobody"]


def test_what_cannot_be_made_or_was_not_recorded_is_unknown(tree: Path, baseline: Baseline) -> None:
    """Neither a callable that is gone nor a baseline without a recording lets the check pass."""
    lacking = replace(baseline, recorded={name: text for name, text in baseline.recorded.items() if name != "api"})
    report = look(tree, lacking, [CONFIG])
    assert report.verdict is Verdict.UNKNOWN
    assert report.results[0].findings[0].sentence == (
        "the baseline recorded no api; make it again: stormproof baseline create"
    )
    edit(tree, "app/api.py", "def document()", "def described()")
    report = look(tree, baseline, [CONFIG])
    assert (failing(report), report.verdict) == ({CONFIG: ["api"]}, Verdict.UNKNOWN)
    now = baseline_of(tree)
    assert now.lacking == {"api": "AttributeError: module 'app.api' has no attribute 'document'"}
    assert differences(baseline, now) == [f"api is no longer recorded: {now.lacking['api']}"]
    report = look(tree, now, [CONFIG])
    assert report.results[0].findings[0].sentence == f"the baseline recorded no api: {now.lacking['api']}"


def test_an_output_finds_an_environment_of_ours(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the caller's environment reaches it, and the order of a set is the same each time."""
    monkeypatch.setenv("TRADING_REDIS", "redis://somewhere")
    (tree / "app/told.py").write_text(
        "import os, sys\nprint(sorted(os.environ), hash('a'))\nprint(os.environ['PYTHONPATH'])\nsys.exit(7)\n"
    )
    inside = interpreter(tree)
    told = inside.output("app.told", [])
    assert told == inside.output("app.told", [])
    status, text = told
    assert status == 7
    assert "TRADING_REDIS" not in text
    assert text.splitlines()[1].startswith(f"{tree.resolve()}")


WRONG = {
    "misspelt": ('[compatibility]\napis = "a:b"\n', "has 'apis'; expected some of api, configuration, outputs"),
    "no-target": ('[compatibility]\napi = "app.api"\n', "api is 'app.api'; expected module:function"),
    "nothing": ("[compatibility]\n", "asks for nothing; expected some of api, configuration, outputs"),
    "no-list": ('[compatibility]\noutputs = "x"\n', "outputs is no list; write [[compatibility.outputs]]"),
    "no-module": ('[[compatibility.outputs]]\nname = "x"\n', "module is None; expected a text"),
    "no-words": (
        '[[compatibility.outputs]]\nname = "x"\nmodule = "y"\narguments = "z"\n',
        "arguments is 'z'; expected a list of texts",
    ),
    "twice": (
        '[[compatibility.outputs]]\nname = "x"\nmodule = "y"\n' * 2,
        "two [[compatibility.outputs]] have the name 'x'; expected one of each",
    ),
    "no-defaults": (
        '[[compatibility.outputs]]\nname = "x"\nmodule = "y"\narguments = ["{all_off}"]\n',
        "{all_off} stands for the configuration of [defaults], and there are none",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_rules_are_refused_in_one_line(case: str) -> None:
    """With what was expected."""
    text, said = WRONG[case]
    with pytest.raises(RolloutError) as refused:
        parse(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
