"""The third-party guards by name, found from the files of this folder: a file that holds ``PEER`` is one.

Adapters import their package when they are used, so that they can be listed without it.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from harness.subjects.peers.peer import Peer

_FOLDER = Path(__file__).parent


def _found() -> dict[str, Peer]:
    peers = {}
    for name in sorted(module.name for module in pkgutil.iter_modules([str(_FOLDER)])):
        said = getattr(importlib.import_module(f"{__package__}.{name}"), "PEER", None)
        if isinstance(said, Peer):
            peers[name] = said
    return peers


PEERS: dict[str, Peer] = _found()
