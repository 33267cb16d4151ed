"""Unchanged means unchanged: every trick is seen, by its check and by no other, and only real changes are."""

from __future__ import annotations

import hashlib
import os
import py_compile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verify.history.words import Verdict
from verify.rollout.comparing import compared
from verify.rollout.errors import CannotCheckError
from verify.rollout.reading import read
from verify.rollout.tests.trees import (
    UNCHANGED,
    WITHOUT_REDIS,
    baseline_at,
    baseline_of,
    commit,
    failing,
    flip,
    git,
    look,
    make_tree,
)
from verify.rollout.tests.tricks import TRICKS
from verify.rollout.walking import found

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.rollout.manifest import Baseline


KINDS = ["byte", "cut", "longer", "mode", "name", "link"]
"""What can be changed of a file."""


def test_an_unchanged_tree_passes(committed: Path, baseline: Baseline) -> None:
    """All checks that need no Redis are VALID, and each names what it looked at."""
    report = look(committed, baseline)
    assert failing(report) == {}
    assert {result.id for result in report.results} == WITHOUT_REDIS
    assert all(result.evidence for result in report.results)


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
def test_a_trick_is_seen_by_its_check_and_by_no_other(
    tree: Path, baseline: Baseline, trick: Callable[[Path], None]
) -> None:
    """Whatever hides a change, the check of its part is INVALID, and the others go on as before."""
    trick(tree)
    check, rule = TRICKS[trick]
    report = look(tree, baseline, UNCHANGED)
    seen = failing(report)
    assert seen.keys() == {check}
    assert rule in seen[check]
    assert report.verdict is Verdict.INVALID


CHANGED = {
    "paper_pipeline_unchanged": "paper_gate/gate.py",
    "execution_unchanged": "live/trading.py",
    "risk_gates_unchanged": "risk/kill_switch.py",
    "frozen_model_unchanged": "model/weights.json",
}
"""A file of each part."""
HARMLESS: dict[str, Callable[[Path], object]] = {
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "executable": lambda path: path.chmod(0o755),
    "new": lambda path: path.with_name("notes.txt").write_text("nothing\n"),
}
"""Changes after which all works as before."""


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("how", HARMLESS)
@pytest.mark.parametrize("check", CHANGED)
def test_a_change_that_breaks_nothing_fails_its_check_alone(
    tree: Path, baseline: Baseline, check: str, how: str
) -> None:
    """Of all checks: the others find what they look at as it was, and as alive as it was."""
    HARMLESS[how](tree / CHANGED[check])
    assert failing(look(tree, baseline)).keys() == {check}


def test_what_guards_do_is_no_business_of_the_others(tree: Path, baseline: Baseline) -> None:
    """Whatever stands in the files of the guards, the checks that try no guard pass."""
    for path in (tree / "adapters").glob("*.py"):
        path.write_text("raise SystemExit('nothing works')\n")
    assert failing(look(tree, baseline)) == {}


