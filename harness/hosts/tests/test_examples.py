"""The examples keep the line protocol, and each does what it says of itself: one is sound, one repeats an effect."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.hosts.line_call import REJECTED, TIMEOUT
from harness.hosts.line_conformance import Bench, check_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.redis_server.server import RedisServer

pytestmark = pytest.mark.takes_long
_EXAMPLES = Path(__file__).parents[3] / "examples" / "line_protocol"
_BUILD_DEADLINE_S = 300.0
_DEADLINE_S = 20.0

NEEDS = {
    "node": (["node", "--version"], (20, 0), "npm"),
    "go": (["go", "version"], (1, 24), "go"),
}
"""What says the version of a language, the least version, and what builds its example."""

LOCKS = {
    "node_redlock": (["node", "--version"], (20, 0), "npm"),
    "go_redsync": (["go", "version"], (1, 26), "go"),
}
"""The same of the examples that hold somebody else's lock."""

_NPM = (["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],)
_GO = (["go", "vet", "."], ["go", "build", "-buildvcs=false", "-o", "guard", "."])
BUILDS = {"node": _NPM, "go": _GO, "node_redlock": _NPM, "go_redsync": _GO}
_NODE, _BINARY = "node {folder}/guard.js", "{folder}/guard"
RUNS = {"node": _NODE, "go": _BINARY, "node_redlock": _NODE, "go_redsync": _BINARY}
BROKEN = {"node": "--broken", "go": "-broken"}
"""The flag that plants the bug."""


def said_by(argv: Sequence[str], folder: Path) -> str:
    """Run a command that comes to its end by itself and return its words; they are the failure, if it fails."""
    done = subprocess.run(
        argv,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_BUILD_DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def is_here(language: str, folder: Path) -> bool:
    """Say whether this machine has the language, in a version that the example runs on."""
    asks, least, builder = (NEEDS | LOCKS)[language]
    if shutil.which(asks[0]) is None or shutil.which(builder) is None:
        return False
    number = re.search(r"(?:v|go)(\d+)\.(\d+)", said_by(asks, folder))
    return number is not None and (int(number[1]), int(number[2])) >= least


def built(language: str, folder: Path) -> list[str]:
    """Build the example of a language in *folder*, outside the tree, and return the command that runs it."""
    if not is_here(language, folder):
        _, least, builder = (NEEDS | LOCKS)[language]
        pytest.skip(f"{language} {least[0]}.{least[1]} or later is not on this machine, or {builder} is not")
    copy = folder / language
    # What an example shares with its neighbour lies in the neighbour's folder.
    shutil.copytree(_EXAMPLES, folder, ignore=shutil.ignore_patterns("node_modules", "guard"), dirs_exist_ok=True)
    for command in BUILDS[language]:
        said_by(command, copy)
    return RUNS[language].format(folder=copy).split()


@pytest.fixture(scope="module", params=sorted(NEEDS))
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """Return a language and the command that runs its example."""
    language: str = request.param
    return language, built(language, tmp_path_factory.mktemp(language))


def is_begun_again(argv: Sequence[str], redis_url: str, error: dict[str, object]) -> bool:
    """Let an effect fail, ask a second process for the same key, and say whether it begins the effect once more."""
    with Bench(argv, redis_url, deadline_s=_DEADLINE_S) as bench:
        key = bench.new_key()
        with bench.program() as first, bench.program() as second:
            first.init()
            bench.asked(first, key).follow(error)
            second.init()
            return bool(bench.asked(second, key).follow()["say"] == "result")


def test_example_keeps_the_protocol(example: tuple[str, list[str]], redis_server: RedisServer) -> None:
    """Whoever copies an example has copied something that works."""
    _, argv = example
    check_program(argv, f"{redis_server.tcp_url}/0", deadline_s=_DEADLINE_S)


def test_broken_example_keeps_the_protocol_too(example: tuple[str, list[str]], redis_server: RedisServer) -> None:
    """Its bug is in the guard, not in what it says, so that it is a finding and not a failure to run."""
    language, argv = example
    check_program([*argv, BROKEN[language]], f"{redis_server.tcp_url}/0", deadline_s=_DEADLINE_S)


def test_example_does_not_repeat_an_effect_that_may_be_done(
    example: tuple[str, list[str]], redis_server: RedisServer
) -> None:
    """After a timeout the key is in doubt; after a refusal it is free."""
    _, argv = example
    assert not is_begun_again(argv, f"{redis_server.tcp_url}/0", TIMEOUT)
    assert is_begun_again(argv, f"{redis_server.tcp_url}/0", REJECTED)


def test_broken_example_repeats_an_effect_that_may_be_done(
    example: tuple[str, list[str]], redis_server: RedisServer
) -> None:
    """The planted bug is there: after a timeout the next process begins again."""
    language, argv = example
    assert is_begun_again([*argv, BROKEN[language]], f"{redis_server.tcp_url}/0", TIMEOUT)


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_lock_of_others_turns_away_who_asks_while_it_is_held(
    name: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """It keeps the protocol, lets nobody in beside its holder, and lets the next one in afterwards."""
    argv, url = built(name, tmp_path), f"{redis_server.tcp_url}/0"
    check_program(argv, url, deadline_s=_DEADLINE_S)
    with Bench(argv, url, deadline_s=_DEADLINE_S) as bench:
        key = bench.new_key()
        with bench.program() as holder, bench.program() as other:
            holder.init()
            other.init()
            held = bench.asked(holder, key)
            held.reach_effect()
            told = bench.asked(other, key).follow()
            assert (told["say"], told.get("outcome"), told.get("word")) == ("error", "FAIL", "in_progress")
            held.reply()
            assert held.follow()["say"] == "result"
        with bench.program() as next_one:
            next_one.init()
            assert bench.asked(next_one, key).follow()["say"] == "result"
