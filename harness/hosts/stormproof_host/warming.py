"""What a process does once before it forks others, so that none of them has to do it for itself."""

from __future__ import annotations

import functools
import gc
import importlib
import importlib.metadata
import sys
from contextlib import suppress

_IMPORTED_LATE = ("email.parser", "encodings.idna", "hmac", "secrets", "stringprep", "unicodedata")
"""What redis-py, and Python's own library for it, import when a client is made and connects for the first time."""


def warm_up() -> None:
    """Import what clients of Redis import late, and leave the garbage collector nothing of ours to look through.

    Nothing of the user's is run. Else each child would import the same modules, and its collections would write to,
    and so copy, the pages that it shares with us.
    """
    for name in _IMPORTED_LATE:
        # An interpreter may be built without one.
        with suppress(ImportError):
            importlib.import_module(name)
    # A package's version stays what it is, and redis-py parses its metadata for every connection that it makes.
    importlib.metadata.version = functools.lru_cache(maxsize=None)(importlib.metadata.version)
    if "redis" in sys.modules:
        with suppress(importlib.metadata.PackageNotFoundError):
            importlib.metadata.version("redis")
    gc.collect()
    gc.freeze()
