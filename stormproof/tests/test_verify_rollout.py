"""``stormproof verify-rollout`` and ``baseline`` as the release gate meets them, with a real Redis."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.redis_server.binary import embedded_binary
from harness.redis_server.choice import EmbeddedChoice
from stormproof.documents import ROOT
from stormproof.rollout_checking import BASELINE, store_opener
from stormproof.saying import Exit
from stormproof.tests.running import run
from verify.history.words import Verdict
from verify.rollout import live
from verify.rollout.baseline import of_file
from verify.rollout.checks import idempotency, retry_guards
from verify.rollout.checks.registry import CHECKS
from verify.rollout.context import Context
from verify.rollout.inside_tree import Interpreter
from verify.rollout.verifier import verify as run_checks

if TYPE_CHECKING:
    from pathlib import Path

    from stormproof.tests.running import Said

TITLES = [check.TITLE for check in CHECKS]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the example with its baseline, outside any repository."""
    return shutil.copytree(
        ROOT / "examples/trading_app", tmp_path / "tree", ignore=shutil.ignore_patterns("__pycache__")
    )


def verify(tree: Path, *words: str) -> Said:
    """Verify the tree."""
    return run(tree, "verify-rollout", ".", *words)


def edit(path: Path, old: str, new: str) -> None:
    """Replace one piece of a file's text."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def failing(said: Said) -> dict[str, list[str]]:
    """Return the sentences of every check that is not VALID, from JSON."""
    return {
        check["id"]: [finding["sentence"] for finding in check["findings"]]
        for check in said.object["checks"]
        if check["verdict"] != "VALID"
    }


def test_the_example_passes_all_eight_with_everything_off(tree: Path) -> None:
    """The printed lines are the ones that were asked for, and every step of the proof is named."""
    said = verify(tree)
    assert said.code == Exit.HELD, said.out + said.err
    assert said.out.splitlines()[-10:] == [*(f"✓ {title}" for title in TITLES), "", "All checks passed: 8/8"]
    for guard in ("jobs", "orders"):
        for proved in ("importable as", "wired as", "live-probed on", "switched off"):
            assert f"{guard}: {proved}" in said.out
    assert re.search(
        r"claimed, refused to another process meanwhile \(NotPlacedError\), replayed afterwards, removed", said.out
    )
    assert "call of execution.orders.place_order: guarded at adapters/orders.py" in said.out


def test_the_baseline_of_the_example_is_the_one_in_the_tree() -> None:
    """Who changes the example makes its baseline again."""
    said = run(ROOT, "baseline", "diff", "examples/trading_app")
    assert (said.code, said.out) == (Exit.HELD, "nothing changed\n")


@pytest.mark.takes_long
@pytest.mark.in_turn(0)
@pytest.mark.parametrize(
    ("place", "check"),
    [
        ("execution/orders.py", "execution_unchanged"),
        ("paper_gate/gate.py", "paper_pipeline_unchanged"),
        ("model/weights.json", "frozen_model_unchanged"),
    ],
)
def test_one_changed_byte_fails_its_check_alone(tree: Path, place: str, check: str) -> None:
    """In each protected part: exit code 1, and the other seven still pass."""
    content = (tree / place).read_bytes()
    (tree / place).write_bytes(content.replace(b".", b",", 1) if place.endswith(".py") else content + b" ")
    said = verify(tree, "--json")
    assert said.code == Exit.VIOLATED
    assert failing(said).keys() == {check}


EXECUTED = """\
        answer = self._wrapper.execute_once("order", key, operation, payload=payload)
"""

IN_MEMORY = """\
        if key in _SEEN:
            raise RuntimeError(key)
        _SEEN.add(key)
        return effect(payload)
