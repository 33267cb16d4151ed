"""Writes the pages that follow from the code: ``python -m stormproof.documents``; with ``--check`` it only compares.

Lists, tables and counts in the docs come from the registries and are never kept by hand. Nothing is run for them: no
Redis, no clock, no seed, so the same tree always gives the same bytes.

The outcomes of the safety core are read from its source (``source_facts``): the front door may not import the core.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import typer

from harness.audit_walk.subject import PLANTED as PLANTED_AUDITS
from harness.faults.kind import Target
from harness.faults.registry import ALL
from harness.subjects.box import BOX
from harness.subjects.broken.registry import PLANTED
from harness.subjects.loading import load_subject
from stormproof.cli import app
from stormproof.durability_page import durability_page
from stormproof.figures_page import figures_page
from stormproof.jobs_api_page import jobs_api_page
from stormproof.kill_matrix_page import caught_in_words, kill_matrix_page
from stormproof.markdown import NOTE, joined, table
from stormproof.metrics_page import alert_rules_yaml, dashboard_json, metrics_page, recording_rules_yaml
from stormproof.peers_section import peers_section
from stormproof.properties_page import properties_page
from stormproof.providers_page import providers_page
from stormproof.pytest_page import pytest_page
from stormproof.real_faults_page import real_faults
from stormproof.redis_checks_page import redis_checks_page
from stormproof.requirements.page import requirements_page
from stormproof.requirements.rows import RequirementsError
from stormproof.retries_page import retries_page
from stormproof.saying import Exit, complain
from stormproof.settings_page import settings_page
from stormproof.source_facts import members, tests_of_outcomes
from stormproof.stories_page import stories_page
from stormproof.storms_page import storms_page
from stormproof.toxiproxy_page import toxiproxy_page
from verify.assumptions import ASSUMED, RESTS_ON
from verify.history.checkers import ASSUMPTIONS, CHECKERS
from verify.history.promises import DEFAULT_PROMISE, PROMISED, Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- generated: guarantees -->", "<!-- end: guarantees -->"

_OUTCOMES = "safety_core/idempotency/outcomes.py"
_OUTCOME_TESTS = "safety_core/tests"
_BAD_HISTORIES = "verify/history/tests/corpus/bad"

_ABOUT_FAULTS = """\
What the explorer can do to a guard. Name the kinds in `--kinds`; a name without its `:VARIANT` stands for all of its
variants. A fault without a witness counts as not injected.

What stories and experiments do to real servers stands in [real-faults.md](real-faults.md)."""
_ABOUT_PLANTED = """\
Each has exactly one bug, and a twin without it. They test the instrument: the named checker must find the guard, and
nothing may find the twin. The faults are those of the smallest schedule that shows the bug. `stormproof selftest`
explores the twin within the same bound: two workers and these faults."""
_ABOUT_CHECKERS = """\
All checkers always run. A guard is judged by those that its promise names. What the others find is listed and decides
nothing. An audit is no guard: `python -m harness.audit_walk audit` kills its writer at every step of the disk, and
judges what is left of it and of the venue's book."""

_EXITS: Mapping[Exit, str] = {
    Exit.HELD: "The promise held in every schedule of the bound (VALID). For `check-redis`: OK or WARNING. For "
    "`evidence verify`: it is what was packed, whatever its verdict. For `history`: nothing is flaky or worse.",
    Exit.VIOLATED: "The promise was broken (INVALID). For `replay`: the finding is there again. For `check-redis`: "
    "CRITICAL. For `evidence verify`: a byte was changed, or it is not signed by the key. For `history`: a part is "
    "flaky, or what held holds no more.",
    Exit.WRONG_INPUT: "The command or its input is wrong. Nothing was run.",
    Exit.NOT_SHOWN: "It was not shown, or could not be run (UNKNOWN). For `replay`: the finding is not there.",
    Exit.INTERRUPTED: "Interrupted. Everything is healed, the partial run is kept and marked.",
}


