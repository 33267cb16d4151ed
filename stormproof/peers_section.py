"""The section of the subjects page that says what is known of third-party guards. It imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.peers.registry import PEERS
from stormproof.markdown import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.subjects.peers.peer import Limit

_ABOUT = """\
Other people's guards, each used as its authors document it. They come with the extra `peers`. The promise is the one
that comes closest to what the authors say, in the words that are quoted. A fault that their words leave out is
outside the promise: it is run and shown, and decides nothing. Each run folder names the installed versions."""


def peers_section() -> Iterator[str]:
    """Yield the parts of the section."""
    yield "## Third-party guards"
    yield _ABOUT
    rows = [
        (f"[`peer.{name}`](#{name})", f"`{peer.package}`", f"`{peer.promise}`", peer.what)
        for name, peer in PEERS.items()
    ]
    yield table(("name", "package", "promise", "what it is"), rows)
    for name, peer in PEERS.items():
        lines = [f'- promise: "{peer.says}" ({peer.where})', *(f"- limit: {_said(limit)}" for limit in peer.limits)]
        if peer.needs_proxy:
            lines.append(f"- held by the proxy gate: {peer.needs_proxy}")
        lines.append(f"- source: [harness/subjects/peers/{name}.py](../harness/subjects/peers/{name}.py)")
        yield f"### {name}"
        yield "\n".join(lines)


def _said(limit: Limit) -> str:
    kinds = ", ".join(f"`{kind}`" for kind in limit.leaves_out)
    outside = f". Outside the promise: {kinds}" if kinds else ""
    return f'"{limit.says}" ({limit.where}){outside}'
