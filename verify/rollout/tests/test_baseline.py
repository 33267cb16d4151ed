"""The baseline: the same bytes for the same tree, from tree and commit alike, and refused when it must be."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from verify.rollout.baseline import differences, load, of_file
from verify.rollout.errors import CannotCheckError, RolloutError
from verify.rollout.manifest import from_statement, to_statement
from verify.rollout.path_text import from_text, to_text
from verify.rollout.tests.trees import (
    UNCHANGED,
    baseline_at,
    baseline_of,
    commit,
    failing,
    flip,
    git,
    interpreter,
    look,
    make_tree,
)
from verify.signing import SigningError, sign
from verify.statement import STATEMENT, canonical
from verify.tests.keys import fresh_keys

if TYPE_CHECKING:
    from pathlib import Path

    from verify.rollout.manifest import Baseline


def test_the_same_tree_gives_the_same_bytes(committed: Path, baseline: Baseline, tmp_path: Path) -> None:
    """A copy made in another order is the same baseline, and reading it back gives the same value."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in sorted(committed.iterdir(), reverse=True):
        (shutil.copytree if each.is_dir() else shutil.copy)(each, copy / each.name)
    written = canonical(to_statement(baseline))
    assert canonical(to_statement(baseline_of(copy))) == written
    assert from_statement(json.loads(written), "here") == baseline


def test_the_baseline_is_an_in_toto_statement(baseline: Baseline) -> None:
    """Names and digests stand where in-toto's readers look for them, and git's ids are git's."""
    stored = to_statement(baseline)
    assert stored["_type"] == STATEMENT
    names = [subject["name"] for subject in stored["subject"]]
    assert names == sorted(names)
    for subject in stored["subject"]:
        assert len(subject["digest"]["sha256"]) == 64
        assert len(subject["digest"]["gitBlob"]) == 40


def test_gits_ids_are_gits(committed: Path, baseline: Baseline) -> None:
    """What is written as git's id is what git itself says."""
    for path, entry in baseline.entries.items():
        assert git(committed, "rev-parse", f"HEAD:{path}").strip() == entry.git


def test_a_commit_is_a_baseline(tree: Path, baseline: Baseline) -> None:
    """It is the one that the clean tree is, whatever lies in the tree now."""
    flip(tree / "execution/orders.py")
    at_head = baseline_at(tree)
    assert at_head == baseline
    assert failing(look(tree, at_head, UNCHANGED)).keys() == {"execution_unchanged"}


def test_the_rules_of_the_commit_count(tree: Path) -> None:
    """Who takes a protected path out of the rules is seen, and the path is compared all the same."""
    rules = tree / "rollout.toml"
    rules.write_text(rules.read_text().replace('"execution/**", ', ""))
    flip(tree / "execution/orders.py")
    seen = failing(look(tree, baseline_at(tree)))
    assert seen == {"execution_unchanged": ["changed"], "config_defaults_safe": ["rules"]}


def test_a_comment_in_the_rules_is_no_change(tree: Path, baseline: Baseline) -> None:
    """Rules are compared by what they say."""
    rules = tree / "rollout.toml"
    rules.write_text(f"# new words\n{rules.read_text()}")
    assert failing(look(tree, baseline)) == {}


def test_attributes_of_the_commit_count_for_it(tmp_path: Path) -> None:
    """A tree whose attributes changed since is compared by those of the commit."""
    tree = make_tree(tmp_path / "tree")
    (tree / ".gitattributes").write_text("* text\n")
    source = tree / "execution/orders.py"
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    assert failing(look(tree, baseline_at(tree), UNCHANGED)).keys() == {"execution_unchanged"}


def test_differences_are_said_in_words(tree: Path, baseline: Baseline) -> None:
    """One sentence for each thing, in the order of the paths."""
    flip(tree / "execution/orders.py")
    (tree / "paper_gate/gate.py").chmod(0o755)
    (tree / "risk/gates.py").unlink()
    (tree / "risk/more.py").symlink_to("kill_switch.py")
    said = differences(baseline, baseline_of(tree))
    assert [line.partition(" (")[0] for line in said] == [
        "execution/orders.py: its content changed",
        "paper_gate/gate.py: it was not executable, and is executable",
        "risk/gates.py is gone",
        "risk/more.py is new",
        "api is no longer recorded: ModuleNotFoundError: No module named 'risk.gates'",
        'output session: its end is "exit status 1", where "exit status 0" was recorded',
    ]
    assert differences(baseline, baseline) == []


