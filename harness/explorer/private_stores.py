"""Servers that a schedule has to itself, because it loses them: one that starts again, one whose replica takes over.

Their loss is real: the process is killed, its append-only file is cut or its replica had received less. While one of
them comes up, other schedules go on.
"""

from __future__ import annotations

Pause = "Callable[[float], None]"
