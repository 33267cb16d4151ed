"""What ended connections have carried, in the words of Toxiproxy's ``-proxy-metrics``. Counts; decides nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.connection import Connection
    from harness.toxiproxy.embedded.proxy import Proxy

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
_LONG = 7
_HANDLER = "promhttp_metric_handler_errors_total"
_HELP = "Total number of internal errors encountered by the promhttp metric handler."


class Metrics:
    """Two counters for each direction of each proxy."""

    def __init__(self) -> None:
        self._received: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()

    def count(self, proxy: Proxy, connection: Connection) -> None:
        """Add what *connection*, which has ended, carried."""
        ends = f'listener="{proxy.listen}",proxy="{proxy.name}",upstream="{proxy.upstream}"'
        for direction, link, target in (
            ("upstream", connection.upstream, connection.server),
            ("downstream", connection.downstream, connection.client),
        ):
            labels = f'direction="{direction}",{ends}'
            self._received[labels] += link.received
            self._sent[labels] += target.sent

    def text(self) -> str:
        """Return the counters as Prometheus reads them."""
        lines = [f"# HELP {_HANDLER} {_HELP}", f"# TYPE {_HANDLER} counter"]
        lines += [f'{_HANDLER}{{cause="{cause}"}} 0' for cause in ("encoding", "gathering")]
        for name, counter in (("received", self._received), ("sent", self._sent)):
            metric = f"toxiproxy_proxy_{name}_bytes_total"
            if counter:
                lines += [f"# HELP {metric} ", f"# TYPE {metric} counter"]
            lines += [f"{metric}{{{labels}}} {_count(value)}" for labels, value in sorted(counter.items())]
        return "\n".join(lines) + "\n"


def _count(value: int) -> str:
    """Return a count as Go writes a number of its kind: from a million on with an exponent, no digit left out."""
    digits = str(value)
    if len(digits) < _LONG:
        return digits
    mantissa = f"{digits[0]}.{digits[1:]}".rstrip("0").rstrip(".")
    return f"{mantissa}e+{len(digits) - 1:02d}"
