"""Runs pytest as a user does: another process, a folder of its own, the plugin as it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from stormproof.tests.running import TIME_LIMIT_S, Said

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

GOOD = """
import json
import redis

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)

    def guard(key, payload, effect):
        if not client.set("once:" + key, "", nx=True):
            return json.loads(client.get("once:" + key))
        try:
            receipt = effect(payload)
        except Exception:
            # pass it on
            raise
        client.set("once:" + key, json.dumps(receipt))
        return receipt

    return guard

make.promise = "at_most_once"
make.outside = {"conflict": "payloads are not compared"}
"""
"""A guard that keeps its claim, whatever becomes of the effect."""

BROKEN = GOOD.replace("            # pass it on\n", '            client.delete("once:" + key)\n')
"""Its twin gives the claim up when it does not hear of the effect, so that somebody does it again."""


def pytest_command(*words: str, plugins: Collection[str] = ()) -> list[str]:
    """Return the command of pytest with *words*; of what our tests need besides ours, it loads what is named."""
    left_out = {"allure_pytest", "anyio", "asyncio", "cacheprovider", "hypothesispytest"} - set(plugins)
    blocks = [word for name in sorted(left_out) for word in ("-p", f"no:{name}")]
    return [sys.executable, "-P", "-m", "pytest", *blocks, *words]


def run_pytest(folder: Path, *words: str, plugins: Collection[str] = ()) -> Said:
    """Run pytest with *words* in *folder* to its end, without what this session has told its own workers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.run(
        pytest_command(*words, plugins=plugins),
        cwd=folder,
        env={**environment, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    return Said(process.returncode, process.stdout, process.stderr)
