"""The trading application of the examples: its guard in a campaign of its own, as docs/rollout.md says to run it."""

from __future__ import annotations

import ast
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK
from stormproof.names import ROOT
from stormproof.saying import Exit
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

APP = ROOT / "examples" / "trading_app"
SUBJECT = "adapters/orders.py:make"
PARTS = (f"{SUBJECT}, 3 workers, 0 faults", "kill_redis", "crash_at_p5")
GUARDED = 'self._wrapper.execute_once("order", key, operation, payload=payload)'
NOT_GUARDED = 'type("Answer", (), {"result": effect(payload)})()'


@NEEDS_CLOCK
@pytest.mark.takes_long
@pytest.mark.parametrize(
    ("placed", "parts", "ended"), [(GUARDED, PARTS, Exit.HELD), (NOT_GUARDED, PARTS[:1], Exit.VIOLATED)]
)
def test_campaign_has_the_application_as_its_subject(
    tmp_path: Path, placed: str, parts: tuple[str, ...], ended: Exit
) -> None:
    """Explored and in stories on real processes the guard of its orders holds, and does not where it is left out."""
    app = shutil.copytree(APP, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    orders = app / "adapters" / "orders.py"
    text = orders.read_text(encoding="utf-8")
    assert text.count(GUARDED) == 1
    orders.write_text(text.replace(GUARDED, placed), encoding="utf-8")
    asked = [word for part in parts for word in ("--only", part)]
    said = run(app, "campaign", "--subject", SUBJECT, *asked, "--seed", "7", "--out", "run")
    assert said.code == ended, said.out + said.err
    stored = json.loads((app / "run" / "run.json").read_text("utf-8"))["parts"]
    assert {parts[0], *(f"{story}, {SUBJECT}" for story in parts[1:])} <= {part["name"] for part in stored}


def test_only_adapters_know_the_safety_core() -> None:
    """What trades knows neither the guards nor Redis: so it runs as before while every flag is off."""
    knowing = {
        path.relative_to(APP).parts[0]
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name.partition(".")[0] in {"safety_core", "redis"}
    }
    assert knowing == {"adapters"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
