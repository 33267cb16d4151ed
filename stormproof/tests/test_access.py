"""A Redis on which a user may do less than is needed, or that is not ours: what was refused is said, exit code 3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

REFUSED = {"command": "-command", "info": "-info", "evalsha": "-@scripting"}
"""What the user may not do, and the rule that says so."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_user_that_may_not_is_told_what(name: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """The line names the command; no key and no run folder with a verdict is left."""
    where = urlsplit(redis_server.tcp_url).netloc
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">pw", "~*", "+@all", REFUSED[name])
        url = f"redis://limited:pw@{where}"
        said = run(
            tmp_path, "explore", "--subject", "reference", "--faults", "0", "--redis", url, "--allow-target", where
        )
        client.execute_command("ACL", "DELUSER", "limited")
        assert client.keys("*") == []
    assert said.code == 3
    assert said.err.count("\n") == 1
    assert f"'{name}'" in said.err
    assert "pw" not in said.err


SELECTING = """
import redis

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)
    def guard(key, payload, effect):
        client.execute_command("SELECT", 5)
        client.set(key, "elsewhere")
        return effect(payload)
    return guard
"""


@pytest.mark.parametrize("gate", ["greenlet", "proxy"])
def test_another_database_of_an_external_server_is_refused(
    gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Its keys could not be removed, so none is made there."""
    (tmp_path / "guard.py").write_text(SELECTING, "utf-8")
    where = urlsplit(redis_server.tcp_url).netloc
    external = ("--redis", f"redis://{where}", "--allow-target", where)
    said = run(
        tmp_path, "explore", "--subject", "guard.py:make", "--faults", "0", "--gate", gate, "--json", *external
    )
    assert said.code == 3
    assert "selects another database" in said.object["reasons"][0]
    with redis_server.client() as client:
        assert client.info("keyspace") == {}
