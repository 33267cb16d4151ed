"""The planted guards by name, read from their files."""

from __future__ import annotations

from harness.subjects.broken import get_then_set
from harness.subjects.broken.planted import Planted

PLANTED: dict[str, Planted] = {
    module.__name__.rpartition(".")[2]: module.PLANTED
    for module in (get_then_set,)
}
