"""A Redis that is not ours, as in staging: TLS with a certificate of its own, a password, and keys of other people.

It is started past the harness, which must find nothing of ours in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import redis

from harness import clock
from harness.processes.child import spawn
from harness.redis_server.port import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGIN_WORD = "correcthorse"
_DEADLINE_S = 20.0


@dataclass(frozen=True)
class Foreign:
    """The server.

    Attributes:
        url: With the password.
        target: As ``--allow-target`` names it.
        process: Its process.
    """

    url: str
    target: str
    process: subprocess.Popen[bytes]

    def client(self) -> redis.Redis:
        """Return a client of it."""
        return redis.Redis.from_url(self.url)

    def seen(self) -> dict[str, Any]:
        """Return every key with its value, and every directive."""
        with self.client() as client:
            keys = {key: client.get(key) for key in sorted(client.keys())}
            return {"keys": keys, "config": client.config_get("*")}


@contextmanager
def foreign_redis(folder: Path) -> Iterator[Foreign]:
    """Start one, with two keys of somebody else; skip where it cannot be had."""
    server, openssl = _server_with_tls(), shutil.which("openssl")
    if server is None or openssl is None:
        pytest.skip("a redis-server that was built with TLS, and openssl, are wanted on PATH")
    _certify(openssl, folder)
    port = free_port()
    config = folder / "staging.conf"
    config.write_text(
        f"port 0\ntls-port {port}\nbind 127.0.0.1\ntls-auth-clients no\nrequirepass {LOGIN_WORD}\n"
        f"tls-cert-file {folder}/cert.pem\ntls-key-file {folder}/key.pem\ntls-ca-cert-file {folder}/cert.pem\n"
        f"dir {folder}\nsave ''\nappendonly yes\nappendfsync always\n"
    )
    process = spawn([server, str(config)], log=folder / "staging.log")
    foreign = Foreign(
        f"rediss://:{LOGIN_WORD}@127.0.0.1:{port}/0?ssl_ca_certs={folder}/cert.pem", f"127.0.0.1:{port}", process
    )
    try:
        _await(foreign)
        with foreign.client() as client:
            client.set("somebody's", "key")
            client.set("order-book", "of others")
        yield foreign
    finally:
        process.kill()
        process.wait()


def _server_with_tls() -> str | None:
    """Return the first redis-server on PATH that knows the directive; that of a wheel may stand before it."""
    for folder in os.get_exec_path():
        server = shutil.which("redis-server", path=folder)
        if server is not None:
            refused = subprocess.run([server, "--tls-port", "none"], capture_output=True, text=True, check=False)
            if "Bad directive" not in refused.stdout + refused.stderr:
                return server
    return None


def _certify(openssl: str, folder: Path) -> None:
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=staging"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem")]
    subprocess.run([*command, "-out", str(folder / "cert.pem")], check=True, capture_output=True, env={**os.environ})


def _await(foreign: Foreign) -> None:
    deadline_ns = clock.elapsed_ns() + int(_DEADLINE_S * 1e9)
    while True:
        try:
            with foreign.client() as client:
                client.ping()
                return
        except redis.RedisError:
            if foreign.process.poll() is not None or clock.elapsed_ns() > deadline_ns:
                raise
            clock.pause_s(0.01)
