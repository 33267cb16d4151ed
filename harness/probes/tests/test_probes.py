"""Probes read what is so, limits say when that is too much, and a watch keeps the worst."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from harness.errors import WrongInputError
from harness.nemesis import latency, server_kill
from harness.nemesis.tests.sites import durable_server, proxied_server
from harness.nemesis.waiting import until
from harness.probes.limits import BreachedError, parse_limit
from harness.probes.registry import ALL
from harness.probes.watch import BEFORE, DURING, Watch
from harness.redis_server.redis_py import info
from harness.venue.process import VenueProcess

if TYPE_CHECKING:
    import redis

    from harness.nemesis.site import Site


def measured(site: Site) -> dict[str, float | None]:
    """Return what every probe reads."""
    return {name: probe.measure(site) for name, probe in ALL.items()}


def connections(client: redis.Redis) -> int:
    """Return how many the server has."""
    return int(str(info(client, "clients")["connected_clients"]))


def test_probes_read_a_site_that_is_well() -> None:
    """A PING is quick, none fails, and keys and effects are counted."""
    with durable_server() as site, VenueProcess() as venue:
        site.venue = venue
        venue.client().effect("order", {})
        seen = measured(site)
        slow = seen.pop("latency_ms")
        assert slow is not None
        assert 0 < slow < 1000
        assert seen == {"error_rate": 0, "key_count": 1, "book_growth": 1}


def test_probes_read_a_server_that_is_dead() -> None:
    """Nobody answers: the longest wait, every PING failed, and no number of keys."""
    with durable_server() as site, server_kill.inject(site):
        assert measured(site) == {"latency_ms": 2000, "error_rate": 1, "key_count": None, "book_growth": None}


def test_latency_is_that_of_the_workers_way() -> None:
    """What slows the workers down is seen, though the server itself is quick."""
    with proxied_server() as site, latency.inject(site, milliseconds=60):
        slow = ALL["latency_ms"].measure(site)
        assert slow is not None
        assert slow >= 60


def test_the_first_breach_ends_a_run_and_the_worst_is_kept() -> None:
    """A limit that is passed raises; what was seen before and during stands beside each other."""
    with proxied_server() as site:
        watch = Watch(site, [parse_limit("latency_ms > 50")])
        watch.look(BEFORE)
        watch.look(DURING)
        with latency.inject(site, milliseconds=60), pytest.raises(BreachedError, match=r"latency_ms was .* > 50"):
            watch.look(DURING)
        before, during = (watch.readings[when]["latency_ms"] for when in (BEFORE, DURING))
        assert before is not None
        assert during is not None
        assert before < 50 < during
        assert "key_count before 1, during 1" in watch.sentence()


def test_a_breach_is_told_before_anything_else_is_read() -> None:
    """What comes behind the probe that is past its limit is left unread."""
    with proxied_server() as site:
        watch = Watch(site, [parse_limit("error_rate < 1")])
        with pytest.raises(BreachedError, match="error_rate was 0"):
            watch.look(BEFORE)
        assert "error_rate before 0; key_count before unread" in watch.sentence()


def test_pings_of_the_error_rate_wait_for_their_way_together() -> None:
    """While the first waits for its answer, all the others are on their way."""
    with proxied_server() as site, ThreadPoolExecutor(1) as aside:
        assert site.server is not None
        client = site.server.client()
        before = connections(client)
        with latency.inject(site, milliseconds=300):
            reading = aside.submit(ALL["error_rate"].measure, site)
            until(lambda: connections(client) >= before + 4, "four connections at once")
            assert reading.result() == 0


def test_a_lower_limit_is_passed_from_above() -> None:
    """Too few keys is a breach too; what could not be read is none."""
    limit = parse_limit("key_count<2")
    limit.check({"key_count": 2})
    limit.check({"key_count": None})
    with pytest.raises(BreachedError):
        limit.check({"key_count": 1})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("latency_ms=3", "expected PROBE>FIGURE"),
        ("latency_ms>soon", "expected PROBE>FIGURE"),
        ("load>3", "there is no probe load; expected one of: latency_ms, error_rate, key_count, book_growth"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    """One line says what was expected."""
    with pytest.raises(WrongInputError, match=said):
        parse_limit(text)
