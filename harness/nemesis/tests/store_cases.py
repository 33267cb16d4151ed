"""Servers that come back with less than they had, and operators who do what they should not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from harness.nemesis import (
    aof_corrupt,
    aof_tail_cut,
    clock_jump,
    config_forbidden,
    flushall,
    key_deleted,
    loading,
    noscript,
    restart_empty,
    script_flush,
)
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.process_cases import has_kept, is_deaf
from harness.nemesis.tests.sites import (
    KEPT,
    KEY,
    durable_server,
    key_with_an_end,
    missing_clock,
    one_server,
    three_writes,
)

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def is_empty(site: Site) -> None:
    """Assert that the server holds nothing."""
    assert site.the_server.client().dbsize() == 0


def has_lost_two(site: Site) -> None:
    """Assert that of three writes the first is left; the transaction counts as one."""
    client = site.the_server.client()
    assert client.get(KEY) == KEPT
    assert client.exists("second", "third", "with third") == 0
    assert client.set("new", "write")


def is_loading(site: Site) -> None:
    """Assert that a command is answered LOADING."""
    with pytest.raises(redis.exceptions.BusyLoadingError):
        site.the_server.client().get(KEY)


def has_loaded(site: Site) -> None:
    """Assert that all is there, and nothing else."""
    has_kept(site)
    assert site.the_server.client().dbsize() == 1


def knows_no_script(site: Site) -> None:
    """Assert that no script is known, and every key is."""
    client = site.the_server.client()
    assert client.info("memory")["number_of_cached_scripts"] == 0
    has_kept(site)


def knows_scripts_again(site: Site) -> None:
    """Assert that a script can be sent again."""
    client = site.the_server.client()
    assert client.script_exists(str(client.script_load("return 1"))) == [True]


def time_has_passed(site: Site) -> None:
    """Assert that a key whose time was shorter than the jump is gone, and stays gone."""
    assert site.the_server.client().get("short") is None
    has_kept(site)


def refuses_config(site: Site) -> None:
    """Assert that CONFIG is refused, and nothing else."""
    with pytest.raises(redis.exceptions.NoPermissionError):
        site.the_server.client().config_get("save")
    has_kept(site)


def allows_config(site: Site) -> None:
    """Assert that CONFIG is answered."""
    assert site.the_server.client().config_get("maxmemory")


CASES = (
    Case(fault=restart_empty.FAULT, site=durable_server, during=is_empty, after=is_empty),
    Case(
        fault=aof_tail_cut.FAULT,
        site=three_writes,
        during=has_lost_two,
        after=has_lost_two,
        arguments={"writes": 2},
    ),
    Case(fault=aof_corrupt.FAULT, site=three_writes, during=is_deaf, after=has_lost_two, arguments={"writes": 2}),
    Case(
        fault=loading.FAULT,
        site=durable_server,
        during=is_loading,
        after=has_loaded,
        arguments={"longest_s": 20.0},
    ),
    Case(fault=noscript.FAULT, site=durable_server, during=knows_no_script, after=knows_scripts_again),
    Case(fault=script_flush.FAULT, site=one_server, during=knows_no_script, after=knows_scripts_again),
    Case(fault=key_deleted.FAULT, site=one_server, during=is_empty, after=is_empty),
    Case(fault=flushall.FAULT, site=one_server, during=is_empty, after=is_empty),
    Case(fault=config_forbidden.FAULT, site=one_server, during=refuses_config, after=allows_config),
    Case(
        fault=clock_jump.FAULT,
        site=key_with_an_end,
        during=time_has_passed,
        after=time_has_passed,
        missing=missing_clock,
    ),
)
