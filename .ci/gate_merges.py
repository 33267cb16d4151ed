"""Runs the workflow that users copy to gate merges, step by step as written: on a sound guard, and on an unsound one.

The repository is the sample of the plugin's tests. Two things differ from GitHub: what other people's actions do is
done here (ACTIONS), and pip is told by its own variable to take stormproof from this tree, not from its index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = ROOT / "examples" / "github" / "gate_merges.yaml"
SAMPLE = ROOT / "stormproof" / "tests" / "sample_repository"
GUARD, SOUND, UNSOUND = "shop/orders.py", "nx=True", "nx=False"

BASH = ("/bin/bash", "-e")
"""What GitHub runs a step with."""

ACTIONS = {
    "actions/checkout": "a copy of the sample repository",
    "actions/setup-python": "a fresh virtual environment",
    "actions/upload-artifact": "nothing: the evidence stays where it is",
}
"""The actions of the workflow, and what stands for each here."""


def main() -> int:
    """Run the workflow twice; return 0 if it lets the sound guard land and stops the unsound one."""
    workflow = YAML(typ="safe").load(WORKFLOW.read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    with tempfile.TemporaryDirectory(prefix="gate-merges-") as temporary:
        python = Path(temporary, "python")
        venv.create(python, with_pip=True, upgrade_deps=True)
        ends = []
        for guard in (SOUND, UNSOUND):
            place = Path(temporary, guard.replace("=", "-"))
            shutil.copytree(SAMPLE, place / "shop", ignore=shutil.ignore_patterns("__pycache__"))
            plant(place / "shop", guard)
            ends.append((run_job(job["steps"], place, python), (place / "step-summary.md").read_text("utf-8")))
    (sound, shown), (unsound, found) = ends
    report(f"sound guard: exit status {sound} (expected 0), unsound guard: exit status {unsound} (expected 1)")
    report(f"job summary of the unsound guard: {found.partition(chr(10))[0] or 'nothing'} (expected # INVALID)")
    return int((sound, unsound) != (0, 1) or bool(shown) or not found.startswith("# INVALID"))


def plant(repository: Path, guard: str) -> None:
    """Let the sample's guard claim a key as *guard* says."""
    source = (repository / GUARD).read_text("utf-8")
    if SOUND not in source:
        raise LookupError(f"{GUARD} of the sample repository does not hold {SOUND!r}")
    (repository / GUARD).write_text(source.replace(SOUND, guard), "utf-8")


def run_job(steps: list[dict[str, Any]], place: Path, python: Path) -> int:
    """Run the steps as GitHub does; return the exit status of the first that failed, else 0."""
    summary, constraint = place / "step-summary.md", place / "constraint.txt"
    summary.touch()
    constraint.write_text(f"stormproof @ {ROOT.as_uri()}\n", "utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TOX_")},
        "PATH": f"{python / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(summary),
        "PIP_CONSTRAINT": str(constraint),
    }
    status = 0
    for step in steps:
        if not is_due(step, failed=status != 0):
            continue
        if "uses" in step:
            report(f"{step['uses']}: {ACTIONS[step['uses'].partition('@')[0]]}")
            continue
        report(f"{step['name']}: {step['run']}")
        script = place / "step.sh"
        script.write_text(step["run"], "utf-8")
        ran = subprocess.run([*BASH, script], cwd=place / "shop", env=environment, check=False)
        status = status or ran.returncode
    return status


def is_due(step: dict[str, Any], *, failed: bool) -> bool:
    """Say whether a step is run after what came before it."""
    unknown = step.keys() - {"name", "if", "uses", "with", "run"}
    if unknown or step.get("if") not in {None, "failure()"}:
        raise LookupError(f"this is not understood here, so it would not be tested: {step}")
    return failed == ("if" in step)


def report(line: str) -> None:
    """Print a line at once, between the lines that the steps print."""
    sys.stdout.write(f"-- {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