def test_a_link_that_leads_out_of_what_is_protected_is_seen(tree: Path) -> None:
    """Though the link itself is as it was: what it leads to is compared by nobody."""
    (tree / "risk/shared.py").symlink_to("../adaptive/learner.py")
    commit(tree)
    assert failing(look(tree, baseline_of(tree), UNCHANGED)) == {"risk_gates_unchanged": ["link-elsewhere"]}


def test_a_signed_baseline_is_believed_by_its_key_alone(baseline: Baseline, tmp_path: Path) -> None:
    """Another key, a changed payload, a missing signature and a missing key are each refused in one line."""
    private, public = fresh_keys(tmp_path, "ours")
    _, other = fresh_keys(tmp_path, "other")
    payload = canonical(to_statement(baseline))
    envelope = sign(payload, private)
    file = tmp_path / "signed.json"
    file.write_bytes(canonical(envelope))
    assert of_file(file, public) == baseline
    with pytest.raises(SigningError, match="is not believed"):
        of_file(file, other)
    with pytest.raises(RolloutError, match="say with --key"):
        of_file(file, None)
    changed = {**envelope, "payload": sign(payload.replace(b"100644", b"100755"), private)["payload"]}
    file.write_bytes(canonical(changed))
    with pytest.raises(SigningError, match="is not believed"):
        of_file(file, public)
    file.write_bytes(payload)
    assert of_file(file, None) == baseline
    with pytest.raises(RolloutError, match="is not signed"):
        of_file(file, public)


def test_only_an_ed25519_key_signs(tmp_path: Path) -> None:
    """Another kind of key, and what is no key, are refused."""
    private, public = fresh_keys(tmp_path, "ours")
    with pytest.raises(SigningError, match="no key in PEM"):
        sign(b"", public)
    curve = ec.generate_private_key(ec.SECP256R1())
    private.write_bytes(
        curve.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(SigningError, match="no ed25519 private key"):
        sign(b"", private)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no JSON"),
        (b"[]", "is no baseline"),
        (b'{"_type": "https://in-toto.io/Statement/v1"}', "is no baseline"),
        (b"[" * 100_000, "it is no JSON"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """One line says what was expected."""
    file = tmp_path / "baseline.json"
    file.write_bytes(content)
    with pytest.raises(RolloutError, match=said):
        of_file(file, None)


def test_a_damaged_baseline_is_refused(baseline: Baseline) -> None:
    """A Statement in which something is missing is named as such."""
    stored = to_statement(baseline)
    for name in ("files", "rules", "libraries", "git"):
        predicate = {key: value for key, value in stored["predicate"].items() if key != name}
        with pytest.raises(RolloutError, match="damaged"):
            from_statement({**stored, "predicate": predicate}, "here")
    with pytest.raises(RolloutError, match="damaged"):
        from_statement({**stored, "subject": [*stored["subject"], {"name": "x", "digest": {}}]}, "here")


def test_a_rule_that_protects_nothing_is_refused(tree: Path) -> None:
    """A misspelt path would pass for ever."""
    rules = tree / "rollout.toml"
    rules.write_text(rules.read_text().replace("risk/**", "risks/**"))
    with pytest.raises(RolloutError, match=r"risks/\*\* of risk_gates means no file"):
        baseline_of(tree)


def test_a_commit_that_is_none_is_refused(committed: Path, tmp_path: Path) -> None:
    """And so is a commit where there is no repository."""
    with pytest.raises(RolloutError, match="git:nowhere is no commit"):
        load(committed, "git:nowhere", None, interpreter(committed))
    with pytest.raises(RolloutError, match="is no commit"):
        load(committed, "git:--help", None, interpreter(committed))
    outside = make_tree(tmp_path / "outside", repository=False)
    with pytest.raises(CannotCheckError, match="no git repository"):
        load(outside, "git:HEAD", None, interpreter(outside))


@pytest.mark.parametrize("name", ["plain.py", "a%b", "a\nb", "a\udcffb", "\u2028", "é", "%25"])
def test_any_name_has_a_text_of_its_own(name: str) -> None:
    """Which leads back to it, and can be printed."""
    assert from_text(to_text(name)) == name
    assert to_text(name).isprintable()
