"""The frozen model still predicts what it predicted, and the configuration is delivered as it must be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from verify.history.words import Verdict
from verify.rollout.checks.config_defaults import check as config_defaults
from verify.rollout.errors import RolloutError
from verify.rollout.rules import parse
from verify.rollout.tests.trees import baseline_of, commit, context_of, failing, look
from verify.rollout.verifier import expected_flags

if TYPE_CHECKING:
    from pathlib import Path

    from verify.rollout.manifest import Baseline

MODEL, CONFIG = "frozen_model_unchanged", "config_defaults_safe"


def drift(tree: Path, by: float) -> None:
    """Move one golden prediction, and commit as if nobody had looked."""
    golden = tree / "model/golden.json"
    held = json.loads(golden.read_text())
    held[0]["output"] += by
    golden.write_text(json.dumps(held))
    commit(tree)


def test_a_prediction_within_the_tolerance_passes_and_one_beyond_does_not(tree: Path) -> None:
    """The files agree with the baseline in both cases: only the prediction tells."""
    drift(tree, 1e-12)
    assert failing(look(tree, baseline_of(tree), [MODEL])) == {}
    drift(tree, 1e-6)
    report = look(tree, baseline_of(tree), [MODEL])
    assert failing(report) == {MODEL: ["prediction"]}
    assert "apart, allowed are 1e-09" in report.results[0].findings[0].sentence


@pytest.mark.parametrize("body", ["return float('nan')", "return [1.0]", "raise ValueError('no')", "return 'ten'"])
def test_a_model_that_answers_something_else_is_seen(tree: Path, body: str) -> None:
    """What is no number, or not the recorded shape, is infinitely far."""
    path = tree / "model/inference.py"
    path.write_text(f"{path.read_text()}\n\ndef predict(prices):\n    {body}\n")
    commit(tree)
    assert failing(look(tree, baseline_of(tree), [MODEL])) == {MODEL: ["prediction"]}


def test_a_model_that_cannot_be_asked_is_unknown(tree: Path) -> None:
    """Nothing is concluded from a model that does not load, or from a golden file without a prediction."""
    golden = tree / "model/golden.json"
    golden.write_text("[]")
    commit(tree)
    assert look(tree, baseline_of(tree), [MODEL]).verdict is Verdict.UNKNOWN
    (tree / "model/inference.py").write_text("raise ImportError\n")
    golden.write_text('[{"input": 1, "output": 1}]')
    commit(tree)
    assert look(tree, baseline_of(tree), [MODEL]).verdict is Verdict.UNKNOWN


def test_another_version_of_a_library_is_seen(tree: Path, baseline: Baseline) -> None:
    """The baseline recorded what the model was frozen with."""
    other = replace(baseline, libraries={"python": "CPython 2"})
    report = look(tree, other, [MODEL])
    assert failing(report) == {MODEL: ["library"]}
    assert report.results[0].findings[0].sentence == (
        "the library python is CPython 3, and was CPython 2 in the baseline"
    )


def test_weights_that_nothing_protects_are_unknown(tree: Path) -> None:
    """Rules that name weights and leave them unprotected show nothing of them."""
    rules = tree / "rollout.toml"
    rules.write_text(rules.read_text().replace('"model/**"', '"model/*.py", "model/golden.json"'))
    commit(tree)
    assert failing(look(tree, baseline_of(tree), [MODEL])) == {MODEL: ["unprotected"]}


def test_a_file_of_the_model_that_is_not_there_is_refused(tree: Path, baseline: Baseline) -> None:
    """A misspelt name would be compared with nothing, for ever; and a baseline that lacks it shows nothing of it."""
    rules = tree / "rollout.toml"
    rules.write_text(rules.read_text().replace('"model/preprocessing.py"', '"model/preparing.py"'))
    with pytest.raises(RolloutError, match=r"model/preparing\.py of \[model\] is no file"):
        baseline_of(tree)
    entries = {path: entry for path, entry in baseline.entries.items() if path != "model/weights.json"}
    (tree / "model/weights.json").unlink()
    assert "unprotected" in failing(look(tree, replace(baseline, entries=entries), [MODEL]))[MODEL]


CONFIGURATIONS = {
    "switched-on": ("retry:\n  enabled: false", "retry:\n  enabled: true", "retry.enabled is True, where False is"),
    "gone": ("retry:\n  enabled: false\n", "", "retry.enabled is not there, where False is expected"),
    "no-boolean": ("retry:\n  enabled: false", "retry:\n  enabled: 0", "retry.enabled is 0, where False is expected"),
    "text": ("mode: paper", "mode: live", "trading.mode is 'live', where 'paper' is expected"),
}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_an_unsafe_default_is_seen(tree: Path, baseline: Baseline, case: str) -> None:
    """By its key, with what it is and what was expected; no other check minds it."""
    old, new, said = CONFIGURATIONS[case]
    path = tree / "config/config.yaml"
    path.write_text(path.read_text().replace(old, new))
    report = look(tree, baseline)
    assert failing(report) == {CONFIG: ["default"]}
    assert said in report.results[-1].findings[0].sentence


def test_a_key_that_stands_twice_is_unknown(tree: Path, baseline: Baseline) -> None:
    """Readers do not agree which of the two counts."""
    path = tree / "config/config.yaml"
    path.write_text(f"{path.read_text()}retry:\n  enabled: true\n")
    report = look(tree, baseline, [CONFIG])
    assert report.verdict is Verdict.UNKNOWN
    assert "says 'retry' a second time" in report.results[0].findings[0].sentence


def test_a_flag_that_must_be_on_is_asked_for(tree: Path, baseline: Baseline) -> None:
    """Off is a failure then, and on is none."""
    context = context_of(tree, baseline, expect_enabled=["retry.enabled"])
    assert config_defaults(context).verdict is Verdict.INVALID
    path = tree / "config/config.yaml"
    path.write_text(path.read_text().replace("retry:\n  enabled: false", "retry:\n  enabled: true"))
    assert config_defaults(context).verdict is Verdict.VALID
    with pytest.raises(RolloutError, match=r"retry\.on is no flag of the rules"):
        expected_flags(baseline.rules, ["retry.on"])


WRONG_RULES = {
    "no-toml": ("[", "is no TOML"),
    "misspelt": ("[protect]\n", "has 'protect'; expected some of import_roots, protected"),
    "misspelt-group": ('[protected]\nrisks = ["risk/**"]\n', "has 'risks'; expected some of paper_pipeline"),
    "outside": ('[protected]\nexecution = ["../other/**"]\n', "is no path within the tree"),
    "absolute": ('[protected]\nexecution = ["/etc/**"]\n', "is no path within the tree"),
    "no-list": ('[protected]\nexecution = "execution"\n', "expected a list of texts"),
    "no-target": ('[[guards]]\nkind = "retry"\nname = "x"\nmake = "here"\n', "expected module:function"),
    "no-kind": ('[[guards]]\nkind = "lock"\nname = "x"\nmake = "a:b"\n', "expected one of retry, idempotency"),
    "no-defaults": ('[defaults]\nfile = "config.yaml"\n', "expects nothing"),
    "no-packages": ("[isolation]\nisolated = []\n", "needs isolated and protected"),
    "tolerance": (
        '[model]\nweights = "w"\npredict = "a:b"\ngolden = "g"\ntolerance = -1\n',
        "tolerance is -1; expected a number, 0 or more",
    ),
}


@pytest.mark.parametrize("case", WRONG_RULES)
def test_wrong_rules_are_refused_in_one_line(case: str) -> None:
    """A misspelt rule would protect nothing."""
    text, said = WRONG_RULES[case]
    with pytest.raises(RolloutError, match=said.replace("[", r"\[")):
        parse(text)


def test_what_the_rules_do_not_speak_of_is_unknown(tree: Path) -> None:
    """Rules without a section leave its check undecided; they never let it pass."""
    rules = tree / "rollout.toml"
    rules.write_text('[protected]\nrisk_gates = ["risk/**"]\n')
    commit(tree)
    seen = failing(look(tree, baseline_of(tree)))
    assert seen.keys() == {
        "paper_pipeline_unchanged",
        "execution_unchanged",
        MODEL,
        "adaptive_isolated",
        CONFIG,
    }
    assert all("no-rules" in rules for rules in seen.values())