"""

GUARDS = {
    "orders-run-unguarded": (
        "adapters/orders.py",
        EXECUTED,
        "        return effect(payload)\n",
        "idempotency_active",
        "ran the effect a second time in another process, while the first was running",
    ),
    "orders-remembered-in-memory": (
        "adapters/orders.py",
        EXECUTED,
        IN_MEMORY,
        "idempotency_active",
        "ran the effect a second time in another process, while the first was running",
    ),
    "orders-write-to-a-file": (
        "adapters/orders.py",
        EXECUTED,
        '        open(f"{key}.claim", "x").close()\n        return effect(payload)\n',
        "idempotency_active",
        "left nothing in Redis, so that no other process can know of its claim",
    ),
    "orders-guard-is-gone": (
        "adapters/orders.py",
        "def make(redis_url",
        "def made(redis_url",
        "idempotency_active",
        "orders is not importable",
    ),
    "orders-past-the-guard": (
        "adapters/orders.py",
        "guard.once(decision, payload, lambda _asked, **more: place_order(venue, symbol, quantity, **more))",
        "place_order(venue, symbol, quantity)",
        "idempotency_active",
        "uses execution.orders.place_order without a guard",
    ),
    "jobs-forget-that-they-are-done": (
        "adapters/jobs.py",
        "        self._guard.done(answer.run, result)\n",
        '        self._guard.not_done(answer.run, "nothing happened")\n',
        "retry_guards_active",
        "ran the effect again after it was done",
    ),
    "jobs-never-run": (
        "adapters/jobs.py",
        "        try:\n            result = job(payload)\n",
        '        raise NotRunError("never")\n        try:\n            result = job(payload)\n',
        "retry_guards_active",
        "ran the first effect 0 times, where once was expected",
    ),
    "jobs-are-wired-nowhere": (
        "adapters/jobs.py",
        "class OnceJobs",
        "class Jobs",
        "retry_guards_active",
        "jobs is not wired: adapters.jobs has no function OnceJobs",
    ),
}


@pytest.mark.takes_long
@pytest.mark.in_turn(1)
@pytest.mark.parametrize("case", GUARDS)
def test_a_guard_that_does_not_work_fails_its_check_alone(tree: Path, case: str) -> None:
    """Found in the tree is not active: what the guard does on a real Redis decides."""
    place, old, new, check, sentence = GUARDS[case]
    edit(tree / place, old, new)
    if "_SEEN" in new:
        edit(tree / place, '_NAMESPACE = "trading"\n', '_NAMESPACE = "trading"\n_SEEN = set()\n')
    if "class Jobs" in new:
        edit(tree / place, "OnceJobs", "Jobs")
    interpreter = Interpreter(tree=tree, also=(str(ROOT),))
    context = Context(
        tree=tree,
        baseline=of_file(tree / BASELINE, None),
        interpreter=interpreter,
        open_store=store_opener(EmbeddedChoice("embedded", embedded_binary())),
    )
    report = run_checks(context, baseline="of the test", checks=(retry_guards, idempotency))
    seen = {result.id: result for result in report.results if result.verdict is not Verdict.VALID}
    assert seen.keys() == {check}
    assert seen[check].verdict is Verdict.INVALID
    assert any(sentence in finding.sentence for finding in seen[check].findings), seen[check].findings


OTHERWISE = {
    "waits": (
        "import fcntl\n        self.held = open('lock', 'a')\n        fcntl.flock(self.held, fcntl.LOCK_EX)\n",
        Verdict.UNKNOWN,
        "a guard that waits for the first to end has refused nothing",
    ),
    "dies": (
        "import os\n        os.path.exists('running') and os._exit(3)\n",
        Verdict.INVALID,
        "could not be called by another process: its process ended with status 3 and gave no answer",
    ),
}


@pytest.mark.takes_long
@pytest.mark.parametrize("case", OTHERWISE)
def test_a_guard_that_gives_another_process_no_answer(tree: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for the first effect to end was not seen to refuse; one whose process dies does not work."""
    code, verdict, sentence = OTHERWISE[case]
    begin, job = "        answer = self._guard.begin(", "            result = job(payload)\n"
    edit(tree / "adapters/jobs.py", begin, f"        {code}{begin}")
    running = "            import os; open('running', 'a').close()\n"
    edit(tree / "adapters/jobs.py", job, f"{running}{job}            os.remove('running')\n")
    if case == "waits":
        monkeypatch.setattr(live, "_WAIT_S", 1.0)
    context = Context(
        tree=tree,
        baseline=of_file(tree / BASELINE, None),
        interpreter=Interpreter(tree=tree, also=(str(ROOT),)),
        open_store=store_opener(EmbeddedChoice("embedded", embedded_binary())),
    )
    (result,) = run_checks(context, baseline="of the test", checks=[retry_guards]).results
    assert result.verdict is verdict
    assert any(sentence in finding.sentence for finding in result.findings), result.findings


@pytest.mark.takes_long
def test_off_is_a_failure_where_on_is_expected(tree: Path) -> None:
    """Of the guard and of the configuration; switched on, both pass."""
    said = verify(tree, "--json", "--expect-enabled", "idempotency.enabled")
    assert said.code == Exit.VIOLATED
    assert failing(said).keys() == {"idempotency_active", "config_defaults_safe"}
    edit(tree / "config/config.yaml", "idempotency:\n  enabled: false", "idempotency:\n  enabled: true")
    said = verify(tree, "--expect-enabled", "idempotency.enabled")
    assert said.code == Exit.HELD
    assert "orders: switched on (idempotency.enabled)" in said.out


