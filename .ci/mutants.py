"""Makes named mutations of the code and asks whether the tests of the requirements notice them.

Of the mutations in mutants.toml a seed draws some. Each is made in a copy of the tree, in which the test that it
names is run: that test must fail, and without the mutation it must have passed. The copies are gone in the end.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from stormproof.requirements.rows import RequirementsError, read

ROOT = Path(__file__).resolve().parents[1]
DRAWN = 20
"""How many are drawn where nobody says."""
AT_ONCE = 2
PASSED, FAILED = 0, 1
"""Exit statuses of pytest. Any other one says that the test was not run."""


class MutantsError(Exception):
    """What is to be mutated cannot be read or used; the message says why."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of the code.

    Attributes:
        row: The requirement that it breaks.
        file: Where.
        says: What is wrong then.
        test: The test of that row that must notice it.
        old: What stands there now, once.
        new: What it becomes.
    """

    row: str
    file: str
    says: str
    test: str
    old: str
    new: str

    def apply(self, tree: Path) -> None:
        """Make the change in *tree*.

        Raises:
            MutantsError: What is to be changed does not stand there exactly once.
        """
        path = tree / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.count(self.old) != 1:
            raise MutantsError(f"what it changes stands in {self.file} {text.count(self.old)} times; expected once")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Draw, mutate, test; return 0 if every mutation was noticed, 1 if one was not, 2 for wrong input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="draws the mutations; one is made up where it is left out")
    parser.add_argument("--draw", type=int, default=DRAWN, metavar="N", help=f"how many; {DRAWN} where left out")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the tree; this one where left out")
    parser.add_argument("--mutations", type=Path, help="the mutations; mutants.toml beside this file if left out")
    asked = parser.parse_args(arguments)
    try:
        known = mutations_of(asked.mutations or Path(__file__).with_suffix(".toml"), asked.tree)
        seed = random.SystemRandom().getrandbits(32) if asked.seed is None else asked.seed
        drawn = draw(known, asked.draw, seed)
    except (MutantsError, RequirementsError) as error:
        report(f"wrong input: {'; '.join(map(str, error.args))}")
        return 2
    report(f"{len(drawn)} of {len(known)} mutations, drawn by --seed {seed}")
    return int(any(try_all(drawn, asked.tree)))


def draw(known: list[Mutation], count: int, seed: int) -> list[Mutation]:
    """Return so many mutations, in the order of their rows.

    Raises:
        MutantsError: There are not so many.
    """
    if not 1 <= count <= len(known):
        raise MutantsError(f"--draw is {count}; expected a number from 1 to {len(known)}")
    drawn = random.Random(seed).sample(known, count)  # noqa: S311 - it must draw the same again
    return sorted(drawn, key=lambda each: (each.row[0], int(each.row[1:])))


def mutations_of(path: Path, tree: Path) -> list[Mutation]:
    """Return the mutations of a file.

    Raises:
        MutantsError: It cannot be read, or a mutation names no row, no test of its row, or a row that another has.
        RequirementsError: The rows of the tree cannot be read.
    """
    rows = {row.id: row for area in read(tree) for row in area.rows}
    try:
        known = [Mutation(**each) for each in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise MutantsError(f"{path} holds no mutations: {error!r}") from error
    for each in known:
        if each.row not in rows or each.test not in rows[each.row].tests:
            raise MutantsError(f"the mutation of {each.row} names {each.test}, which is no test of that row")
    if len({each.row for each in known}) != len(known):
        raise MutantsError(f"{path}: expected one mutation for each row, and no second one")
    return known


def try_all(drawn: list[Mutation], tree: Path) -> list[str]:
    """Try every mutation; return what is wrong with each, empty where nothing is, in their order."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as temporary:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(copy_of(tree, Path(temporary, str(number))))
        # All at once, which is quicker; who fails is asked by itself.
        all_pass = run_tests(Path(temporary, "0"), *dict.fromkeys(mutation.test for mutation in drawn)) == PASSED

        def try_in_a_copy(mutation: Mutation) -> str:
            copy = copies.get()
            try:
                wrong = tried(mutation, copy, passed=all_pass)
            finally:
                copies.put(copy)
            report(f"{mutation.row}: {mutation.says}: {wrong or f'noticed by {mutation.test}'}")
            return wrong

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(try_in_a_copy, drawn))


def copy_of(tree: Path, place: Path) -> Path:
    """Return a copy of what git knows of the tree, or of all of it where git knows nothing."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=tree, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    if listed.returncode or not names:
        return Path(shutil.copytree(tree, place))
    for name in names:
        if (tree / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, place / name)
    return place


def tried(mutation: Mutation, copy: Path, *, passed: bool) -> str:
    """Return what is wrong: the mutation cannot be made, its test fails without it, or passes with it.

    Where it *passed* without it, that is not asked again.
    """
    whole = PASSED if passed else run_tests(copy, mutation.test)
    if whole != PASSED:
        return f"NOT SHOWN: {mutation.test} ended with {whole} without the mutation; expected {PASSED}"
    path = copy / mutation.file
    before = path.read_bytes() if path.is_file() else b""
    try:
        mutation.apply(copy)
    except MutantsError as error:
        return f"NOT MADE: {error}"
    ended = run_tests(copy, mutation.test)
    path.write_bytes(before)
    if ended == PASSED:
        return f"SURVIVED: {mutation.test} passes all the same"
    return "" if ended == FAILED else f"NOT SHOWN: {mutation.test} ended with {ended}; expected {FAILED}"


def run_tests(copy: Path, *tests: str) -> int:
    """Run tests in the copy, which stands before everything else that could be imported; return the exit status."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    program = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    ended = subprocess.run(program, cwd=copy, env=environment, capture_output=True, check=False)
    return ended.returncode


def report(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"-- {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
