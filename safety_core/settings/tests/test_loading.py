"""What a file and the environment may say, and what is said about what they may not."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.configuration import read_yaml
from safety_core.settings import FLAGS, NEEDS, PREFIX, ConfigError, Settings, is_on, load_settings
from safety_core.settings.sections import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

SHIPPED = Path(__file__).parents[3] / "config/config.yaml"

DEFAULTS = {
    "retry.max_attempts": 3,
    "retry.cooldown_seconds": 60,
    "retry.exponential_backoff": True,
    "retry.max_cooldown_seconds": 3600,
    "retry.audit_log_path": "logs/job_retry_audit",
    "retry.redis.namespace": "idempotency",
    "retry.redis.ttl_seconds": 259200,
    **dict.fromkeys(FLAGS, False),
}

WRONG = {
    "a text for a number": ("retry: {max_attempts: '3'}", "retry.max_attempts is '3'; expected a whole number"),
    "a text for a flag": ("adaptive: {enabled: 'yes'}", "adaptive.enabled is 'yes'; expected true or false"),
    "a number for a flag": ("hybrid: {enabled: 1}", "hybrid.enabled is 1; expected true or false"),
    "a number for a section": ("retry: 3", "retry is 3; expected keys below it"),
    "a misspelt key": ("retry: {max_atempts: 3}", "retry.max_atempts is not known; did you mean max_attempts?"),
    "a key of nobody": ("runtime: {zzz: 1}", "runtime.zzz is not known; expected some of: redis_checks"),
    "out of range": ("retry: {max_attempts: -1}", "max_attempts is -1; expected a number between 0"),
    "no number at all": ("retry: {cooldown_seconds: .nan}", "cooldown_seconds is nan; expected a number"),
    "an empty name": ("retry: {redis: {namespace: ''}}", "retry.redis.namespace is ''; expected a text"),
    "no time to live": ("retry: {redis: {ttl_seconds: 0}}", "retry.redis.ttl_seconds is 0; expected a number"),
    "alerts without a breaker": (
        "retry: {circuit_breaker_alerts: true}",
        "retry.circuit_breaker_alerts is true, and needs retry.circuit_breaker.enabled: true",
    ),
    "two values for one thing": ("redis_safety: {ttl_seconds: 60}", "redis_safety.ttl_seconds is 60, and"),
}


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    """Return a writer of configuration files."""

    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def values(found: Settings) -> dict[str, Any]:
    """Return every key with its value, by dotted name."""

    def value(key: str) -> Any:
        held: Any = found
        for name in key.split("."):
            held = getattr(held, name)
        return held

    return {key: value(key) for key, kind in KEYS.items() if kind is not None and key != "redis_url"}


def test_shipped_file_says_the_defaults_and_every_key() -> None:
    """Nobody has to read code to know what may be set, and copying the file changes nothing."""
    assert values(load_settings(SHIPPED)) == values(load_settings()) == DEFAULTS
    held = read_yaml(SHIPPED)
    for key, default in DEFAULTS.items():
        below: Any = held
        for name in key.split("."):
            below = below[name]
        assert below == default, key


@pytest.mark.parametrize("case", WRONG)
def test_wrong_key_value_or_combination_is_named(case: str, config: Callable[[str], Path]) -> None:
    """The message says where, what stands there, and what was expected, in one line."""
    text, expected = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        load_settings(config(text))
    assert "config.yaml" in str(caught.value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_old_configuration_keeps_working(config: Callable[[str], Path]) -> None:
    """Sections of others are not looked into, whatever stands there."""
    old = config("trading: {max_attempts: 'x', nested: [1, {a: b}]}\nlogging: null\n3: x\nretry: {max_attempts: 5}\n")
    assert values(load_settings(old)) == {**DEFAULTS, "retry.max_attempts": 5}


def test_environment_outranks_the_file(config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Key by key: what the environment does not name stays as the file says."""
    path = config("retry: {max_attempts: 5, cooldown_seconds: 7, metrics: {enabled: true}}")
    monkeypatch.setenv(f"{PREFIX}RETRY__MAX_ATTEMPTS", "9")
    monkeypatch.setenv(f"{PREFIX}RETRY__CIRCUIT_BREAKER__ENABLED", "true")
    found = load_settings(path)
    assert (found.retry.policy.max_attempts, found.retry.policy.cooldown_seconds) == (9, 7.0)
    assert is_on(found, "retry.circuit_breaker.enabled")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("RETRY__MAX_ATEMPTS", "1", "did you mean SAFETY_CORE_RETRY__MAX_ATTEMPTS?"),
        ("RETRY__MAX_ATTEMPTS", "many", "retry.max_attempts is 'many'; expected a whole number"),
        ("ADAPTIVE__ENABLED", "maybe", "adaptive.enabled is 'maybe'; expected true or false"),
        ("HYBRID__ENABLED", "true", "hybrid.enabled is true, and needs adaptive.enabled: true"),
        ("RETRY", "{", "expected JSON"),
    ],
)
def test_wrong_variable_is_named(name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt switch that is silently off could be taken for one that is on."""
    monkeypatch.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_redis_url_comes_from_its_plain_name(config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """`settings.REDIS_URL`, as applications have it; the longer name outranks it; no file holds a password."""
    assert load_settings(config("redis_url: redis://file")).REDIS_URL is None
    monkeypatch.setenv("REDIS_URL", "redis://plain")
    assert load_settings().REDIS_URL == "redis://plain"
    monkeypatch.setenv(f"{PREFIX}REDIS_URL", "redis://ours")
    assert load_settings().REDIS_URL == "redis://ours"


def test_what_is_set_reaches_guard_and_policy(config: Callable[[str], Path]) -> None:
    """The settings of both are made of the section, so that there is no second place to set them."""
    found = load_settings(config("retry: {max_cooldown_seconds: 90, redis: {namespace: live, ttl_seconds: 60}}"))
    assert (found.guard.namespace, found.guard.retention_s) == ("live", 60.0)
    assert found.retry.policy.max_cooldown_seconds == 90.0


def test_every_flag_needs_what_its_row_says(config: Callable[[str], Path]) -> None:
    """Each one alone is refused, and with all that it needs is taken."""
    for flag in NEEDS:
        with pytest.raises(ConfigError, match=f"{flag} is true, and needs"):
            load_settings(config(_nested({flag: True})))
        wanted = {flag}
        while more := {need for one in wanted for need in NEEDS.get(one, ())} - wanted:
            wanted |= more
        found = load_settings(config(_nested(dict.fromkeys(wanted, True))))
        assert {name for name in FLAGS if is_on(found, name)} == wanted


def _nested(flags: dict[str, Any]) -> str:
    held: dict[str, Any] = {}
    for flag, value in flags.items():
        *above, last = flag.split(".")
        below = held
        for name in above:
            below = below.setdefault(name, {})
        below[last] = value
    return yaml.safe_dump(held)


_SAID: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(FLAGS), st.sampled_from([True, False, "true", "on", 1, None, "", 0, [], {}]), max_size=9
)
_FOREIGN: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).filter(
        lambda name: name not in {*Settings.model_fields, "redis_safety"}
    ),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists),
    max_size=4,
)
_ENVIRONMENT = st.dictionaries(
    st.sampled_from(FLAGS), st.sampled_from(["true", "false", "1", "0", "on", "", "enabled", "null"]), max_size=9
)
_TRUE = {"true", "1", "on"}


@settings(max_examples=100, deadline=None)
@given(said=_SAID, foreign=_FOREIGN, environment=_ENVIRONMENT)
def test_defaults_are_safe_under_every_file_and_environment(
    tmp_path_factory: pytest.TempPathFactory,
    said: dict[str, Any],
    foreign: dict[str, Any],
    environment: dict[str, str],
) -> None:
    """A flag is on only where a true stands for it, and never without what it needs; else one line says why."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(foreign) + (_nested(said) if said else ""), encoding="utf-8")
    named = {f"{PREFIX}{flag.upper().replace('.', '__')}": value for flag, value in environment.items()}
    with patch.dict("os.environ", named):
        try:
            found = load_settings(path)
        except ConfigError as error:
            refusal = str(error)
        else:
            refusal = ""
    if refusal:
        assert said or environment, "what is foreign is never an error"
        assert "\n" not in refusal
        return
    for flag in FLAGS:
        wanted = environment[flag] in _TRUE if flag in environment else said.get(flag) is True
        assert is_on(found, flag) is wanted
    assert all(is_on(found, need) for flag in NEEDS if is_on(found, flag) for need in NEEDS[flag])


def test_nothing_is_on_where_nothing_is_said() -> None:
    """Every pair of sections may be there and empty."""
    names = [name for name in Settings.model_fields if name != "redis_url"]
    for pair in itertools.combinations(names, 2):
        found = Settings.model_validate({name: {} for name in pair})
        assert not any(is_on(found, flag) for flag in FLAGS)