class IncompleteError(Exception):
    """The code does not hold what a page must say."""


def pages(root: Path) -> dict[str, str]:
    """Return the text of every generated page, by its place below *root*.

    Raises:
        IncompleteError: An outcome has no test, a promised claim names no assumption, or a marker is missing.
    """
    makers: dict[str, Callable[[Path], str]] = {
        "docs/check-redis.md": redis_checks_page,
        "docs/checkers.md": checkers_page,
        "docs/commands.md": commands_page,
        "docs/configuration.md": settings_page,
        "docs/durability.md": durability_page,
        "docs/faults.md": faults_page,
        "docs/figures.md": figures_page,
        "docs/jobs-api.md": jobs_api_page,
        "docs/kill-matrix.md": lambda _root: kill_matrix_page(),
        "docs/metrics.md": metrics_page,
        "docs/outcomes.md": outcomes_page,
        "docs/prometheus/alert_rules.yaml": lambda _root: alert_rules_yaml(),
        "docs/prometheus/dashboard.json": lambda _root: dashboard_json(),
        "docs/prometheus/recording_rules.yaml": lambda _root: recording_rules_yaml(),
        "docs/properties.md": properties_page,
        "docs/providers.md": lambda _root: joined(["# Where servers come from", NOTE, *providers_page()]),
        "docs/pytest.md": lambda _root: joined(["# In a test of pytest", NOTE, *pytest_page()]),
        "docs/real-faults.md": lambda _root: joined(["# Real faults", NOTE, *real_faults()]),
        "docs/requirements.md": requirements_page,
        "docs/retries.md": retries_page,
        "docs/scenarios.md": stories_page,
        "docs/storms.md": lambda _root: storms_page(),
        "docs/subjects.md": subjects_page,
        "docs/toxiproxy.md": lambda _root: joined(["# Toxiproxy", NOTE, *toxiproxy_page()]),
        "README.md": readme_page,
    }
    return {place: make(root) for place, make in makers.items()}


def faults_page(root: Path) -> str:
    """Return the page of the fault kinds, grouped by what they strike."""
    parts = [
        "# Fault kinds",
        NOTE,
        _ABOUT_FAULTS,
    ]
    targets = members(root / "harness/faults/kind.py", "Target")
    for target in Target:
        rows = [
            (f"`{kind.name}`", " ".join([kind.what, *_limits(kind)]), kind.witness, kind.demand)
            for kind in ALL.values()
            if kind.target is target
        ]
        parts += [f"## Strikes: {target}", targets[target.name][1], table(_FAULT_HEAD, rows)]
    return joined(parts)


_FAULT_HEAD = ("name", "what is done", "how it is known to have bitten", "what a correct guard may and may not do")


def _limits(kind: Any) -> Iterator[str]:
    if kind.writes_only:
        yield "Only commands that may write."
    if kind.only:
        yield f"Only {', '.join(sorted(kind.only))}."
    if kind.needs_clock:
        yield "Needs the extra `clock`."


def subjects_page(_root: Path) -> str:
    """Return the page of the subjects in the box."""
    overview = [
        (f"`{name}`", f"`{load_subject(name).promise}`", boxed.what)
        for name, boxed in BOX.items()
        if boxed.peer is None and name.partition(".")[0] not in {"broken", "twin"}
    ]
    parts = [
        "# Subjects in the box",
        NOTE,
        "Give a name to `--subject`. Your own guard needs no entry here: give its file.",
        table(("name", "promise", "what it is"), overview),
        "## Planted guards",
        _ABOUT_PLANTED,
    ]
    rows = [
        (
            f"[`broken.{name}`](../harness/subjects/broken/{name}.py)",
            planted.bug,
            planted.cure,
            planted.origin,
            f"`{load_subject(f'broken.{name}').promise}`",
            f"`{planted.checker}`",
            ", ".join(f"`{kind}`" for kind in planted.faults) or "no fault",
        )
        for name, planted in PLANTED.items()
    ]
    parts.append(table(("name", "bug", "what its twin does instead", "origin", "promise", "found by", "under"), rows))
    return joined([*parts, *peers_section()])


