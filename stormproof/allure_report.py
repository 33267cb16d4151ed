"""Allure's own report of a run: Allure 3 from npm with its plugin ``allure2``, as one file. Needs Node."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from harness import clock
from harness.errors import CouldNotRunError
from harness.interruption import stop_if_asked
from harness.processes.child import spawn
from harness.processes.folder import make_folder, remove_folder
from reports.allure import write_allure
from reports.judged_run import load_judged, plain
from reports.stored_run import write_whole
from verify.run_layout import ALLURE_HISTORY, ALLURE_REPORT

if TYPE_CHECKING:
    from pathlib import Path

ALLURE = "allure@3.18.0"
"""The package of npm, with the version that was looked at."""

_QUIET = {"ALLURE_NO_ANALYTICS": "true", "NO_COLOR": "1"}
"""Without the first, the page would ask a server of somebody else's whenever it is opened."""

_LIMIT_S = 600.0
_TICK_S = 0.05
_MOST_SAID = 300


def write_allure_report(folder: Path, into: Path | None = None) -> Path:
    """Write Allure's report of the judged run in *folder* and return where it is.

    Earlier runs beside it are its history, which is kept in a file beside the run folder.

    Args:
        folder: The run folder.
        into: Where the page goes; None means ``allure.html`` in the run folder.

    Raises:
        CouldNotRunError: There is no Node or npm, or Allure failed.
        StoredRunError: The folder is no judged run, or the page cannot be written.
    """
    judged = load_judged(folder)
    results = write_allure(folder).resolve()
    named = plain(f"{judged.verdict.value}: {judged.run.named}")
    room = make_folder()
    try:
        words = command_of(results, room / "page", named)
        words += ["--history-path", str(results.parent.parent / ALLURE_HISTORY)]
        _run(words, room / "log")
        page = (room / "page" / "index.html").read_bytes()
    except OSError as error:
        raise CouldNotRunError(f"Allure wrote no page: {error.strerror}") from error
    finally:
        remove_folder(room)
    path = folder / ALLURE_REPORT if into is None else into
    write_whole(path, page)
    return path


def command_of(results: Path, into: Path, named: str) -> list[str]:
    """Return the command that lets Allure write a page into the folder *into*.

    Raises:
        CouldNotRunError: There is no Node or npm.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise CouldNotRunError(
            "Allure's report needs Node and npm, and they are not on PATH; install Node, or leave out --allure: "
            "`stormproof report` needs nothing"
        )
    words = [npm, "exec", "--yes", f"--package={ALLURE}", "--", "allure", "allure2", str(results), "--single-file"]
    return [*words, "--output", str(into), "--report-name", named, "--report-language", "en"]


def environment_of() -> dict[str, str]:
    """Return the environment in which Allure's page counts no visitors."""
    return {**os.environ, **_QUIET}


def _run(words: list[str], log: Path) -> None:
    """Run a program to its end, or end it with us.

    Raises:
        CouldNotRunError: It failed, or took too long.
    """
    deadline_ns = clock.elapsed_ns() + int(_LIMIT_S * 1e9)
    process = spawn(words, log=log, env=environment_of())
    try:
        while (code := process.poll()) is None:
            stop_if_asked()
            if clock.elapsed_ns() > deadline_ns:
                raise CouldNotRunError(f"Allure did not end within {_LIMIT_S:g} s")
            clock.pause_s(_TICK_S)
    finally:
        with suppress(ProcessLookupError):
            # npm has started Node, in the same group.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code:
        said = " ".join(log.read_text("utf-8", "replace").split())[-_MOST_SAID:]
        raise CouldNotRunError(f"Allure failed ({code}): {said}")