@pytest.mark.takes_long
def test_an_effect_past_the_guard_in_another_file_is_seen(tree: Path) -> None:
    """With its line, under whatever name it was imported."""
    (tree / "adapters/direct.py").write_text(
        "import execution.orders as o\n\n\ndef now(venue):\n    o.place_order(venue, 'X', 1.0)\n"
    )
    said = verify(tree, "--json")
    assert failing(said) == {
        "idempotency_active": ["adapters/direct.py:5 uses execution.orders.place_order without a guard"]
    }


def test_without_a_redis_the_guards_are_unknown(tree: Path) -> None:
    """Nothing is concluded from a guard that was not tried: exit code 3."""
    (tree / "python").write_text("#!/bin/sh\nexit 9\n")
    (tree / "python").chmod(0o755)
    said = verify(tree, "--json", "--python", str(tree / "python"))
    assert said.code == Exit.NOT_SHOWN
    assert {"retry_guards_active", "idempotency_active"} <= failing(said).keys()


@pytest.mark.takes_long
def test_several_forms_come_from_one_run(tree: Path) -> None:
    """Those with a file go there; the others are printed."""
    said = verify(tree, "--format", "sarif=out.sarif", "--format", "junit=out.xml", "--format", "github")
    assert said.code == Exit.HELD
    assert said.out == "::notice title=stormproof verify-rollout::All checks passed: 8/8\n"
    assert '"version": "2.1.0"' in (tree / "out.sarif").read_text()
    assert 'tests="8" failures="0" errors="0"' in (tree / "out.xml").read_text()


def test_baseline_create_and_diff(tree: Path) -> None:
    """What was made is what is there; what changed is said, with exit code 1."""
    said = run(tree, "baseline", "create", "--out", "other.json")
    assert (said.code, said.out) == (Exit.HELD, "other.json: 16 protected files\n")
    odd = os.fsdecode(b"other\xff\n.json")
    assert run(tree, "baseline", "create", "--out", odd).out == "other%ff%0a.json: 16 protected files\n"
    assert run(tree, "baseline", "diff", "--baseline", odd).out == "nothing changed\n"
    edit(tree / "risk/gates.py", "100.0", "999.0")
    said = run(tree, "baseline", "diff", "--baseline", "other.json")
    assert said.code == Exit.VIOLATED
    assert said.out.startswith("risk/gates.py: its content changed (sha256 was ")
    edit(tree / "app/api.py", "def document()", "def described()")
    said = run(tree, "baseline", "create")
    assert said.code == Exit.NOT_SHOWN
    assert "api cannot be recorded: AttributeError" in said.err


WRONG = {
    "no-tree": (("nowhere",), "rollout-baseline.json cannot be read"),
    "no-baseline": ((".", "--baseline", "nothing.json"), "make one: stormproof baseline create"),
    "no-form": ((".", "--format", "pdf"), "expected one of table, json, sarif"),
    "no-flag": ((".", "--expect-enabled", "all"), "is no flag of the rules"),
    "external": ((".", "--redis", "redis://127.0.0.1:1"), "a guard is tried on a Redis of its own"),
    "not-signed": ((".", "--key", "key.pub"), "is not signed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_line_and_exit_code_2(tree: Path, case: str) -> None:
    """And nothing is verified."""
    words, sentence = WRONG[case]
    said = run(tree, "verify-rollout", *words)
    assert (said.code, said.out) == (Exit.WRONG_INPUT, "")
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1


def test_a_commit_without_a_repository_is_unknown(tree: Path) -> None:
    """It could not be asked: exit code 3."""
    said = run(tree, "verify-rollout", ".", "--baseline", "git:HEAD")
    assert said.code == Exit.NOT_SHOWN
    assert "is in no git repository" in said.err


@NEEDS_CLOCK
@pytest.mark.takes_long
def test_the_guard_of_the_example_is_explored(tree: Path) -> None:
    """It holds where a late order and a lost store are settled at the venue, and not where it settles too early."""
    words = ("explore", "--subject", "adapters/orders.py:make", "--kinds", "effect_late,crash_after,restart_losing:1")
    assert run(tree, *words).code == Exit.HELD
    edit(tree / "adapters" / "orders.py", "_LEASES = 1.3", "_LEASES = 1.0")
    said = run(tree, *words)
    assert said.code == Exit.VIOLATED
    assert "at_most_once (INVALID), under effect_late" in said.out
