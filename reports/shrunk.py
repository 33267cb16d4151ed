"""The stored schedule of a finding, where it was shrunk: the words of it that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.stored_history import mark_of
from reports.stored_run import StoredRunError, read_object
from verify.run_layout import schedule_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def shrunk_line(part: Path, finding: Mapping[str, Any]) -> str | None:
    """Return what is left of the schedule of a finding of the part in the folder *part*; None where none was shrunk.

    The words are those of a one-line form; what is not decided goes on by itself.
    """
    try:
        stored = read_object(part / schedule_file(mark_of(finding)))
    except StoredRunError:
        return None
    decisions = stored.get("decisions")
    if stored.get("is_smallest") is not True or not isinstance(decisions, list):
        return None
    return f"{stored.get('workload', '')}: {' '.join(map(str, decisions))}".rstrip()
