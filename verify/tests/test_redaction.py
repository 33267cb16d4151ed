"""A secret that can be known by its name or its place is taken out; what is none stays as it is."""

from __future__ import annotations

import pytest

from verify.redaction import HIDDEN, first_secret, may_hold_secret, redacted, redacted_value, redacted_words

PLANTED_WORD = "hunter2"

PLANTED = [
    "redis://user:hunter2@host:6380/0",
    "rediss://:hunter2@host/0 and more",
    "unix://:hunter2@/tmp/redis.sock",
    "redis://user:hunter2@with-an-at@host/0",
    "--password hunter2",
    "--redis-password=hunter2",
    "connect failed: password=hunter2, retry",
    '{"api_key": "hunter2"}',
    "{'auth_token': 'hunter2'}",
    "https://host/path?access_token=hunter2&x=1",
    "Authorization: Bearer hunter2hunter2",
    "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2",
]

HARMLESS = [
    "same: w0 w0!effect_reply_lost",
    "broken.start_without_token: INVALID by at_most_once",
    "the fence is a number: token: what is handed out",
    "a key idem_token:k0 and a mail to a@b",
    "redis://host:6380/0",
    "basic mechanisms of the bearer",
    '"parts/broken.token_shared": {"history.jsonl": "00"}',
]


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_secret_is_taken_out(text: str) -> None:
    """It is gone, what stands around it is there, and the place of the first is known."""
    assert PLANTED_WORD not in redacted(text)
    assert HIDDEN in redacted(text)
    at = first_secret(text)
    assert at is not None
    assert redacted(text).startswith(text[:at])
    assert may_hold_secret(text.encode())


@pytest.mark.parametrize("text", PLANTED)
def test_taking_out_again_changes_nothing(text: str) -> None:
    """What was taken out is no secret."""
    assert redacted(redacted(text)) == redacted(text)
    assert first_secret(redacted(text)) is None


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    """Names of faults, guards and keys are what a report is made of."""
    assert redacted(text) == text
    assert first_secret(text) is None


def test_words_after_an_option_that_names_a_secret_are_one() -> None:
    """A command is written down word by word."""
    words = ["stormproof", "explore", "--auth-token", "hunter2", "--redis", "redis://:hunter2@host", "--seed", "7"]
    shown = redacted_words(words)
    assert PLANTED_WORD not in " ".join(shown)
    assert shown[-2:] == ["--seed", "7"]


def test_values_are_taken_out_of_json() -> None:
    """By the name of their field, and by what they look like."""
    stored = {"password": "hunter2", "list": ["redis://:hunter2@host", 7], "seed": 7, "token": ""}
    shown = redacted_value(stored)
    assert PLANTED_WORD not in str(shown)
    assert (shown["seed"], shown["list"][1], shown["token"]) == (7, 7, "")
