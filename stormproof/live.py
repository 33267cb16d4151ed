"""The live line: what is running, how many schedules, how fast, how many findings. On standard error only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.live import Live as RichLive
from rich.spinner import Spinner
from rich.text import Text

from harness import clock
from stormproof.saying import count, progress_console

if TYPE_CHECKING:
    from harness.explorer.plan import Progress

_EVERY_SCHEDULES = 50
_LOGGED_EVERY_NS = 60_000_000_000


class Live:
    """One line that changes while something runs, on a terminal; a log is told of a long exploration each minute."""

    def __init__(self, *, silent: bool = False) -> None:
        self._console = progress_console()
        self._spinner = Spinner("dots", text="")
        self._live = RichLive(self._spinner, console=self._console, refresh_per_second=8, transient=True)
        self._shows = self._console.is_terminal and not silent
        self._silent = silent
        self._logged_ns = clock.elapsed_ns()

    def __enter__(self) -> Self:
        if self._shows:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._shows:
            self._live.stop()

    def exploring(self, progress: Progress, findings: int) -> None:
        """Show an exploration's progress; in a log, a minute after the last line of it at the earliest."""
        if self._silent:
            return
        if self._shows:
            is_due = progress.schedules % _EVERY_SCHEDULES == 0
        else:
            is_due = clock.elapsed_ns() - self._logged_ns >= _LOGGED_EVERY_NS
        if not is_due:
            return
        rate = progress.schedules / progress.elapsed_s if progress.elapsed_s > 0 else 0.0
        found = count(findings, "kind of finding", "kinds of finding") if findings else "no finding"
        text = (
            f"{progress.name}: {progress.doing}, {progress.schedules:,} schedules, {progress.classes:,} histories, "
            f"{rate:,.0f}/s, {found}"
        )
        if self._shows:
            self.say(text)
        else:
            self.done(text)

    def say(self, text: str) -> None:
        """Show what is running."""
        if self._shows:
            self._spinner.update(text=Text(text))

    def done(self, text: str) -> None:
        """Leave a line behind, on terminals and in logs."""
        self._logged_ns = clock.elapsed_ns()
        if not self._silent:
            self._console.print(text, soft_wrap=True)
