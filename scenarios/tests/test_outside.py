"""What a promise leaves out is left out of stories too, and never what its own validator did not warn of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.redis_server.choice import parse_choice
from harness.redis_server.server import RedisServer
from harness.subjects.loading import load_subject
from scenarios import stage
from scenarios.kinship import outside_of
from scenarios.registry import STORIES
from scenarios.storybook import tell
from scenarios.validator_word import flagged

if TYPE_CHECKING:
    from pathlib import Path


def test_a_real_fault_is_outside_where_its_kind_is() -> None:
    """The reason is that of the explorer's kind; what has no kind there stays inside."""
    outside = {"evict": "AS3", "restart_losing:1": "trusts Redis"}
    assert outside_of(outside, ("eviction", "aof_tail_cut", "oom")) == {
        **outside,
        "eviction": "AS3",
        "aof_tail_cut": "trusts Redis",
    }


def test_the_validator_warns_of_a_server_that_evicts() -> None:
    """It names the level and the check; of a sound policy it says nothing."""
    with RedisServer(config={"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru"}) as server:
        assert flagged(server.url, "eviction").startswith("the validator says CRITICAL eviction")
    with RedisServer() as server:
        assert not flagged(server.url, "eviction")


@pytest.mark.parametrize("warns", [True, False])
def test_evicted_claims_are_outside_only_where_the_validator_warned(
    warns: bool, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A validator that stays silent takes the reference's excuse away."""
    if not warns:
        monkeypatch.setattr(stage, "flagged", lambda _url, _check: "")
    record = tell(STORIES["claims_evicted"], tmp_path, load_subject("reference"), parse_choice("embedded"), seed)
    assert ("eviction" in record.outside) is warns
