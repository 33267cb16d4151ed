"""The adaptive side is isolated: by its imports, and by what it does when it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.history.words import Verdict
from verify.rollout.import_reach import import_reach
from verify.rollout.tests.trees import failing, interpreter, look

if TYPE_CHECKING:
    from pathlib import Path

    from verify.rollout.manifest import Baseline

ISOLATED = "adaptive_isolated"

WITH_ANOTHER_CODE = """\
import sys


def always(exposure):
    return True


if "risk.gates" in sys.modules:
    sys.modules["risk.gates"].may_trade.__code__ = always.__code__
"""

BREACHES = {
    "imports": ("from risk import gates\n", "adaptive.learner reaches risk.gates: adaptive.learner -> risk.gates"),
    "imports-by-name": (
        'import importlib\n\n\ndef late():\n    return importlib.import_module("risk.gates")\n',
        "adaptive.learner reaches risk.gates: adaptive.learner -> risk.gates",
    ),
    "imports-a-chain": (
        "from live import trading\n",
        "adaptive.learner reaches execution.orders: adaptive.learner -> live.trading -> execution.orders",
    ),
    "loads-without-an-import": (
        'import sys\nfrom pathlib import Path\n\nexec("import risk.gates")\n',
        "importing adaptive loads risk.gates, which is protected",
    ),
    "replaces-a-function": (
        'import sys\n\nif "risk.gates" in sys.modules:\n    sys.modules["risk.gates"].may_trade = lambda _: True\n',
        "importing adaptive replaces risk.gates.may_trade",
    ),
    "replaces-code": (
        WITH_ANOTHER_CODE,
        "importing adaptive replaces risk.gates.may_trade.__code__",
    ),
    "replaces-a-limit": (
        'import sys\n\nif "risk.gates" in sys.modules:\n    sys.modules["risk.gates"].LARGEST_EXPOSURE = 1e9\n',
        "importing adaptive replaces risk.gates.LARGEST_EXPOSURE",
    ),
    "fills-a-list": (
        'import sys\n\nif "risk.gates" in sys.modules:\n    sys.modules["risk.kill_switch"]._pulled.append("no")\n',
        "importing adaptive replaces risk.kill_switch._pulled (content)",
    ),
    "adds": (
        'import sys\n\nif "risk.gates" in sys.modules:\n    sys.modules["risk.gates"].more = 1\n',
        "importing adaptive adds risk.gates.more",
    ),
}


def learn(tree: Path, source: str) -> int:
    """Let the adaptive side do this too, when it is imported; return how many lines its file has then."""
    path = tree / "adaptive/learner.py"
    text = f"{path.read_text()}\n\n{source}"
    path.write_text(text)
    return text.count("\n")


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_seen_and_named(tree: Path, baseline: Baseline, breach: str) -> None:
    """Each way out of the isolation is INVALID, and no other check minds it."""
    source, sentence = BREACHES[breach]
    learn(tree, source)
    report = look(tree, baseline)
    assert failing(report).keys() == {ISOLATED}
    assert report.verdict is Verdict.INVALID
    (result,) = (each for each in report.results if each.id == ISOLATED)
    assert sentence in {finding.sentence for finding in result.findings}


def test_what_is_protected_may_not_know_the_adaptive_side_either(tree: Path, baseline: Baseline) -> None:
    """The chain is found in the other direction too; that the file changed is another check's finding."""
    path = tree / "risk/gates.py"
    path.write_text(f"{path.read_text()}\nfrom adaptive import learner\n")
    seen = failing(look(tree, baseline))
    assert seen.keys() == {ISOLATED, "risk_gates_unchanged"}
    assert "import-chain" in seen[ISOLATED]


def test_a_name_that_is_made_at_run_time_is_unknown(tree: Path, baseline: Baseline) -> None:
    """It cannot be followed, so that nothing is concluded from it."""
    source = 'import importlib\n\n\ndef late(name):\n    return importlib.import_module(f"risk.{name}")\n'
    lines = learn(tree, source)
    report = look(tree, baseline)
    assert failing(report) == {ISOLATED: ["dynamic-import"]}
    assert report.verdict is Verdict.UNKNOWN
    (result,) = (each for each in report.results if each.id == ISOLATED)
    assert (result.findings[0].path, result.findings[0].line) == ("adaptive/learner.py", lines)


