"""What Python runs by itself before the protected modules: in the tree, and where the tree's interpreter looks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from verify.history.words import Verdict
from verify.rollout.checks.registry import CHECKS
from verify.rollout.tests.trees import ROOT, baseline_of, commit, context_of, failing, look
from verify.rollout.verifier import verify

if TYPE_CHECKING:
    from pathlib import Path

    from verify.rollout.findings import Report
    from verify.rollout.manifest import Baseline

RISK = "risk_gates_unchanged"

IN_TREE = {
    "sitecustomize": ("sitecustomize.py", "import risk.gates\n", "sitecustomize.py is imported when Python starts"),
    "usercustomize": ("deploy/usercustomize.py", "", "deploy/usercustomize.py is imported when Python starts"),
    "package": ("deploy/sitecustomize/__init__.py", "", "deploy/sitecustomize is imported when Python starts"),
    "extension": ("sitecustomize.cpython-311.so", "", "sitecustomize.cpython-311.so is imported when Python starts"),
    "import-line": (
        "deploy/a.pth",
        "# first\nimport os; os.environ\n",
        "deploy/a.pth says that Python runs 'import os; os.environ' when it starts",
    ),
    "path-line": ("a.pth", "\nadaptive\n", "a.pth says that Python looks up modules in 'adaptive' when it starts"),
}


@pytest.mark.in_turn(0, 2, 4)
@pytest.mark.parametrize("case", IN_TREE)
def test_a_start_up_file_of_the_tree_is_seen_until_the_baseline_has_it(
    tree: Path, baseline: Baseline, case: str
) -> None:
    """It could patch every protected module, wherever it lies."""
    path, content, said = IN_TREE[case]
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(content)
    report = look(tree, baseline, [RISK])
    assert failing(report) == {RISK: ["shadowed"]}
    assert report.verdict is Verdict.INVALID
    assert report.results[0].findings[0].sentence.startswith(said)
    rules = tree / "rollout.toml"
    rules.write_text(rules.read_text().replace('"risk/**"', f'"risk/**", "{path}"'))
    commit(tree)
    assert failing(look(tree, baseline_of(tree), [RISK])) == {}


def test_what_says_nothing_is_nothing(tree: Path, baseline: Baseline) -> None:
    """An empty path file, another environment in the tree, and a name that only looks like one."""
    (tree / "empty.pth").write_text("# nothing\n\n")
    (tree / "my_sitecustomize.py").write_text("")
    (tree / "env/lib").mkdir(parents=True)
    (tree / "env/pyvenv.cfg").write_text("home = /nowhere\n")
    (tree / "env/lib/a.pth").write_text("import os\n")
    assert failing(look(tree, baseline, [RISK])) == {}


PATCH = "import sys\n\n\ndef patch():\n    import risk.gates\n\n    risk.gates.may_trade = print\n"
FINDER = """\
import sys
from importlib.machinery import ModuleSpec


class Meddler:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return ModuleSpec(name, None) if name.endswith(".ga" + "tes") else None


sys.meta_path.insert(0, Meddler)
"""

ON_PATH = {
    "path-file-that-imports": (
        {"a.pth": "import risk.gates\n"},
        "a.pth runs when Python starts, and names the protected risk",
    ),
    "path-file-with-hidden-code": (
        {"a.pth": "import os; exec('import risk.gates as g; g.may_trade = print')\n"},
        "a.pth runs when Python starts, and names the protected risk",
    ),
    "path-file-through-a-module": (
        {"a.pth": "import meddling\n", "meddling.py": PATCH},
        "a.pth runs when Python starts through meddling, and names the protected risk",
    ),
    "path-file-to-another-folder": (
        {"a.pth": "other\n", "other/risk/__init__.py": ""},
        "where there is another risk",
    ),
    "path-file-to-another-folder-of-the-tree": ({"a.pth": "TREE/adaptive\n"}, "where there is another risk"),
    "finder": (
        {"a.pth": "import meddling\n", "meddling.py": FINDER},
        "meddling.Meddler answers for the protected risk.gates when it is imported",
    ),
    "sitecustomize": (
        {"sitecustomize.py": PATCH},
        "sitecustomize.py runs when Python starts, and names the protected",
    ),
    "usercustomize": (
        {"usercustomize.py": PATCH},
        "usercustomize.py runs when Python starts, and names the protected",
    ),
    "loaded-before": (
        {"sitecustomize.py": "import sys, types\nsys.modules['ri' + 'sk'] = types.ModuleType('risk')\n"},
        "risk, which is protected, is loaded when Python starts, before anybody asks",
    ),
}
"""What is put into the environment of the tree's interpreter, and what is said of it."""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a virtual environment of its own; each test takes away what it put there."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    return place


def verified(tree: Path, baseline: Baseline, environment: Path) -> Report:
    """Return what the check of the risk gates says where that environment runs the tree."""
    context = context_of(tree, baseline)
    inside = replace(context.interpreter, python=str(environment / "bin/python"), also=(str(ROOT),))
    checks = [check for check in CHECKS if check.ID == RISK]
    return verify(replace(context, interpreter=inside), baseline="of the test", checks=checks)


@pytest.mark.in_turn(0, 2, 4)
@pytest.mark.parametrize("case", ON_PATH)
def test_what_the_interpreter_runs_is_seen_where_it_touches_what_is_protected(
    tree: Path, baseline: Baseline, environment: Path, case: str
) -> None:
    """By what it says, by what it imports, or by what it has done."""
    files, said = ON_PATH[case]
    (folder,) = environment.glob("lib/python*/site-packages")
    before = set(folder.rglob("*"))
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content.replace("TREE", str(tree)))
    (tree / "adaptive/risk").mkdir()
    try:
        report = verified(tree, baseline, environment)
    finally:
        for path in sorted(set(folder.rglob("*")) - before, reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    assert failing(report) == {RISK: ["shadowed"]}
    assert any(said in finding.sentence for finding in report.results[0].findings), report.results[0].findings


def test_start_up_files_that_touch_nothing_protected_are_counted(
    tree: Path, baseline: Baseline, environment: Path
) -> None:
    """Among them an editable installation of the tree itself: it says where its modules are."""
    (folder,) = environment.glob("lib/python*/site-packages")
    files = {
        "plain.pth": f"{tree}\n",
        "editable.pth": "import editable_finder\n",
        "editable_finder.py": f"MAPPING = {{'risk': {str(tree.resolve() / 'risk')!r}}}\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content)
    try:
        report = verified(tree, baseline, environment)
    finally:
        for name in files:
            (folder / name).unlink()
    assert failing(report) == {}
    assert any(
        "start-up files of Python: none names a protected module" in line for line in report.results[0].evidence
    )
