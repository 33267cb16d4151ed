"""Runs the action and the hook by which users verify a rollout, as written: on a clean tree, and on changed ones.

The tree is the example, in a repository of its own. What GitHub would put into a step is put in here; the hook is
installed and called as pre-commit does it, from the first line of its entry.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "trading_app"
PROTECTED = ("execution/orders.py", "paper_gate/gate.py", "model/weights.json")
"""One byte of each of these is changed, one at a time."""

BASH = ("/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
"""What GitHub runs a step with whose shell is bash."""

_EXPRESSION = re.compile(r"\$\{\{ *([\w.]+) *\}\}")


def main() -> int:
    """Run both on each tree; return 0 if the clean one passes and each changed one is stopped."""
    action = YAML(typ="safe").load((ROOT / "action.yaml").read_text("utf-8"))
    (hook,) = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    amiss = 0
    with tempfile.TemporaryDirectory(prefix="rollout-gates-") as temporary:
        python = Path(temporary, "python")
        venv.create(python, with_pip=True, upgrade_deps=True)
        for changed in ("", *PROTECTED):
            tree = make_tree(Path(temporary, changed.replace("/", "-") or "clean"), changed)
            wanted = int(bool(changed))
            for what, ended in (("action", run_action(action, tree, python)), ("hook", run_hook(hook, tree, python))):
                report(f"{what}, {changed or 'nothing'} changed: exit status {ended} (expected {wanted})")
                amiss += ended != wanted
            shown = (tree.parent / f"{tree.name}.md").read_text("utf-8").partition("\n")[0]
            report(f"job summary: {shown}")
            amiss += shown.startswith("# VALID: All checks passed: 8/8") is bool(changed)
    return int(amiss > 0)


def make_tree(place: Path, changed: str) -> Path:
    """Return the example in a repository of its own, with one byte of *changed* changed after the commit."""
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-C", str(place)]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "as it is"]):
        subprocess.run([*git, *words], check=True)
    if changed:
        content = bytearray((place / changed).read_bytes())
        content[-1] ^= 0x2A
        (place / changed).write_bytes(content)
    return place


def run_action(action: dict[str, Any], tree: Path, python: Path) -> int:
    """Run the steps as GitHub does; return the exit status of the first that failed, else 0."""
    held = {f"inputs.{name}": about["default"] for name, about in action["inputs"].items()}
    held["github.action_path"] = str(ROOT)
    for step in action["runs"]["steps"]:
        if unknown := step.keys() - {"name", "shell", "env", "run"}:
            raise LookupError(f"this is not understood here, so it would not be tested: {unknown}")
        given = {name: _EXPRESSION.sub(lambda found: held[found[1]], value) for name, value in step["env"].items()}
        script = tree.parent / "step.sh"
        script.write_text(step["run"], "utf-8")
        report(f"{step['name']}: {step['run']}")
        ran = subprocess.run([*BASH, script], cwd=tree, env=environment(tree, python) | given, check=False)
        if ran.returncode:
            return ran.returncode
    return 0


def run_hook(hook: dict[str, Any], tree: Path, python: Path) -> int:
    """Run the hook's entry as pre-commit does, in the environment into which the action has installed."""
    report(f"{hook['id']}: {hook['entry']}")
    program, *words = shlex.split(hook["entry"])
    command = [str(python / "bin" / program), *words]
    return subprocess.run(command, cwd=tree, env=environment(tree, python), check=False).returncode


def environment(tree: Path, python: Path) -> dict[str, str]:
    """Return what a step finds."""
    path = f"{python / 'bin'}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOX_")}
    return {**kept, "PATH": path, "GITHUB_STEP_SUMMARY": str(tree.parent / f"{tree.name}.md")}


def report(line: str) -> None:
    """Print a line at once, between the lines that the steps print."""
    sys.stdout.write(f"-- {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
