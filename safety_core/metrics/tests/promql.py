"""Which metrics a query of Prometheus names. Reads the few forms of PromQL that the rules and panels use."""

from __future__ import annotations

import re

_NO_METRIC = frozenset(
    {"and", "or", "unless", "by", "without", "on", "ignoring", "offset", "sum", "max", "min", "rate", "increase"}
    | {"histogram_quantile", "vector"}
)
_TEXTS = re.compile(r'"[^"]*"')
_SELECTORS = re.compile(r"\{[^}]*\}|\[[^\]]*\]")
_GROUPINGS = re.compile(r"\b(by|without|on|ignoring)\s*\([^)]*\)")
_OFFSETS = re.compile(r"\boffset\s+\w+")
_NAMES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def metrics_of(query: str) -> set[str]:
    """Return the names of the metrics that `query` asks for."""
    for left_out in (_TEXTS, _SELECTORS, _GROUPINGS, _OFFSETS):
        query = left_out.sub(" ", query)
    return set(_NAMES.findall(query)) - _NO_METRIC


def labels_of(query: str) -> set[str]:
    """Return the labels by which `query` groups."""
    return {
        label.strip()
        for grouping in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", query)
        for label in grouping.split(",")
        if label.strip()
    }