def checkers_page(root: Path) -> str:
    """Return the page of the checkers and of the promises that they decide."""
    meanings = members(root / "verify/history/promises.py", "Promise")
    promises = [
        (f"`{promise}`" + (" (default)" if promise is DEFAULT_PROMISE else ""), meanings[promise.name][1])
        for promise in Promise
    ]
    rows = []
    for checker in CHECKERS:
        decides = [f"`{promise}`" for promise in Promise if checker.name in PROMISED[promise]]
        is_assumption = checker.name in ASSUMPTIONS
        said = "every promise: without it the answer is UNKNOWN" if is_assumption else ", ".join(decides)
        rows.append((f"`{checker.name}`", checker.claim, said, ", ".join(_seen_to_fail(root, checker.name))))
    return joined(
        [
            "# Checkers",
            NOTE,
            _ABOUT_CHECKERS,
            table(("promise", "what it says"), promises),
            "## The checkers",
            table(("name", "claim", "decides for", "seen to fail on"), rows),
        ]
    )


def _seen_to_fail(root: Path, checker: str) -> list[str]:
    """Return links to the planted guards of a checker, and to its smallest bad histories where it has none."""
    folders = {"harness/subjects/broken": PLANTED, "harness/audit_walk/planted": PLANTED_AUDITS}
    seen = [
        f"[`broken.{name}`](../{folder}/{name}.py)"
        for folder, planted in folders.items()
        for name, about in planted.items()
        if about.checker == checker
    ]
    if seen:
        return seen
    found = sorted(path.name for path in (root / _BAD_HISTORIES).glob(f"{checker}-*.jsonl"))
    if not found:
        raise IncompleteError(f"checker {checker} has neither a planted guard nor a bad history in {_BAD_HISTORIES}")
    return [f"[{name.removesuffix('.jsonl')}](../{_BAD_HISTORIES}/{name})" for name in found]


def _count_seen(root: Path, checker: str) -> str:
    seen = _seen_to_fail(root, checker)
    what = "planted guard" if any(name.startswith("[`broken.") for name in seen) else "stored bad history"
    plural = "" if len(seen) == 1 else "s" if what.endswith("guard") else " cases"
    return f"{len(seen)} {what}{plural}"


def outcomes_page(root: Path) -> str:
    """Return the table outcome -> test.

    Raises:
        IncompleteError: An outcome has no test, or a test names an outcome that there is not.
    """
    outcomes = members(root / _OUTCOMES, "Outcome")
    words = {
        kind: {name: held[0] for name, held in members(root / _OUTCOMES, kind).items()}
        for kind in ("Effects", "Retry")
    }
    reached = tests_of_outcomes(root, _OUTCOME_TESTS)
    if untested := [name for name in outcomes if name not in reached]:
        raise IncompleteError(f"no test in {_OUTCOME_TESTS} is marked for: {', '.join(untested)}")
    if unknown := sorted(reached.keys() - outcomes.keys()):
        raise IncompleteError(
            f"a test in {_OUTCOME_TESTS} is marked for an outcome that is none: {', '.join(unknown)}"
        )
    rows = []
    for name, ((_, effects, retry, meaning), _) in outcomes.items():
        tests = ", ".join(f"[`{test}`](../{place})" for place, test in reached[name])
        rows.append((f"`{name}`", meaning, words["Effects"][effects], words["Retry"][retry], tests))
    about = (
        f"The reference guard has {len(outcomes)} answers. Each is reached on a real server, by the tests named here."
    )
    return joined(
        [
            "# Outcomes of `execute_once`",
            NOTE,
            about,
            table(("outcome", "meaning", "effects so far", "same key again?", "reached by"), rows),
        ]
    )