def test_an_adaptive_side_that_cannot_be_imported_is_unknown(tree: Path, baseline: Baseline) -> None:
    """What it would do is not known."""
    (tree / "adaptive/learner.py").write_text("raise RuntimeError('not today')\n")
    report = look(tree, baseline, [ISOLATED])
    assert report.verdict is Verdict.UNKNOWN
    assert any("not today" in finding.sentence for finding in report.results[0].findings)


def test_a_module_of_the_tree_cannot_stand_in_for_what_a_task_imports(tree: Path, baseline: Baseline) -> None:
    """A file that is called as one of Python's or of ours changes nothing."""
    for name in ("grimp", "json", "importlib", "pkgutil"):
        (tree / f"{name}.py").write_text("raise SystemExit(0)\n")
    assert failing(look(tree, baseline, [ISOLATED])) == {}


OVER_A_THIRD = {
    "adaptive/learner.py": """

def late(names):
    import helper
    import desk
    from importlib import import_module as named

    named(".kill_switch", package="risk")
    return map(named, names)
""",
    "helper.py": "from paper_gate import gate\n",
    "desk/__init__.py": "",
    "desk/plain.py": "import importlib\n\nimportlib.import_module(name='model.inference')\n",
    "apart.py": "import importlib\n\nimportlib.import_module(str())\n",
}
"""What the adaptive side and others hold besides."""


def test_a_chain_over_what_belongs_to_neither_side_is_followed(tree: Path) -> None:
    """Over packages and single modules, by other names of `import_module` and relative ones."""
    for path, text in OVER_A_THIRD.items():
        (tree / path).parent.mkdir(exist_ok=True)
        with (tree / path).open("a") as file:
            file.write(text)
    (tree / "desk/__init__.py").write_text("from desk import plain\n")
    sides = ["model", "paper_gate", "risk"]
    reach = import_reach(interpreter(tree), [("adaptive", side) for side in sides])
    assert sorted(reach.chains) == [
        ["adaptive.learner", "desk", "desk.plain", "model.inference"],
        ["adaptive.learner", "helper", "paper_gate.gate"],
        ["adaptive.learner", "risk.kill_switch"],
    ]
    assert [path for path, _ in reach.made] == ["adaptive/learner.py"]


PARTS = """
import functools


def free(exposure, *, most=1):
    return most


class Gate:
    @staticmethod
    def still(exposure):
        return exposure

    @classmethod
    def of_all(cls):
        return cls

    @property
    def most(self):
        return 1

    def __init__(self):
        self.limit = 1.0


gate = Gate()
bound = functools.partial(free, 1)
"""
MEDDLE = """
import sys
import types

if "risk.parts" in sys.modules:
    parts = sys.modules["risk.parts"]
    code = compile("lambda *all: True", "x", "eval").co_consts[0]
    parts.Gate.__dict__["still"].__func__.__code__ = code
    parts.Gate.__dict__["of_all"].__func__.__code__ = code
    parts.Gate.__dict__["most"].fget.__code__ = code
    parts.free.__kwdefaults__["most"] = 9
    parts.gate.limit = 1e9
    sys.modules["risk"].gates = types.ModuleType("gates")
else:
    import importlib.util

    spec = importlib.util.spec_from_file_location("harmless", "risk/gates.py")
    sys.modules["harmless"] = importlib.util.module_from_spec(spec)
"""


def test_parts_of_functions_and_objects_are_watched(tree: Path) -> None:
    """What a method, a property or an object is made of; and a protected file under another name is protected."""
    (tree / "risk/parts.py").write_text(PARTS)
    learn(tree, MEDDLE)
    asked = {"isolated": ["adaptive"], "protected": ["risk"]}
    assert interpreter(tree).run("import_watch", **asked, watch=True)["replaced"] == [
        "risk.gates",
        "risk.parts.Gate.most.__code__",
        "risk.parts.Gate.of_all.__code__",
        "risk.parts.Gate.still.__code__",
        "risk.parts.bound.__kwdefaults__",
        "risk.parts.free.__kwdefaults__",
        "risk.parts.gate.limit",
    ]
    assert interpreter(tree).run("import_watch", **asked, watch=False)["loaded"] == ["harmless"]
