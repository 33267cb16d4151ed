"""Coverage in words: what could be struck, what was, and the names of the rest. It counts nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.judged_run import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def coverage_in_words(coverage: Mapping[str, Any], *, most: int | None = None) -> list[str]:
    """Return what a part hit, as phrases; none where nothing could strike.

    Args:
        coverage: The object ``coverage`` of its verdict.
        most: How many names of a list are shown; None for all.
    """
    return list(_phrases(coverage, most)) if coverage["possible"] else []


def _phrases(coverage: Mapping[str, Any], most: int | None) -> Iterator[str]:
    if coverage["boundaries"]:
        yield (
            f"{coverage['boundaries_hit']} of {counted(coverage['boundaries'], 'step boundary', 'step boundaries')} "
            f"x {counted(len(coverage['kinds']), 'kind')} hit"
        )
    if coverage["world"]:
        places = counted(coverage["world"], "key, store or clock", "keys, store and clock")
        yield f"{coverage['world_hit']} of {places} x {counted(len(coverage['world_kinds']), 'kind')} hit"
    yield f"{coverage['hit']} of {counted(coverage['possible'], 'possible strike')} seen"
    if coverage["not_hit"]:
        yield f"not hit: {_named(coverage['not_hit'], most)}"
    if coverage["nowhere"]:
        yield f"nothing to strike for: {_named(coverage['nowhere'], most)}"


def _named(names: Sequence[str], most: int | None) -> str:
    shown = names if most is None else names[:most]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more