def commands_page(_root: Path) -> str:
    """Return the page of the commands and their options."""
    command: Any = typer.main.get_command(app)
    parts = ["# Commands", NOTE, command.help]
    for name, each in _named(command):
        arguments = [param for param in each.params if param.param_type_name == "argument"]
        usage = " ".join(["stormproof", name, *(param.name.upper() for param in arguments), "[OPTIONS]"])
        parts += [f"## {name}", each.help, f"```text\n{usage}\n```"]
        # typer keeps the type of an option to itself; the function that it calls says it aloud.
        types = get_type_hints(each.callback)
        rows = [_option(param, types[param.name]) for param in each.params]
        parts.append(table(("option", "value", "default", "meaning"), rows))
    codes = [(str(int(code)), _EXITS[code]) for code in Exit]
    return joined([*parts, "## Exit codes", table(("code", "meaning"), codes)])


def _named(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that call it."""
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from _named(each, f"{above}{name} ")
        else:
            yield f"{above}{name}", each


def _option(param: Any, kind: Any) -> tuple[str, str, str, str]:
    name = param.name.upper() if param.param_type_name == "argument" else ", ".join(param.opts)
    numbers = {int, float, int | None, float | None}
    value = "" if kind is bool else param.metavar or ("number" if kind in numbers else "text")
    if param.multiple:
        value += ", may be repeated"
    has_default = not param.required and param.default not in (None, False)
    default = f"`{param.default}`" if has_default else "required" if param.required else ""
    return (f"`{name}`", value, default, param.help or "")


def readme_page(root: Path) -> str:
    """Return README.md with the guarantee sheet between its markers as it must be."""
    text = (root / "README.md").read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise IncompleteError(f"README.md must hold {BEGIN} and, after it, {END}")
    return f"{before}{BEGIN}\n{guarantees(root)}\n{END}{after}"


def guarantees(root: Path) -> str:
    """Return the guarantee sheet of the reference guard.

    Raises:
        IncompleteError: A promised claim is missing from `RESTS_ON`, or something else is in it.
    """
    promise = load_subject("reference").promise
    if missing := sorted(frozenset().union(*PROMISED.values()) ^ RESTS_ON.keys()):
        raise IncompleteError(
            f"RESTS_ON must name the assumptions of each promised claim; look at: {', '.join(missing)}"
        )
    rows = [
        (
            checker.claim,
            ", ".join(RESTS_ON[checker.name]) or "none",
            f"`{checker.name}`",
            f"[{_count_seen(root, checker.name)}](docs/kill-matrix.md): {caught_in_words(checker.name)}",
        )
        for checker in CHECKERS
        if checker.name in PROMISED[promise]
    ]
    assumed = [(name, plain, provided) for name, (plain, provided) in ASSUMED.items()]
    return "\n\n".join(
        [
            f"The reference guard promises `{promise}`:",
            table(("what it promises", "rests on", "fails if untrue", "the check was seen to fail on"), rows),
            "The assumptions, and what the harness does about them:",
            table(("", "in plain words", "in a run"), assumed),
        ]
    )


def stale(root: Path) -> list[str]:
    """Return the places of the pages that are missing or not as they must be."""
    return [place for place, text in pages(root).items() if _held(root / place) != text]


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with ``--check`` name those that are stale; return the exit code."""
    if list(arguments) not in ([], ["--check"]):
        complain("usage: python -m stormproof.documents [--check]")
        return Exit.WRONG_INPUT
    if not (ROOT / "README.md").is_file():
        complain(f"there is no README.md in {ROOT}: the pages are made in a checkout of the source")
        return Exit.WRONG_INPUT
    try:
        places = stale(ROOT)
        if not arguments:
            for place in places:
                (ROOT / place).parent.mkdir(exist_ok=True)
                (ROOT / place).write_text(pages(ROOT)[place], encoding="utf-8")
    except (IncompleteError, RequirementsError) as error:
        complain("; ".join(error.args))
        return Exit.VIOLATED
    for place in places:
        complain(f"{place} is stale: run python -m stormproof.documents" if arguments else f"wrote {place}")
    return Exit.VIOLATED if places and arguments else Exit.HELD


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
