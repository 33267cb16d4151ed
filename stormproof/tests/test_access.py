"""A Redis that lets a user do less than an exploration needs: one line that says what was refused, exit code 3."""

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
