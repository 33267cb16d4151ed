"""An external server is used gently: only named keys go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.redis_server.errors import RedisUnavailableError
from harness.redis_server.external import ExternalRedis

if TYPE_CHECKING:
    from harness.redis_server.server import RedisServer


def test_only_named_keys_are_removed(redis_server: RedisServer) -> None:
    """Clean-up unlinks the run's keys, over several batches, and nothing else."""
    client = redis_server.client()
    ours = [f"run-1:{number}" for number in range(1200)]
    client.mset(dict.fromkeys([*ours, "theirs"], "x"))
    with ExternalRedis(redis_server.tcp_url) as external:
        assert external.remove_keys([*ours, "never-made"]) == len(ours)
    assert client.keys() == [b"theirs"]


def test_external_identity_has_no_digest(redis_server: RedisServer) -> None:
    """Name, version and run id are asked of the server; its file is not ours to hash."""
    with ExternalRedis(redis_server.url) as external:
        told, known = external.identity(), redis_server.identity()
    assert (told.name, told.version, told.run_id) == (known.name, known.version, known.run_id)
    assert told.sha256 is None
    assert not external.has_clock


def test_unreachable_server_is_unavailable(redis_server: RedisServer) -> None:
    """A server that does not answer ends with exit status 3, and a password stays out of the message."""
    redis_server.kill()
    url = f"redis://user:secret@127.0.0.1:{redis_server.port}"
    with pytest.raises(RedisUnavailableError) as caught, ExternalRedis(url):
        pass
    assert caught.value.exit_code == 3
    assert "secret" not in str(caught.value)
