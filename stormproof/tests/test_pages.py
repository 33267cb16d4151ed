"""What a page tells a reader to type does what it says: every block of a guide runs, and all Python of the others."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.redis_server.server import RedisServer
from stormproof.documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
GUIDES = sorted((DOCS / "guides").glob("*.md"))
SHOWN_ADDRESS = "127.0.0.1:6379"
TIME_LIMIT_S = 300.0

GIVEN = {
    "breaker.md": "from types import SimpleNamespace\n"
    "redis_client, requeue = 'redis://127.0.0.1:6379', print\n"
    "exchange = SimpleNamespace(fetch_balance=dict)\n",
    "check-redis.md": "",
    "configuration.md": "",
    "metrics.md": "",
    "providers.md": "",
    "real-faults.md": "from harness.redis_server.server import RedisServer\n"
    "server = RedisServer(appendonly=True).start()\nserver.client().set('a', 1)\nserver.client().set('b', 2)\n",
    "retries.md": "place = dict\n",
    "toxiproxy.md": "",
}
"""What a page takes as given before its first block."""


class Block(NamedTuple):
    """A fenced block: what its fence says, and what stands in it."""

    info: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of *page*."""
    found = re.findall(r"^```([a-z][^\n]*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(*each) for each in found]


@pytest.fixture(name="address")
def _address() -> Iterator[str]:
    """Run a server where the pages think that one is; yield where it is."""
    with RedisServer(appendonly=True, appendfsync="always", config={"maxmemory-policy": "noeviction"}) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture(name="programs")
def _programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which a reader's programs are: stormproof, pytest and python."""
    folder = tmp_path_factory.mktemp("programs")
    for name, words in {"stormproof": "-P -m stormproof", "pytest": "-m pytest", "python": ""}.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return folder


def run_block(command: list[str], folder: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run one block in *folder*."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
    )


def all_python(blocks: list[Block]) -> str:
    """Return the blocks of Python that are run, and no file of their own, as one program."""
    return "".join(block.text for block in blocks if block.info == "python")


@NEEDS_CLOCK
@pytest.mark.takes_long
@pytest.mark.parametrize("guide", GUIDES, ids=lambda page: page.stem)
def test_a_guide_can_be_followed(guide: Path, address: str, programs: Path, tmp_path: Path) -> None:
    """Each block in its turn: files are written, commands end as their fence says, Python raises nothing."""
    done: list[Block] = []
    for block in (Block(info, text.replace(SHOWN_ADDRESS, address)) for info, text in blocks_of(guide)):
        kind, _, rest = block.info.partition(" ")
        if rest.startswith("file "):
            (tmp_path / rest.removeprefix("file ")).write_text(block.text, encoding="utf-8")
        elif kind in {"python", "sh"}:
            done.append(block)
            command = [sys.executable, "-c", block.text] if kind == "python" else ["bash", "-euc", block.text]
            wanted = int(rest.removeprefix("exit ") or 0)
            seen = run_block(command, tmp_path, programs)
            assert seen.returncode == wanted, f"{block.text}\n{seen.stdout}\n{seen.stderr}"
        else:
            assert kind == "text", f"a block that nobody runs: {block.info}"
    assert done or guide.stem == "troubleshooting"


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_the_python_of_a_page_runs(name: str, address: str, programs: Path, tmp_path: Path) -> None:
    """All blocks of a page are one program, behind what the page takes as given."""
    (tmp_path / "config").symlink_to(ROOT / "examples" / "config")
    (tmp_path / "audit").mkdir()
    program = f"{GIVEN[name]}{all_python(blocks_of(DOCS / name))}".replace(SHOWN_ADDRESS, address)
    seen = run_block([sys.executable, "-c", program], tmp_path, programs)
    assert seen.returncode == 0, seen.stderr


def test_no_page_has_python_that_nobody_runs() -> None:
    """The line protocol's is run by its own tests, since it wants Node."""
    told = {page.name for page in DOCS.glob("*.md") if all_python(blocks_of(page))}
    assert told - {"line-protocol.md"} == set(GIVEN)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda page: page.stem)
def test_what_a_guide_tells_to_call_is_there(guide: Path) -> None:
    """Each function that a sentence of a guide names with its brackets stands in the tree."""
    prose = re.sub(r"^```.*?^```$", "", guide.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = {name for code in re.findall(r"`([^`\n]+)`", prose) for name in re.findall(r"(\w+)\(", code)}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "safety_core").rglob("*.py"))
    explained = set(re.findall(r"(?:def|class) (\w+)", code)) | {"guard", "make", "effect", "reconcile"}
    assert named <= explained
