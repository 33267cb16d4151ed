"""The page of Toxiproxy. Its tables come from the toxics themselves: their fields, and what stands at their head."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import fields
from typing import TYPE_CHECKING

from harness.toxiproxy.choice import FORMS
from harness.toxiproxy.embedded.api import VERSION
from harness.toxiproxy.embedded.toxics.redis_rule import RedisRule, Tally
from harness.toxiproxy.embedded.toxics.registry import TOXICS
from stormproof.markdown import table

if TYPE_CHECKING:
    from collections.abc import Iterator

_ABOUT = f"""\
[Toxiproxy](https://github.com/Shopify/toxiproxy) is a TCP proxy that makes a network bad on request. stormproof
brings a server of its own with the same HTTP API and the same toxics as Toxiproxy {VERSION}, so that network faults
need no further installation. A real Toxiproxy can take its place."""

_CHOOSE = f"""\
`open_toxiproxy(choice)` in [harness/toxiproxy/server.py](../harness/toxiproxy/server.py) gives a server for the
length of a block. The choice is one of: {FORMS}.

```python
from harness.toxiproxy.server import open_toxiproxy

with open_toxiproxy("embedded", run_seed=7) as toxiproxy:
    proxy = toxiproxy.client.create("127.0.0.1:6379", "redis")
    # Connect to proxy.port, send a PING, and then:
    with proxy.toxic("latency", stream="downstream", latency=200):
        ...
    with proxy.down():
        ...
```

`embedded` is our server in a process of its own, on loopback, with a free port for its API. `path`, or a file, is
that `toxiproxy-server`, likewise. Both die with us and leave nothing behind. A server at a URL runs already: it
stays, and so does every proxy that we did not make.

A missing binary or a server that does not answer ends with one line (exit code 3), an unknown choice with exit code
2. Our server can also be started by hand, with Toxiproxy's own flags and config file:
`python -m harness.toxiproxy.embedded -port 8474 -config proxies.json`."""

_CLIENT = """\
Open the connection first, and send a PING on it. A client's connection set-up takes several round trips: a toxic that
was there before strikes those, and never the command that you meant.

The client is toxiproxy-python's, with the same names and arguments. It has not changed since 2019, so every call of
the API is made by us: each client has its own host, an answer is waited for 5 s, every refusal is an error of its
own, toxics can be changed (`update_toxic`), the state is read back after each change, and `down()` fails if the proxy
does not come up again. A misspelt attribute, which Toxiproxy ignores, is an error."""

_TOXICS = """\
All work on `stream` `downstream` (what the server answers; the default) or `upstream` (what clients send), and on
the share `toxicity` of the connections. A proxy that is down (`enabled: false`) closes its connections and refuses
new ones."""

_SAME = """\
One suite, [harness/toxiproxy/tests](../harness/toxiproxy/tests), runs against the real server and the embedded one.
It compares the answers of a long session byte for byte with those of the real server: status, type of the
content, body, error texts. It measures every toxic, and how it heals. CI builds the real server (`.ci/toxiproxy`). To
run the suite against your own, name it: `STORMPROOF_TOXIPROXY=/path/to/toxiproxy-server`."""

_DIFFERENT = (
    (
        "randomness",
        "its `-seed` does nothing",
        "coins and jitter follow from the seed of the run and the number of the connection",
    ),
    (
        "toxicity",
        "the coin is tossed again when a toxic is added or removed beside it",
        "tossed once, and again only when the toxic itself is changed",
    ),
    (
        "`reset_peer` with toxicity below 1",
        "every new connection ends with a reset",
        "only those that it strikes",
    ),
    (
        "a toxic is removed while its reader is slow",
        "may hang (its issue 558)",
        "does not hang, and no byte is lost",
    ),
    ("`slicer` with `average_size` 0", "the server crashes", "nothing is sliced"),
    ("a `PATCH` of a toxic that is refused", "what was read before the mistake is applied", "nothing is applied"),
    (
        "no host, `0.0.0.0` or `[::]` in `listen`",
        "every interface",
        "loopback; other addresses are refused, but the one to which a storm of several machines binds",
    ),
    ("a dead upstream", "while it is dialled, no other client is let in", "other clients are let in"),
    ("`/metrics` with `-runtime-metrics`", "figures of the Go runtime", "none of them"),
    ("type `redis_rule`", "400, `invalid toxic type`", "see below"),
)

_RULE = """\
Toxiproxy sees bytes. The embedded server can also cut them into Redis commands and replies, and strike the one that
is meant: a toxic of the type `redis_rule`, which the real Toxiproxy does not have.

On stream `upstream` it strikes the request, so the command is not applied. On `downstream` it strikes the reply, so
the command was applied. A client that hears nothing cannot tell the two apart, and that is the point."""

_RULE_EXAMPLE = """\
```python
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

with open_toxiproxy("embedded", run_seed=7) as toxiproxy:
    proxy = toxiproxy.client.create("127.0.0.1:6379", "redis")
    rule = proxy.add_toxic(
        type="redis_rule",
        stream="downstream",
        attributes={"command": "SET", "key": "once:*", "nth": 2, "action": "cut"},
    )
    client = redis.Redis(port=proxy.port, retry=Retry(NoBackoff(), 0))
    client.set("once:a", "taken")
    try:
        client.set("once:b", "taken")
    except redis.ConnectionError:
        assert client.get("once:b") == b"taken"  # applied, and only its reply was lost
    assert proxy.get_toxic(rule.name).attributes["struck"] == 1
```"""

_RULE_ENDS = """\
- A rule stands next to the server, behind every other toxic of either direction.
- A command is counted by every rule that it matches, and struck by the first rule that is due. A script, and each
  command of a transaction, is a command.
- `drop` of a request leaves the client without a reply. A client that pipelines would take the next reply for it.
- Rules can be added to a connection that is open. They bite there from the first moment at which every request has
  had its reply.
- A connection that subscribes, monitors, replicates, switches replies off or speaks another protocol passes
  unchanged; it is counted in `unfollowed`."""


def toxiproxy_page() -> Iterator[str]:
    """Yield the parts of the page."""
    yield _ABOUT
    yield "## Choose a server"
    yield _CHOOSE
    yield "## The client"
    yield _CLIENT
    yield "## The toxics"
    yield _TOXICS
    yield table(
        ("type", "what it does", "attributes"),
        [(f"`{name}`", _head(kind), _attributes(kind)) for name, kind in TOXICS.items() if kind is not RedisRule],
    )
    yield "## What is the same, and what is not"
    yield _SAME
    yield table(("", "Toxiproxy", "the embedded server"), _DIFFERENT)
    meanings = _meanings(RedisRule)
    yield "## Rules for Redis commands"
    yield _RULE
    yield table(
        ("attribute", "meaning", "default"),
        [
            (f"`{field.name}`", meanings[field.name], f"`{field.default}`" if field.default else "")
            for field in fields(RedisRule)
        ],
    )
    yield "These can be read with the toxic. A rule whose `struck` is 0 did not bite:"
    yield table(("attribute", "meaning"), [(f"`{name}`", said) for name, said in _meanings(Tally).items()])
    yield _RULE_EXAMPLE
    yield _RULE_ENDS


def _head(kind: type) -> str:
    """Return what the head of a toxic's module says that it does."""
    said = inspect.getdoc(sys.modules[kind.__module__]) or ""
    first = " ".join(said.partition("\n\n")[0].split()).partition(": ")[2]
    return first[:1].upper() + first[1:]


def _attributes(kind: type) -> str:
    return " ".join(f"`{name}`: {said}" for name, said in _meanings(kind).items()) or "none"


def _meanings(kind: type) -> dict[str, str]:
    """Return what the docstring of a class says of each of its attributes."""
    listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", listed, re.MULTILINE)
    return {name: " ".join(said.replace("``", "`").split()) for name, said in found}