def test_every_protected_file_is_compared(tree: Path, baseline: Baseline) -> None:
    """One changed byte in any of them is seen, whichever it is."""
    for path, entry in baseline.entries.items():
        patterns = baseline.rules.all_protected
        before = (tree / path).read_bytes()
        flip(tree / path, len(before) // 2)
        (finding,) = compared(tree, baseline.entries, patterns, baseline.entries)
        assert (finding.rule, finding.path) == ("changed", path)
        assert entry.sha256[:12] in finding.sentence
        (tree / path).write_bytes(before)


@pytest.fixture
def linked(tree: Path) -> tuple[Path, Baseline]:
    """Return a tree in which a link is protected, too, and its baseline."""
    (tree / "risk/limits.py").symlink_to("gates.py")
    return tree, baseline_of(tree)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_mode_name_or_link_is_seen(linked: tuple[Path, Baseline], data: st.DataObject) -> None:
    """Any one mutation of any protected file gives a finding about it, and so does another target of a link."""
    tree, baseline = linked
    path = data.draw(st.sampled_from(sorted(baseline.entries)))
    place = tree / path
    before, mode = place.read_bytes(), place.stat().st_mode
    is_link = place.is_symlink()
    how = data.draw(st.sampled_from(["target", "file", "name"] if is_link else KINDS))
    if how == "byte":
        changed = bytearray(before)
        changed[data.draw(st.integers(0, len(before) - 1))] ^= data.draw(st.integers(1, 255))
        place.write_bytes(changed)
    elif how == "cut":
        place.write_bytes(before[: data.draw(st.integers(0, len(before) - 1))])
    elif how == "longer":
        place.write_bytes(before + data.draw(st.binary(min_size=1, max_size=9)))
    elif how == "mode":
        place.chmod(mode ^ 0o100)
    elif how in {"target", "file"}:
        place.unlink()
        target = data.draw(
            st.sampled_from(["./gates.py", "kill_switch.py", "../risk/gates.py", "nowhere", "limits.py"])
        )
        place.symlink_to(target) if how == "target" else place.write_bytes(before)
    else:
        place.rename(tree / "moved")
        if how == "link":
            place.symlink_to(tree / "moved")
    try:
        findings = list(compared(tree, baseline.entries, baseline.rules.all_protected, baseline.entries))
        assert [finding.path for finding in findings] == [path]
        assert findings[0].verdict is Verdict.INVALID
    finally:
        place.unlink(missing_ok=True)
        (tree / "moved").unlink(missing_ok=True)
        if is_link:
            place.symlink_to("gates.py")
        else:
            place.write_bytes(before)
            place.chmod(mode)


def test_line_endings_do_not_matter_where_git_says_so(tmp_path: Path) -> None:
    """Text that git may write with CRLF is compared as git stores it; what git calls binary is not."""
    tree = make_tree(tmp_path / "tree")
    (tree / ".gitattributes").write_text("*.py text\n*.json -text\n")
    commit(tree)
    baseline = baseline_of(tree)
    source, weights = tree / "execution/orders.py", tree / "model/weights.json"
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert failing(look(tree, baseline, UNCHANGED)) == {}
    weights.write_bytes(weights.read_bytes().replace(b"\n", b"\r\n"))
    assert failing(look(tree, baseline, UNCHANGED)).keys() == {"frozen_model_unchanged"}


def test_attributes_that_came_later_do_not_hide_a_change(tree: Path, baseline: Baseline) -> None:
    """Which files are text is the baseline's word, not the tree's."""
    (tree / ".gitattributes").write_text("* text\n")
    source = tree / "execution/orders.py"
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert failing(look(tree, baseline, UNCHANGED)).keys() == {"execution_unchanged"}


def test_a_tree_outside_git_is_compared_too(tmp_path: Path) -> None:
    """Without a repository the hashes decide, and the report says that git was not asked."""
    tree = make_tree(tmp_path / "tree", repository=False)
    baseline = baseline_of(tree)
    report = look(tree, baseline, UNCHANGED)
    assert failing(report) == {}
    assert all(any("git was not asked" in line for line in result.evidence) for result in report.results)
    flip(tree / "execution/orders.py")
    assert failing(look(tree, baseline, UNCHANGED)).keys() == {"execution_unchanged"}


def test_a_file_that_changes_while_it_is_read_is_unknown() -> None:
    """A file whose content is not as long as the system says is not believed."""
    with pytest.raises(CannotCheckError, match="changed while it was read"):
        read(Path("/proc/self/status"), any_endings=False)


def test_what_takes_the_place_of_a_listed_file_is_not_read(tmp_path: Path) -> None:
    """A link, a pipe or a folder where the folder listed a file: it changed meanwhile, and nothing is concluded."""
    (tmp_path / "file").write_text("content")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(CannotCheckError, match=r"cannot be read|changed while"):
            read(tmp_path / name, any_endings=False, is_file=True)
    assert read(tmp_path / "file", any_endings=False, is_file=True) == read(tmp_path / "file", any_endings=False)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (1 << 21) + 1])
