"""``stormproof check-redis`` as a user meets it: exit codes, the table, the JSON object, and whom it may ask."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.redis_server.choice import parse_reading_choice
from harness.redis_server.errors import WrongRedisChoiceError
from harness.redis_server.replication import PrimaryWithReplica
from harness.redis_server.server import RedisServer
from stormproof.documents import ROOT
from stormproof.saying import Exit
from stormproof.tests.running import Said, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRONG = {
    "no-url": ((), "Missing argument"),
    "no-server": (("somewhere",), "redis://HOST:PORT"),
    "not-redis": (("http://127.0.0.1",), "redis://HOST:PORT"),
    "no-port": (("redis://127.0.0.1:port",), "malformed"),
    "no-database": (("redis://127.0.0.1?db=first",), "'db'"),
    "elsewhere": (("redis://db.example",), "--allow-target db.example:6379"),
    "elsewhere-by-address": (("redis://192.0.2.1:7000",), "--allow-target 192.0.2.1:7000"),
    "replicas-of-no-durable-guard": (("redis://127.0.0.1", "--wait-replicas", "1"), "--durable"),
    "negative-replicas": (("redis://127.0.0.1", "--durable", "--wait-replicas", "-1"), "wait_replicas is -1"),
}


WRONG_FILES = {
    "misspelt": ("redis_safety:\n  headrom: 0.1\n", "config.yaml: redis_safety.headrom is not known; did you mean"),
    "wrong-type": ("redis_safety:\n  ttl_seconds: long\n", "redis_safety.ttl_seconds is 'long'; expected a number"),
    "no-yaml": ("redis_safety: [\n", "config.yaml is no YAML"),
    "missing": (None, "config.yaml cannot be read: No such file or directory"),
}


@pytest.fixture(scope="module")
def sound() -> Iterator[RedisServer]:
    """Yield a server of which nothing bad can be said."""
    with RedisServer(appendonly=True, appendfsync="always") as server:
        yield server


def flagged(said: Said) -> dict[str, str]:
    """Return what a JSON report does not call OK."""
    return {row["check"]: row["level"] for row in said.object["findings"] if row["level"] != "OK"}


def run_with(config: Path, lines: str, url: str, *words: str) -> Said:
    """Check a server with what these lines of the section ask, and return the JSON report."""
    config.write_text(f"redis_safety:\n  {lines}\n", encoding="utf-8")
    return run(config.parent, "check-redis", url, "--config", str(config), "--json", *words)


def test_sound_server_ends_with_0(sound: RedisServer, tmp_path: Path) -> None:
    """A table, and not one sentence of complaint; loopback and socket need no permission."""
    for url in (sound.url, sound.tcp_url, sound.tcp_url.replace("127.0.0.1", "localhost")):
        said = run(tmp_path, "check-redis", url)
        assert (said.code, said.err) == (Exit.HELD, "")
        assert said.out.startswith(f"{url}: {sound.binary.name} {sound.binary.version}: OK\n")
        assert "To mend it" not in said.out
    assert list(tmp_path.iterdir()) == []


def test_warning_is_told_and_ends_with_0(tmp_path: Path) -> None:
    """What only a crash of the machine can break does not stop a deployment."""
    with RedisServer(appendonly=True) as server:
        said = run(tmp_path, "check-redis", server.url)
    assert said.code == Exit.HELD
    assert "CONFIG SET appendfsync always (in redis.conf: appendfsync always)" in said.out
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    (sentence,) = (line for line in said.out.splitlines() if line.startswith("WARNING fsync: "))
    assert sentence in readme


def test_unfit_server_ends_with_1(tmp_path: Path) -> None:
    """Each finding has its sentence, in the table's order, and the same in JSON."""
    with RedisServer(config={"maxmemory": "50mb", "maxmemory-policy": "volatile-lru"}) as server:
        said = run(tmp_path, "check-redis", server.url)
        told = run(tmp_path, "check-redis", server.url, "--json")
        assert (told.object["level"], told.object["target"]) == ("CRITICAL", server.url)
    assert (said.code, told.code) == (Exit.VIOLATED, Exit.VIOLATED)
    assert said.out.index("CRITICAL append_only_file: ") < said.out.index("CRITICAL eviction: ")
    assert flagged(told) == {"append_only_file": "CRITICAL", "eviction": "CRITICAL"}
    assert all(row["sentence"] in said.out for row in told.object["findings"] if row["level"] != "OK")


def test_what_cannot_be_seen_ends_with_3(sound: RedisServer, tmp_path: Path) -> None:
    """A user who may not read the settings; the password is used, and never shown."""
    with sound.client() as client:
        client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">secret", "~*", "+@all", "-config")
    url = sound.tcp_url.replace("redis://", "redis://limited:secret@")
    said = run(tmp_path, "check-redis", url)
    assert said.code == Exit.NOT_SHOWN
    assert "UNKNOWN fsync: appendfsync is not known: CONFIG GET appendfsync was refused" in said.out
    told = run(tmp_path, "check-redis", url, "--json")
    assert (told.code, flagged(told)) == (Exit.NOT_SHOWN, {"fsync": "UNKNOWN"})
    assert "secret" not in said.out + said.err + told.out + told.err


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_server_that_does_not_answer_ends_with_3(scheme: str, tmp_path: Path) -> None:
    """One line; with --json an object that says the same."""
    url = f"{scheme}://:secret@127.0.0.1:1"
    said = run(tmp_path, "check-redis", url)
    assert (said.code, said.out, said.err.count("\n")) == (Exit.NOT_SHOWN, "", 1)
    assert "refused" in said.err
    told = run(tmp_path, "check-redis", url, "--json")
    assert (told.code, flagged(told)) == (Exit.NOT_SHOWN, {"reachable": "UNKNOWN"})
    assert "secret" not in said.err + told.out


