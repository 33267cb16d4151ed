"""Files of a server: read as writes, and on disks that are too small."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import CouldNotRunError
from harness.nemesis.appended import writes_of
from harness.nemesis.small_disk import SmallDisk
from harness.nemesis.tests.sites import missing_mount
from harness.nemesis.waiting import until

_ROOT = Path(__file__).resolve().parents[3]
_MOUNT_AND_WAIT = """
import sys
from pathlib import Path
from harness.nemesis.small_disk import SmallDisk
SmallDisk(Path(sys.argv[1]), kilobytes=64).mount()
print("mounted", flush=True)
sys.stdin.read()
"""


def _resp(*words: str) -> bytes:
    return f"*{len(words)}\r\n".encode() + b"".join(f"${len(word)}\r\n{word}\r\n".encode() for word in words)


def test_a_file_is_read_as_writes(tmp_path: Path) -> None:
    """A SELECT belongs to the write behind it, a transaction is one write, a remark is none."""
    parts = [
        _resp("SELECT", "0") + _resp("SET", "a", "1"),
        b"#TS:1700000000\r\n" + _resp("MULTI") + _resp("SET", "b", "*3\r\n") + _resp("DEL", "a") + _resp("EXEC"),
        _resp("INCR", "c"),
    ]
    file = tmp_path / "appended"
    file.write_bytes(b"".join(parts))
    writes = writes_of(file)
    assert [str(write) for write in writes] == ["SET a", "SET b; DEL a", "INCR c"]
    assert [write.ends - write.begins for write in writes] == [len(part) for part in parts]
    assert writes[-1].ends == len(b"".join(parts))


def test_a_snapshot_is_not_read_as_writes(tmp_path: Path) -> None:
    """It would be cut at the wrong place."""
    file = tmp_path / "appended"
    file.write_bytes(b"REDIS0009...")
    with pytest.raises(CouldNotRunError, match="expected commands, saw a snapshot"):
        writes_of(file)


def test_a_small_disk_is_full_and_gone(tmp_path: Path) -> None:
    """It takes what fits, hides what was there, and gives it back."""
    _skip_where_nothing_can_be_mounted()
    (tmp_path / "before").touch()
    disk = SmallDisk(tmp_path, kilobytes=64)
    disk.mount()
    assert not (tmp_path / "before").exists()
    assert disk.fill() == 64 * 1024
    with pytest.raises(OSError, match="No space left"):
        (tmp_path / "more").write_bytes(b"data")
    disk.free()
    (tmp_path / "more").write_bytes(b"data")
    disk.unmount()
    disk.unmount()
    assert [path.name for path in tmp_path.iterdir()] == ["before"]


def test_a_killed_harness_leaves_no_disk(tmp_path: Path) -> None:
    """SIGKILL of whoever mounted it: the disk goes all the same."""
    _skip_where_nothing_can_be_mounted()
    with subprocess.Popen(
        [sys.executable, "-c", _MOUNT_AND_WAIT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"mounted\n"
        assert tmp_path.is_mount()
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: not tmp_path.is_mount(), "the disk to go")


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount on PATH that could refuse")
def test_who_may_not_mount_is_told_why(tmp_path: Path) -> None:
    """One line; nothing is left."""
    disk = SmallDisk(tmp_path / "absent", kilobytes=64)
    with pytest.raises(CouldNotRunError, match=r"mount a tmpfs of 64 kB for a disk that is full: .* needs root"):
        disk.mount()
    disk.unmount()


def test_a_machine_without_mount_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word that is missing stands in the line; nothing is left."""
    monkeypatch.setenv("PATH", str(tmp_path))
    disk = SmallDisk(tmp_path / "small", kilobytes=64)
    with pytest.raises(CouldNotRunError, match="there is no `mount`"):
        disk.mount()
    disk.unmount()


def _skip_where_nothing_can_be_mounted() -> None:
    if missing := missing_mount():
        pytest.skip(missing)