def test_content_is_hashed_alike_at_any_length(tmp_path: Path, size: int) -> None:
    """In one piece or in several, and where a line ending lies on the edge of two pieces."""
    path = tmp_path / "file"
    content = (b"a" * 1023 + b"\r\n" + b"b\r" * 7) * (size // 1039 + 1)
    for start in (b"", b"x"):
        path.write_bytes(whole := (start + content)[:size])
        assert read(path, any_endings=False).sha256 == hashlib.sha256(whole).hexdigest()
        stored = hashlib.sha256(whole.replace(b"\r\n", b"\n")).hexdigest()
        assert read(path, any_endings=True).sha256 == stored


def test_a_repository_that_git_refuses_is_unknown(tree: Path, baseline: Baseline) -> None:
    """Where git cannot be asked, nothing is concluded from its silence."""
    (tree / ".git/HEAD").write_text("damaged")
    report = look(tree, baseline, UNCHANGED)
    assert report.verdict is Verdict.UNKNOWN
    assert failing(report).keys() == UNCHANGED


def test_an_unfetched_lfs_pointer_is_unknown_and_the_fetched_file_is_compared(tmp_path: Path) -> None:
    """What the pointer points to counts: neither the pointer itself nor another content passes."""
    tree = make_tree(tmp_path / "tree")
    weights = tree / "model/weights.json"
    content = weights.read_bytes()
    oid = baseline_of(tree).entries["model/weights.json"].sha256
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    weights.write_text(pointer)
    commit(tree)
    baseline = baseline_of(tree)
    assert failing(look(tree, baseline, UNCHANGED))["frozen_model_unchanged"][:1] == ["lfs-pointer"]
    weights.write_bytes(content)
    assert failing(look(tree, baseline, UNCHANGED)) == {}
    assert baseline_of(tree).entries == baseline.entries
    flip(weights)
    assert "changed" in failing(look(tree, baseline, UNCHANGED))["frozen_model_unchanged"]


def test_a_submodule_is_compared_by_commit_and_by_content(tmp_path: Path) -> None:
    """Its files count as any, and so does the commit that git holds."""
    inner, tree = make_tree(tmp_path / "inner"), make_tree(tmp_path / "tree")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "execution/inner")
    commit(tree)
    baseline = baseline_of(tree)
    assert baseline.entries["execution/inner"].kind == "submodule"
    assert failing(look(tree, baseline, UNCHANGED)) == {}
    flip(tree / "execution/inner/risk/gates.py")
    assert failing(look(tree, baseline, UNCHANGED))["execution_unchanged"] == ["changed"]
    git(tree / "execution/inner", "checkout", "--quiet", ".")
    commit(tree / "execution/inner")
    git(tree, "add", "execution/inner")
    assert failing(look(tree, baseline, UNCHANGED))["execution_unchanged"] == ["other-in-git"]


def test_a_submodule_is_compared_with_a_commit(tmp_path: Path) -> None:
    """The file that says where its repository lies is git's own, and in no commit."""
    inner, tree = make_tree(tmp_path / "inner"), make_tree(tmp_path / "tree")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "execution/inner")
    commit(tree)
    assert failing(look(tree, baseline_at(tree), UNCHANGED)) == {}
    flip(tree / "execution/inner/risk/gates.py")
    assert failing(look(tree, baseline_at(tree), UNCHANGED)) == {"execution_unchanged": ["changed"]}


def test_what_git_does_not_hold_has_no_id_of_git(tree: Path) -> None:
    """A baseline may be made before the files are added; the report says of how many no id is known."""
    (tree / "risk/more.py").write_text("")
    baseline = baseline_of(tree)
    assert baseline.entries["risk/more.py"].git == ""
    (result,) = look(tree, baseline, ["risk_gates_unchanged"]).results
    assert result.verdict is Verdict.VALID
    assert "for 1 of them the baseline has no id of git to compare with git's index" in result.evidence


def test_a_report_stays_readable(tree: Path, baseline: Baseline) -> None:
    """Of many findings of one kind some are shown and the rest are counted."""
    for number in range(500):
        (tree / f"execution/more{number}.py").write_text("")
    (result,) = look(tree, baseline, ["execution_unchanged"]).results
    assert len(result.findings) == 21
    assert result.findings[-1].sentence == "480 more of this kind (new)"


def test_files_are_found_in_order_and_once(tree: Path) -> None:
    """Patterns that overlap mean each file once, whatever order the file system has."""
    paths = found(tree, ("risk/**", "risk/*.py", "risk/gates.py"))
    assert paths == ["risk/__init__.py", "risk/gates.py", "risk/kill_switch.py"]


def test_a_foreign_compiled_file_is_unknown(tree: Path, baseline: Baseline) -> None:
    """What another Python compiled cannot be compared here."""
    folder = tree / "risk/__pycache__"
    folder.mkdir()
    (folder / "gates.cpython-399.pyc").write_bytes(os.urandom(32))
    report = look(tree, baseline, UNCHANGED)
    assert failing(report) == {"risk_gates_unchanged": ["compiled"]}
    assert report.verdict is Verdict.UNKNOWN


def test_what_python_compiled_of_a_source_itself_is_no_change(tree: Path, baseline: Baseline) -> None:
    """A cache that says what its source says is nobody's business."""
    for level in (0, 1, 2):
        py_compile.compile(str(tree / "risk/gates.py"), optimize=level, doraise=True)
    assert failing(look(tree, baseline, UNCHANGED)) == {}
