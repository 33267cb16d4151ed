"""What the fixtures of the pytest plugin do. A process of ours explores; this one imports no other package of ours.

So a repository with a `harness`, `reports` or `verify` of its own stays as it is, and so does a running event loop.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stormproof.chaos_errors import CannotExploreError, ChaosError, NotShownError, PromiseBrokenError
from stormproof.names import ROOT
from stormproof.place import place_of, search_places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

HELD, BROKEN, NOT_SHOWN = "VALID", "INVALID", "UNKNOWN"
DEFAULT_RUNS = "stormproof-runs"
_EXPLORED = (0, 1, 3)
_INTERRUPTED = 130
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The ``--chaos-*`` options of a pytest session, as they were given.

    Attributes:
        here: Where pytest was started. Replay lines are meant for this folder.
        runs: Where every run folder is kept; None keeps only those of guards that did not hold.
        named: Options of ``stormproof explore``, by their names; None was not given.
    """

    here: Path
    runs: str | None
    named: Mapping[str, Any]


class Explored:
    """One exploration, as its run folder tells it.

    Attributes:
        subject: The guard, as ``--subject`` names it.
        run_folder: The evidence. Of a guard that held it is removed after the test, unless ``--chaos-runs`` is given.
        reasons: Why something remains unknown, one sentence each.
        findings: The findings of ``verdict.json``, deciding ones first.
        schedules: How many schedules were run.
        message: What a failed test says: the picture and the replay line, or what was not shown.
        was_asked: Whether the test looked at the verdict.
    """

    def __init__(self, subject: str, run_folder: Path, named: str, verdict: Mapping[str, Any], brief: str) -> None:
        self.subject = subject
        self.run_folder = run_folder
        self.reasons: tuple[str, ...] = tuple(verdict["reasons"])
        self.findings: tuple[Mapping[str, Any], ...] = tuple(verdict["findings"])
        self.schedules: int = verdict["schedules"]
        self.was_asked = False
        self._verdict = str(verdict["verdict"])
        evidence = f"\nevidence: {named}" if run_folder.is_dir() else ""
        self.message = f"{brief.rstrip()}\n{evidence}".rstrip()

    def __repr__(self) -> str:
        return f"<Explored {self.subject}: {self._verdict}>"

    @property
    def verdict(self) -> str:
        """``VALID``, ``INVALID`` or ``UNKNOWN``."""
        self.was_asked = True
        return self._verdict

    @property
    def held(self) -> bool:
        """Whether the promise was shown to hold: UNKNOWN is not."""
        return self.verdict == HELD

    def assert_held(self) -> None:
        """Fail the test unless the promise held in every schedule of the bound.

        Raises:
            PromiseBrokenError: It was broken.
            NotShownError: It was not shown, neither way.
        """
        __tracebackhide__ = True
        if not self.held:
            raise self.failure()

    def failure(self, before: str = "") -> ChaosError:
        """Return what a test fails with whose guard did not hold; *before* goes ahead of the message."""
        return (PromiseBrokenError if self.verdict == BROKEN else NotShownError)(before + self.message)


