"""The documents say what the code does: generated pages are fresh, commands parse, examples come out as shown."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer

from harness.explorer.tests.exploring import NEEDS_CLOCK
from stormproof import documents
from stormproof.cli import app
from stormproof.documents import ROOT, IncompleteError
from stormproof.saying import Exit
from stormproof.tests.pytest_runs import run_pytest
from stormproof.tests.running import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS: Any = typer.main.get_command(app)
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
OUTCOME_TESTS = "safety_core/tests/test_outcomes.py"


def fences(text: str, info: str) -> list[str]:
    """Return what stands in the fenced blocks whose info string is *info*."""
    found: list[str] = re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found


def shown_commands() -> Iterator[list[str]]:
    """Yield the words of every stormproof command that a fenced ``sh`` block of the README shows."""
    blocks: list[str] = re.findall(r"^```sh[^\n]*\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    for line in "".join(blocks).replace("\\\n", "").splitlines():
        for command in line.split("&&"):
            words = shlex.split(command)
            if words[0].rpartition("/")[2] == "stormproof":
                yield words[1:]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of what the pages are made from, which the generator takes for the tree."""
    root = tmp_path / "tree"
    for place in (
        "benchmarks",
        "docs",
        "examples",
        "harness",
        "properties",
        "reports",
        "safety_core",
        "scenarios",
        "stormproof",
        "verify",
    ):
        shutil.copytree(ROOT / place, root / place, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "config", root / "config")
    for place in ("README.md", "ARCHITECTURE.md", "pyproject.toml", "action.yaml", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / place, root)
    monkeypatch.setattr(documents, "ROOT", root)
    return root


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_generated_documents_are_up_to_date(hash_seed: str) -> None:
    """The command says so with exit code 0, whatever the order of Python's sets."""
    command = [sys.executable, "-m", "stormproof.documents", "--check"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    seen = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (seen.returncode, seen.stderr) == (0, "")


def test_stale_page_is_named_and_written_again(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page that was edited by hand fails the check, and writing mends it."""
    page = copy / "docs" / "faults.md"
    page.write_text(page.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    (copy / "docs" / "subjects.md").unlink()
    assert documents.main(["--check"]) == Exit.VIOLATED
    said = capsys.readouterr().err
    assert "docs/faults.md is stale" in said
    assert "docs/subjects.md is stale" in said
    assert "docs/checkers.md" not in said
    assert documents.main([]) == Exit.HELD
    assert documents.main(["--check"]) == Exit.HELD


def test_guarantee_sheet_that_was_edited_by_hand_is_stale(copy: Path) -> None:
    """The block between the markers belongs to the generator."""
    readme = copy / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("| AS1 |", "| AS9 |"), encoding="utf-8")
    assert documents.stale(copy) == ["README.md"]


def test_outcome_without_a_test_fails(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody may add an outcome, or drop its test, without being told."""
    tests = copy / OUTCOME_TESTS
    tests.write_text(tests.read_text(encoding="utf-8").replace('outcome("IN_DOUBT")', "slow"), encoding="utf-8")
    with pytest.raises(IncompleteError, match="IN_DOUBT"):
        documents.outcomes_page(copy)
    assert documents.main(["--check"]) == Exit.VIOLATED
    assert "IN_DOUBT" in capsys.readouterr().err


def test_mark_for_an_outcome_that_there_is_not_fails(copy: Path) -> None:
    """A misspelt mark is no evidence."""
    tests = copy / OUTCOME_TESTS
    more = '\n@pytest.mark.outcome("NO_SUCH")\ndef test_nothing() -> None: ...\n'
    tests.write_text(tests.read_text(encoding="utf-8") + more, encoding="utf-8")
    with pytest.raises(IncompleteError, match="NO_SUCH"):
        documents.outcomes_page(copy)


def test_readme_without_markers_fails(copy: Path) -> None:
    """The sheet cannot get lost without anybody noticing."""
    (copy / "README.md").write_text("# stormproof\n", encoding="utf-8")
    with pytest.raises(IncompleteError, match="generated: guarantees"):
        documents.readme_page(copy)


def test_wrong_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The generator writes nothing that was not asked for."""
    assert documents.main(["--chek"]) == Exit.WRONG_INPUT
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("info", ["sh campaign", "sh tests"])
def test_readme_has_each_of_the_two_commands_exactly_once(info: str) -> None:
    """They are run word by word by CI, so each is one line in a block of its own."""
    (block,) = fences(README, info)
    assert block.count("\n") == 1


@pytest.mark.parametrize("words", list(shown_commands()), ids=" ".join)
def test_command_of_the_readme_parses(words: list[str]) -> None:
    """What a reader pastes is a command with options that exist."""
    command = COMMANDS.commands[words[0]]
    with command.make_context(words[0], words[1:]) as context:
        assert context.params.keys() == {param.name for param in command.params}


def test_readme_lists_every_command_and_every_exit_code() -> None:
    """The two tables are short, and whole."""
    listed = re.findall(r"^\| `stormproof ([\w-]+)", README, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS.commands)
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)] == sorted(Exit)


def test_finding_of_the_readme_comes_out_as_shown(tmp_path: Path) -> None:
    """The command gives the picture in docs/finding.svg, the picture in text, and the line that replays it."""
    (explore,) = (words for words in shown_commands() if words[0] == "explore" and "--out" in words)
    (replay,) = (words for words in shown_commands() if words[0] == "replay")
    explored = run(tmp_path, *explore)
    assert explored.code == Exit.VIOLATED
    assert " ".join(["stormproof", *replay]) in explored.out
    pictures = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*/allure-results/*.svg")]
    kept = (ROOT / "docs" / "finding.svg").read_text(encoding="utf-8")
    assert kept in pictures, "docs/finding.svg is stale: take it from allure-results of the README's command"
    replayed = run(tmp_path, *replay)
    assert replayed.code == Exit.VIOLATED
    assert any(block in replayed.out for block in fences(README, "text"))


@NEEDS_CLOCK
def test_trial_of_the_readme_comes_out_as_shown(tmp_path: Path) -> None:
    """The seed draws the trial that the README prints, shrunk to the same orders."""
    (command,), (shown,) = fences(README, "sh trial"), fences(README, "text trial")
    seen = run(tmp_path, *shlex.split(command)[1:])
    assert seen.code == Exit.VIOLATED
    told = [line.strip() for line in seen.out.splitlines()]
    wanted = [line.strip() for line in shown.splitlines()]
    assert any(told[at : at + len(wanted)] == wanted for at in range(len(told))), seen.out


@NEEDS_CLOCK
def test_guard_of_the_readme_is_found_out_as_shown(tmp_path: Path) -> None:
    """A reader who copies the guard and the command gets the finding that the README prints."""
    (guard,) = fences(README, "python")
    (tmp_path / "guard.py").write_text(guard, encoding="utf-8")
    (explore,) = (words for words in shown_commands() if words[0] == "explore" and "guard.py:make" in words)
    seen = run(tmp_path, *explore, "--faults", "0")
    assert seen.code == Exit.VIOLATED
    (shown,) = (block for block in fences(README, "text") if "<time>-<seed>" in block)
    for line in shown.splitlines():
        assert re.sub(r"runs/[^/]+/", "runs/<time>-<seed>/", seen.out).count(line)


@NEEDS_CLOCK
def test_test_of_the_readme_fails_as_shown(tmp_path: Path) -> None:
    """A reader who copies guard, test and command gets the lines that the README prints, and the last one replays."""
    (guard,), (test,), (command,) = (
        fences(README, "python"),
        fences(README, "python test"),
        fences(README, "sh pytest"),
    )
    (tmp_path / "guard.py").write_text(guard, encoding="utf-8")
    (tmp_path / "test_guard.py").write_text(test, encoding="utf-8")
    pytest_word, *words = shlex.split(command)
    assert pytest_word == "pytest"
    seen = run_pytest(tmp_path, *words)
    assert seen.code == 1
    (shown,) = (block for block in fences(README, "text") if block.startswith("Violated: guard.py:make"))
    assert set(shown.splitlines()) <= set(seen.out.splitlines())
    assert run(tmp_path, *shlex.split(shown.splitlines()[-1])[1:]).code == Exit.VIOLATED


def anchor(heading: str) -> str:
    """Return the anchor that renderers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.name)
def test_every_relative_link_resolves(page: Path) -> None:
    """A link leads to a file of the tree, and to a heading where it names one."""
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        place, _, wanted = target.partition("#")
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), f"{page.name} links to {target}"
        assert there.is_relative_to(ROOT), f"{page.name} links out of the tree: {target}"
        if wanted:
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert wanted in {anchor(heading) for heading in headings}, f"{page.name} links to {target}"


def test_every_term_of_the_glossary_stands_once_and_names_its_file() -> None:
    """A word has one meaning, one line and one place."""
    rows = re.findall(r"^\| (.*?) \|(.*)\|$", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), re.MULTILINE)[2:]
    terms = [term for term, _ in rows]
    assert len(terms) == len(set(terms))
    for term, rest in rows:
        (place,) = re.findall(r"\]\(([^)]+)\)", rest)
        assert (ROOT / place).is_file(), f"{term}: there is no {place}"


def test_architecture_is_short_and_says_what_must_hold() -> None:
    """Few enough lines to be read at a sitting, and invariants that a reader can look for."""
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300
    assert any(line.startswith("- Invariant: ") for line in lines)


def test_changelog_speaks_of_the_version_that_is_built() -> None:
    """A version without its entry is not released."""
    (version,) = re.findall(
        r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
