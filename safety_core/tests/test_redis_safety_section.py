"""The section `redis_safety` of a YAML file: guard and validator get what it says, or there is a clear error."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from safety_core.configuration import ConfigError, read_yaml
from safety_core.idempotency import GuardSettings, Mode
from safety_core.runtime_checks import Expected, RedisSafetySection

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[2] / "examples/config/config.yaml"

WRONG = {
    "misspelt-key": ("headrom: 0.1", "redis_safety.headrom is not known; did you mean headroom?"),
    "foreign-key": ("color: red", "redis_safety.color is not known; expected some of: namespace, ttl_seconds"),
    "number-for-text": ("namespace: 7", "redis_safety.namespace is 7; expected a text"),
    "text-for-number": ("headroom: much", "redis_safety.headroom is 'much'; expected a number"),
    "truth-for-number": ("ttl_seconds: yes", "redis_safety.ttl_seconds is True; expected a number"),
    "truth-for-whole": ("wait_replicas: true", "redis_safety.wait_replicas is True; expected a whole number"),
    "part-for-whole": ("wait_replicas: 1.5", "redis_safety.wait_replicas is 1.5; expected a whole number"),
    "nothing-for-number": ("ttl_seconds:", "redis_safety.ttl_seconds is None; expected a number"),
    "text-for-list": (
        "accepted_eviction_policies: volatile-lru",
        "redis_safety.accepted_eviction_policies is 'volatile-lru'; expected a list of texts",
    ),
    "numbers-in-list": ("accepted_eviction_policies: [1]", "expected a list of texts"),
    "part-above-1": ("headroom: 1.5", "headroom is 1.5; expected a part of the memory"),
    "no-time": ("ttl_seconds: 0", "ttl_seconds is 0.0; expected a number above 0"),
    "endless-time": ("ttl_seconds: .inf", "ttl_seconds is inf; expected a number above 0"),
    "no-budget": ("memory_budget_mb: -1", "memory_budget_mb is -1.0; expected a number above 0"),
    "no-redelivery": ("redelivered_within_s: 0", "redelivered_within_s is 0.0; expected a number above 0"),
    "unknown-mode": ("mode: careful", "mode is 'careful'; expected one of: strict, fast, durable"),
    "nobody-waits": ("wait_replicas: 1", "wait_replicas is 1; only a guard with mode: durable waits"),
    "keeps-everything": ("accepted_eviction_policies: [noeviction]", "'noeviction'; expected one that evicts"),
    "empty-namespace": ('namespace: ""', "namespace is ''; expected a string that is not empty"),
    "empty-folder": ('audit_folder: ""', "audit_folder is ''; expected a folder"),
    "twice": ("headroom: 0.1\n  headroom: 0.2", "the key 'headroom' stands there twice"),
}
WRONG_FILES = {
    "list": (b"- redis_safety", "holds list; expected sections"),
    "no-keys": (b"redis_safety: on", "redis_safety is True; expected keys below it"),
    "no-yaml": (b"redis_safety: [", "is no YAML"),
    "no-such-day": (b"redis_safety: 2026-02-31", "is no YAML"),
    "object": (b"redis_safety: !!python/object/apply:os.getcwd []", "is no YAML"),
    "no-text": (b"\xff\xfe", "is no UTF-8 text"),
    "bottomless": (b"[" * 100_000, "is nested too deeply"),
}


@pytest.fixture
def section(tmp_path: Path) -> Callable[[str], RedisSafetySection]:
    """Return what reads a section from a file."""

    def read(lines: str) -> RedisSafetySection:
        path = tmp_path / "config.yaml"
        path.write_text(f"other: 1\nredis_safety:\n  {lines}\n", encoding="utf-8")
        return RedisSafetySection.from_file(path)

    return read


def test_example_names_every_key_and_can_be_used() -> None:
    """Whoever copies it has all there is to say."""
    assert read_yaml(EXAMPLE)["redis_safety"].keys() == {field.name for field in fields(RedisSafetySection)}
    asked = RedisSafetySection.from_file(EXAMPLE)
    assert asked.settings.retention_s == 72 * 3600
    assert asked.expected.needed_bytes is not None
    assert asked.expected.budget_bytes == 100 * 1024 * 1024 > asked.expected.needed_bytes


def test_what_the_file_says_reaches_guard_and_validator(section: Callable[[str], RedisSafetySection]) -> None:
    """Both get the same settings, so that no server is judged by another retention than the guard keeps."""
    guard = "namespace: live\n  ttl_seconds: 60\n  mode: durable\n  wait_replicas: 2\n  redelivered_within_s: 30"
    memory = "memory_budget_mb: 1\n  headroom: 0.3\n  records_per_s: 2\n  record_bytes: 512"
    others = "accepted_eviction_policies: [volatile-lru]\n  max_lag_s: 3\n  audit_folder: audit"
    asked = section(f"{guard}\n  {memory}\n  {others}")
    assert asked.settings == GuardSettings(namespace="live", retention_s=60.0, mode=Mode.DURABLE, wait_replicas=2)
    assert asked.expected == Expected(
        settings=asked.settings,
        redelivered_within_s=30.0,
        budget_bytes=1024 * 1024,
        headroom=0.3,
        records_per_s=2.0,
        record_bytes=512,
        accepted_policies=("volatile-lru",),
        max_lag_s=3.0,
    )
    assert asked.audit_folder == "audit"


def test_file_without_the_section_means_the_defaults(tmp_path: Path) -> None:
    """As an empty file does."""
    for text in ("", "other: 1\n", "redis_safety: {}\n"):
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        assert RedisSafetySection.from_file(tmp_path / "config.yaml") == RedisSafetySection()


@pytest.mark.parametrize("case", WRONG)
def test_wrong_key_or_value_is_named(case: str, section: Callable[[str], RedisSafetySection]) -> None:
    """The message says where, what stands there, and what was expected, in one line."""
    lines, expected = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        section(lines)
    assert "config.yaml" in str(caught.value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", WRONG_FILES)
def test_file_that_is_no_configuration_is_refused(case: str, tmp_path: Path) -> None:
    """Nothing in it is executed, and nothing is guessed."""
    held, expected = WRONG_FILES[case]
    (tmp_path / "config.yaml").write_bytes(held)
    with pytest.raises(ConfigError, match=expected):
        RedisSafetySection.from_file(tmp_path / "config.yaml")


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """So is a folder in its place."""
    for path in (tmp_path / "config.yaml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            RedisSafetySection.from_file(path)