class ChaosExplore:
    """The fixture ``chaos_explore``: runs every schedule of a guard within a bound."""

    def __init__(self, options: Options, *, test: str, seed: int, promise: str | None) -> None:
        """Prepare the fixture of one test.

        Args:
            options: The options of the session.
            test: A name for run folders.
            seed: The seed of the test.
            promise: What the marker says; None if there is none.
        """
        self.explored: list[Explored] = []
        self._options = options
        self._test = test
        self._seed = seed
        self._promise = promise

    def __call__(
        self,
        make: Callable[..., Any] | str | os.PathLike[str],
        *,
        promise: str | None = None,
        workers: int | None = None,
        faults: int | None = None,
        kinds: str | Iterable[str] | None = None,
        budget_s: float | None = None,
        gate: str | None = None,
        python: str | None = None,
        redis: str | None = None,
        allow_target: str | None = None,
        jobs: int | None = None,
        seed: int | None = None,
    ) -> Explored:
        """Explore a guard; what is None is taken from the options of pytest, else from ``stormproof explore``.

        Args:
            make: The factory ``make(redis_url, lease_s)``, defined in a module; or its place, as ``--subject``.
            promise: What the guard is judged by; None: the marker ``chaos_promise``, else what ``make`` says itself.
            workers: Processes of the first delivery.
            faults: Faults per schedule at most.
            kinds: Fault kinds.
            budget_s: Seconds after which the rest is left UNKNOWN.
            gate: As ``--gate``.
            python: As ``--python``.
            redis: As ``--redis``.
            allow_target: As ``--allow-target``: the permission for an external Redis.
            jobs: Processes that run the schedules.
            seed: Only recorded: explorations draw nothing at random.

        Raises:
            CannotExploreError: What was asked for cannot be explored.
        """
        __tracebackhide__ = True
        given = {
            "promise": promise or self._promise,
            "workers": workers,
            "faults": faults,
            "kinds": kinds if kinds is None or isinstance(kinds, str) else ",".join(kinds),
            "budget": budget_s,
            "gate": gate,
            "python": python,
            "redis": redis,
            "allow-target": allow_target,
            "jobs": jobs,
            "seed": self._seed if seed is None else seed,
        }
        asked = {**self._options.named, **{name: value for name, value in given.items() if value is not None}}
        explored = self._explore(place_of(make, self._options.here), asked)
        self.explored.append(explored)
        return explored

    def finish(self) -> None:
        """End the test: drop the folders that nobody needs, and let nobody forget to ask.

        Raises:
            ChaosError: The guard of an exploration did not hold, and the test did not look at the verdict.
        """
        unasked = [explored for explored in self.explored if not explored.was_asked]
        if self._options.runs is None:
            for explored in self.explored:
                if explored.held:
                    shutil.rmtree(explored.run_folder, ignore_errors=True)
            with suppress(OSError):
                # It stays while it holds anything.
                (self._options.here / DEFAULT_RUNS).rmdir()
        for explored in unasked:
            if not explored.held:
                raise explored.failure("Nobody asked for the verdict: call assert_held(). ")

    def _explore(self, subject: str, asked: Mapping[str, Any]) -> Explored:
        __tracebackhide__ = True
        here = self._options.here
        folder = new_folder(here / (self._options.runs or DEFAULT_RUNS), self._test)
        named = os.path.relpath(folder, here) if folder.is_relative_to(here) else str(folder)
        words = [word for name, value in asked.items() if value is not None for word in (f"--{name}", str(value))]
        code, said = run_child(here, "explore", "--subject", subject, "--out", named, "--json", *words)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        if not (folder / "verdict.json").is_file():
            if not any(folder.iterdir()):
                folder.rmdir()
            if code not in _EXPLORED:
                raise CannotExploreError(said)
            unknown = {"verdict": NOT_SHOWN, "reasons": [said], "findings": [], "schedules": 0}
            return Explored(subject, folder, named, unknown, f"Not shown: {said}")
        verdict = json.loads((folder / "verdict.json").read_text("utf-8"))
        return Explored(subject, folder, named, verdict, (folder / "brief.txt").read_text("utf-8"))


def new_folder(runs: Path, name: str) -> Path:
    """Make and return a folder ``<name>-<n>`` in *runs* that nobody else has, whichever worker asks first."""
    number = 1
    while True:
        folder = runs / f"{name}-{number}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except FileNotFoundError:
            # Another worker has just dropped the empty folder around it.
            continue
        else:
            return folder


def start_child(
    here: Path, *words: str, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """Start a process of ours in the folder *here*; it finds what the tests can import."""
    search = [*search_places(here), str(ROOT)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "stormproof.child", str(os.getpid()), *words],
        cwd=here,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(search)},
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C is for pytest; whoever waits for the child passes it on, once.
        process_group=0,
    )


def run_child(here: Path, *words: str) -> tuple[int, str]:
    """Run a process of ours to its end; return its exit code and its complaint in one line."""
    with start_child(here, *words) as process:
        try:
            _, said = process.communicate()
        except BaseException:
            end_child(process, signal.SIGINT)
            raise
    return process.returncode, complaint_of(said, process.returncode, words)


def end_child(process: subprocess.Popen[str], number: int) -> None:
    """Ask a child to stop and wait until it has cleaned up; kill one that does not."""
    process.send_signal(number)
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def complaint_of(said: str, code: int, words: Sequence[str]) -> str:
    """Return what a child complains of, else the end of what it said."""
    lines = [line for line in said.splitlines() if line.strip()]
    complaints = [line.removeprefix("stormproof: ") for line in lines if line.startswith("stormproof: ")]
    if complaints:
        return complaints[-1]
    end = lines[-1] if lines else "it said nothing"
    return f"`stormproof {shlex.join(words)}` ended with exit status {code}: {end}"
