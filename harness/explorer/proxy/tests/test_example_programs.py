"""The examples in Node and in Go, explored: sound as they are, and caught with the bug that a flag plants."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from harness.explorer.hosting import PROXY, Hosting
from harness.explorer.proxy.tests.held import explore_held
from harness.explorer.tests.exploring import Explored
from harness.hosts.tests.test_examples import BROKEN, NEEDS, built
from harness.redis_server.server import RedisServer
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.takes_long
KINDS = ("reply_lost", "effect_reply_lost")
Example = Callable[..., Explored]


@pytest.fixture(name="explored", scope="module")
def _explored(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Return what explores the example of a language with some flags: once, however often it is asked."""

    @functools.cache
    def command(language: str) -> list[str]:
        return built(language, tmp_path_factory.mktemp(language))

    @functools.cache
    def explored(language: str, *flags: str) -> Explored:
        return explore_example((*command(language), *flags), tmp_path_factory.mktemp("run"))

    return explored


def explore_example(command: tuple[str, ...], folder: Path) -> Explored:
    """Explore a program with two workers."""
    hosting = Hosting(gate=PROXY, command=command)
    with RedisServer() as server:
        return explore_held(server, folder, shlex.join(command), *KINDS, workers=2, hosting=hosting)


@pytest.mark.parametrize("language", NEEDS)
def test_sound_example_holds(language: str, explored: Example) -> None:
    """Lost replies, from Redis and from the venue, and every order of two workers."""
    held = explored(language)
    assert held.judge().verdict is Verdict.VALID
    assert set(held.record.hits) == set(KINDS)


@pytest.mark.parametrize("language", NEEDS)
def test_broken_example_is_caught(language: str, explored: Example) -> None:
    """It repeats an effect that may be done."""
    judgement = explored(language, BROKEN[language]).judge()
    assert judgement.verdict is Verdict.INVALID
    assert {finding.checker for finding in judgement.findings if finding.decides} == {"at_most_once"}


def test_same_guard_in_two_languages_is_explored_alike(explored: Example) -> None:
    """Whatever client sends them, the same commands give as many schedules and classes."""
    node, go = explored("node").record, explored("go").record
    assert (node.schedules, node.classes, node.hits) == (go.schedules, go.classes, go.hits)
