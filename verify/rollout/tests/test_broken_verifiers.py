"""The verifier is tested too: a verifier with one thing left out no longer sees the trick that this thing is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from verify.rollout import baseline as baseline_module
from verify.rollout import comparing, compiled_files, git, hidden, reading, shadows, unchanged, walking
from verify.rollout.findings import Report, Result
from verify.rollout.tests import tricks
from verify.rollout.tests.trees import UNCHANGED, failing, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from verify.rollout.manifest import Baseline, Entry


def _nothing(*_given: Any, **_named: Any) -> Iterator[Any]:
    return iter(())


def _same_mode(_status: object) -> str:
    return "100644"


def _without_content(old: Entry, new: Entry) -> list[str]:
    return [said for said in _changes(old, new) if "content" not in said]


def _without_kind(old: Entry, new: Entry) -> list[str]:
    return [said for said in _changes(old, new) if "it was a" not in said]


_changes = baseline_module.changes
_walk = walking.walk


def _only_known(tree: Path, patterns: tuple[str, ...], _leave_out: object) -> Iterator[walking.Seen]:
    return (seen for seen in _walk(tree, patterns) if "more" not in seen.path)


def _trusting_git(self: Any, _places: object) -> dict[str, Any]:
    del self
    return {}


def _agreed(*_given: Any) -> bool:
    return True


MUTANTS: dict[str, tuple[Callable[[Path], None], object, str, object]] = {
    "content is not compared": (tricks.changed_byte, comparing, "changes", _without_content),
    "modes are not compared": (tricks.executable, reading, "mode_of", _same_mode),
    "kinds are not compared": (tricks.link_to_copy, comparing, "changes", _without_kind),
    "new files are not seen": (tricks.new, comparing, "walk", _only_known),
    "shadows are not looked for": (tricks.shadow_package, unchanged, "shadows", _nothing),
    "endings of extensions are not known": (tricks.shadow_extension, shadows._Listing, "answering", _nothing),
    "compiled files are believed": (tricks.poisoned_compiled, unchanged, "compiled_files", _nothing),
    "compiled files are not found": (tricks.poisoned_compiled, compiled_files, "_pairs", _nothing),
    "git is not asked": (tricks.assume_unchanged, unchanged, "hidden", _nothing),
    "git's index is not read": (tricks.skip_worktree, git.Git, "indexed", _trusting_git),
    "what git ignores is not asked": (tricks.ignored, git.Git, "ignored", _trusting_git),
    "git's index need not hold a file": (tricks.not_in_git, hidden, "_agree", _agreed),
    "git's ids are not compared": (tricks.other_in_index, hidden, "_other", _nothing),
}
"""What is left out, the trick that is then missed, and where the verifier is broken for it."""


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_verifier_misses_the_trick_that_the_whole_one_sees(
    tree: Path, baseline: Baseline, mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So each part of the verifier is needed, and each trick is there for a reason."""
    trick, owner, name, broken = MUTANTS[mutant]
    trick(tree)
    check, rule = tricks.TRICKS[trick]
    assert rule in failing(look(tree, baseline, UNCHANGED))[check]
    monkeypatch.setattr(owner, name, broken)
    assert rule not in failing(look(tree, baseline, UNCHANGED)).get(check, [])


def test_a_check_that_fails_itself_is_unknown(
    tree: Path, baseline: Baseline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash of a check is never a pass, and the other checks go on."""

    def broken(*_given: Any, **_named: Any) -> Iterator[Any]:
        raise ZeroDivisionError

    monkeypatch.setattr(unchanged, "compared", broken)
    report = look(tree, baseline, ["risk_gates_unchanged", "config_defaults_safe"])
    assert failing(report) == {"risk_gates_unchanged": ["not-checked"]}
    assert report.verdict == "UNKNOWN"


def test_a_result_that_looked_at_nothing_is_unknown() -> None:
    """No finding and no evidence is no pass."""
    result = Result(id="x", title="X", claim="X holds.", findings=(), evidence=())
    assert result.verdict == "UNKNOWN"
    assert Report(baseline="b", results=(result,)).summary == "Not all checks passed: 0/1 (1 UNKNOWN)"
    assert Report(baseline="b", results=()).verdict == "UNKNOWN"
