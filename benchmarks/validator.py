"""How often the validator waits for the server: packets on the wire, its connection included.

Counted, not timed, so that nothing else on the machine matters. The fewest possible is one: everything in one packet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.rows import Row, spread_of
from benchmarks.workload import WrongAnswerError
from harness.redis_server.server import RedisServer
from safety_core.runtime_checks import Level, RedisRuntimeValidator
from safety_core.tests.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rows import Effort

NAME = "validator-round-trips"

_FEWEST, _MORE = 1, 1
_LOOKS = 7
_USER, _PASSWORD = "checker", "pw"


def round_trips(effort: Effort) -> list[Row]:
    """Count the packets of looks at a sound server, as the default user and with a password."""
    rows = []
    with RedisServer(appendonly=True, appendfsync="always") as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", _USER, "reset", "on", f">{_PASSWORD}", "~*", "+@all")
        for case, user in (("no password", ""), ("user and password", f"{_USER}:{_PASSWORD}@")):
            more = [packets - _FEWEST for packets in _looks(server.port, user, effort.scaled(_LOOKS))]
            rows.append(
                Row(
                    benchmark=NAME,
                    case=f"{case}: round trips of a look beyond the fewest possible ({_FEWEST})",
                    ratio=spread_of(more),
                    limit=_MORE,
                    note=f"{max(more) + _FEWEST} in all, the connection included",
                    figures={"round_trips": max(more) + _FEWEST},
                )
            )
    return rows


def _looks(port: int, user: str, looks: int) -> Iterator[int]:
    """Yield how many packets each look sent."""
    for _ in range(looks):
        with Relay(port) as relay:
            report = RedisRuntimeValidator(relay.url.replace("redis://", f"redis://{user}")).validate_on_startup()
            if report.level is not Level.OK:
                raise WrongAnswerError(f"the validator said {report.level} of a sound server: {report.sentences}")
            yield relay.packets
