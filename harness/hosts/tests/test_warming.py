"""A forked process finds what clients import and read late, in the process that it was forked from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from harness.explorer.proxy.supply import Forker, python_argv

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.proxy.lines import Lines

GUARD = """
import redis, sys

BEFORE = set(sys.modules)
read = []
sys.addaudithook(lambda event, told: read.append(str(told[0])) if event == "open" else None)

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)
    try:
        client.ping()
    except redis.ConnectionError:
        pass
    imported = sorted(set(sys.modules) - BEFORE)
    return lambda key, payload, effect: [*imported, *read]
"""


def heard(lines: Lines) -> dict[str, Any]:
    """Return the next message of a program."""
    while (message := lines.pop()) is None:
        lines.feed()
    return message


def test_a_new_client_has_nothing_left_to_import_or_to_read(tmp_path: Path) -> None:
    """The module of the guard is executed anew; its client is made and connects without an import or an open file."""
    guard = tmp_path / "guard.py"
    guard.write_text(GUARD, encoding="utf-8")
    forker = Forker(python_argv("", f"{guard}:make", again=False), log=tmp_path / "log", env=os.environ)
    try:
        _, lines = forker.start()
        lines.say(do="init", id=1, redis_url="redis://127.0.0.1:1/0", lease_s=1.0)
        assert heard(lines)["say"] == "ready"
        lines.say(do="call", id=2, key="k", payload={})
        answer = heard(lines)
        lines.close()
    finally:
        forker.close()
    assert (answer["say"], answer["result"]) == ("result", [])
