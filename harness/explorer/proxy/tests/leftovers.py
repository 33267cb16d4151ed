"""Looks for what a run may have left behind: processes that name a test's folder, and folders that nobody holds."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.processes.child import is_running

if TYPE_CHECKING:
    from collections.abc import Iterator


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of the running processes that name *folder*, whoever their parent is."""
    found = []
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = words.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if str(folder) in line and is_running(int(words.parent.name)):
                found.append(line)
    return found


@pytest.fixture
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """Fail a test after which a process is left that was given a file of its folder."""
    yield
    assert processes_of(tmp_path) == []