@pytest.mark.takes_long
def test_server_without_tls_is_not_taken_for_one_with_it(sound: RedisServer, tmp_path: Path) -> None:
    """rediss:// insists on TLS: exit code 3, and nothing is said in the clear."""
    said = run(tmp_path, "check-redis", sound.tcp_url.replace("redis://", "rediss://"))
    assert (said.code, said.out, said.err.count("\n")) == (Exit.NOT_SHOWN, "", 1)


def test_guard_that_waits_changes_what_is_asked_of_the_server(tmp_path: Path) -> None:
    """With its replica confirming, a failover loses nothing; without one there is nobody to wait for."""
    with PrimaryWithReplica(appendonly=True) as pair:
        plain = run(tmp_path, "check-redis", pair.primary.url, "--json")
        waiting = run(tmp_path, "check-redis", pair.primary.url, "--durable", "--wait-replicas", "1", "--json")
        copy = run(tmp_path, "check-redis", pair.replica.url, "--json")
    assert (plain.code, flagged(plain)) == (Exit.HELD, {"fsync": "WARNING", "failover": "WARNING"})
    assert (waiting.code, flagged(waiting)) == (Exit.HELD, {})
    assert (copy.code, flagged(copy)["role"]) == (Exit.VIOLATED, "CRITICAL")


def test_file_says_what_is_asked_of_the_server(sound: RedisServer, tmp_path: Path) -> None:
    """The same server is sound, too small for what is expected, and no place for a guard that waits for a replica."""
    config = tmp_path / "config.yaml"
    asked = run_with(config, "headroom: 0.1", sound.url)
    assert (asked.code, flagged(asked)) == (Exit.HELD, {})
    asked = run_with(config, "memory_budget_mb: 0.001\n  redelivered_within_s: 31536000", sound.url)
    assert (asked.code, flagged(asked)) == (Exit.HELD, {"memory": "WARNING", "retention": "WARNING"})
    asked = run_with(config, "mode: durable\n  wait_replicas: 1", sound.url)
    assert (asked.code, flagged(asked)) == (Exit.VIOLATED, {"replicas": "CRITICAL"})
    asked = run_with(config, "mode: durable\n  wait_replicas: 1", sound.url, "--wait-replicas", "0")
    assert (asked.code, flagged(asked)) == (Exit.HELD, {})


def test_file_names_an_audit_folder_that_is_tried(sound: RedisServer, tmp_path: Path) -> None:
    """A relative one lies where the command is run; a missing one is told even where the server is gone."""
    config = tmp_path / "config.yaml"
    asked = run_with(config, "audit_folder: audit", sound.url)
    assert (asked.code, flagged(asked)) == (Exit.VIOLATED, {"audit_folder": "CRITICAL"})
    gone = run(tmp_path, "check-redis", "redis://127.0.0.1:1", "--config", str(config))
    assert gone.code == Exit.VIOLATED
    assert gone.out.index("UNKNOWN reachable: ") < gone.out.index("CRITICAL audit_folder: ")
    (tmp_path / "audit").mkdir()
    asked = run_with(config, "audit_folder: audit", sound.url)
    assert (asked.code, flagged(asked)) == (Exit.HELD, {})


@pytest.mark.parametrize("number", [0, 1], ids=["in-code", "from-a-file"])
def test_wiring_of_the_page_works_as_it_stands_there(number: int, sound: RedisServer, tmp_path: Path) -> None:
    """Copied from the page into an application, with another URL and file, it gives a guard that works."""
    page = (ROOT / "docs" / "check-redis.md").read_text(encoding="utf-8")
    wiring = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[number]
    (tmp_path / "config.yaml").write_text("redis_safety:\n  namespace: copied\n", encoding="utf-8")
    wiring = wiring.replace("redis://127.0.0.1:6379", sound.url).replace("config/config.yaml", "config.yaml")
    use = 'guard.prepare()\nprint(guard.execute_once("order", "one", lambda claim: 1, payload={}).key)\n'
    done = subprocess.run(
        [sys.executable, "-P", "-c", wiring + use], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("copied:" if number else "idempotency:")


@pytest.mark.parametrize("case", WRONG_FILES)
def test_file_that_cannot_be_used_ends_with_2(case: str, sound: RedisServer, tmp_path: Path) -> None:
    """One line names the place in the file; the server is not asked."""
    text, expected = WRONG_FILES[case]
    if text is not None:
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    said = run(tmp_path, "check-redis", sound.url, "--config", "config.yaml")
    assert (said.code, said.out, said.err.count("\n")) == (Exit.WRONG_INPUT, "", 1)
    assert expected in said.err


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_ends_with_2(case: str, tmp_path: Path) -> None:
    """One line says what was expected; nobody is asked anything."""
    words, expected = WRONG[case]
    said = run(tmp_path, "check-redis", *words)
    assert (said.code, said.out, said.err.count("\n")) == (Exit.WRONG_INPUT, "", 1)
    assert expected in said.err


def test_only_another_machine_needs_permission() -> None:
    """Every loopback address is this machine; a name that merely begins like one is not."""
    for url in ("redis://127.0.0.1", "redis://127.8.0.1:7", "redis://[::1]:7", "redis://LOCALHOST", "unix:///run/r"):
        assert parse_reading_choice(url).url == url
    for url in (
        "redis://127.0.0.1.example",
        "redis://localhost.example:6379",
        "redis://[2001:db8::1]",
        "redis://10.0.0.1",
    ):
        with pytest.raises(WrongRedisChoiceError, match="Nothing would be changed there") as caught:
            parse_reading_choice(url)
        allowed = str(caught.value).rpartition(" ")[2]
        assert parse_reading_choice(url, allow_target=[allowed]).target == allowed
