"""The page of the pytest plugin. Its options come from the plugin itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stormproof.markdown import table
from stormproof.plugin import MARKER, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_ABOUT = """\
pytest finds the plugin where stormproof is installed. A session that uses no fixture of it pays nothing: the plugin
imports pytest alone. Each exploration runs in a process of its own, in the folder where pytest was started."""

_FIXTURES = (
    (
        "`chaos_explore(make)`",
        "runs every schedule of the guard within the bound, and returns what was seen; `make` as described below",
    ),
    ("`chaos_redis`", "the URL of a Redis server of the test's own, on loopback; it is gone after the test"),
)

_EXPLORED = (
    ("`.assert_held()`", "fails the test unless the promise was shown to hold"),
    ("`.verdict`", "`VALID`, `INVALID` or `UNKNOWN`"),
    ("`.held`", "whether it is `VALID`"),
    ("`.findings`, `.reasons`", "as in `verdict.json`: what was broken, and why something remains unknown"),
    ("`.schedules`", "how many schedules were run"),
    (
        "`.run_folder`",
        "the evidence; that of a guard that held is removed after the test, but for `--chaos-runs`",
    ),
    ("`.message`", "what a failed test says"),
)

_FAILURES = (
    ("`PromiseBrokenError`", "INVALID: the picture of the smallest finding, and the line that replays it"),
    ("`NotShownError`", "UNKNOWN: it was not shown, neither way, and why. It is no pass"),
    ("`CannotExploreError`", "what was asked for cannot be explored, and what was expected instead"),
)

_PROMISE = f"""\
`@pytest.mark.{MARKER}("at_most_once")` says what the guard is held to. It overrides what `make` says itself, and the
argument `promise=` of `chaos_explore` overrides both."""

_OPTIONS = """\
An option is for all tests. Arguments of `chaos_explore` have the same names, with underscores (`budget_s` is the
budget), and override it. Only `runs` is no argument."""

_AROUND = """\
- **A test that asks for no verdict** fails if its guard did not hold: a forgotten `assert_held()` does not pass.
- **The factory** `make(redis_url, lease_s)` stands at the top of a module, which may be the test's own. The module is
  loaded anew for each process of each schedule, so its variables are never shared between two of them. A factory
  inside a function cannot be loaded so, and is refused. A place as `--subject` takes it will do as well.
- **xdist.** Each test has servers and a run folder of its own, on whichever worker it runs.
- **Event loops.** A guard may be asynchronous. `chaos_explore` itself needs no loop and disturbs none. It blocks
  until it has explored; in a coroutine of pytest-asyncio or anyio `await asyncio.to_thread(chaos_explore, make)` lets
  the loop go on meanwhile.
- **Names.** Your repository may have packages called `harness`, `reports` or `verify`, as stormproof has. Your tests
  and your guard import yours.
- **Ctrl-C** ends the exploration with the session. Nothing is left behind, whatever ends pytest.
- **Replay lines** are for the folder where pytest was started. They know where the test's imports were found."""

_GATE = """\
[examples/github/gate_merges.yaml](../examples/github/gate_merges.yaml) is a workflow for GitHub Actions to copy. It
runs your tests, shows in the job's summary what was found, and keeps the evidence."""


def pytest_page() -> Iterator[str]:
    """Yield the parts of the page."""
    yield _ABOUT
    yield table(("fixture", "what it is"), _FIXTURES)
    yield "What `chaos_explore` returns has:"
    yield table(("", "what it is"), _EXPLORED)
    yield "A test fails with one of:"
    yield table(("error", "what it says"), _FAILURES)
    yield "## The promise"
    yield _PROMISE
    yield "## Options"
    yield _OPTIONS
    rows = [(f"`--chaos-{each.name}`", each.metavar, each.meaning) for each in OPTIONS]
    yield table(("option", "value", "meaning"), rows)
    yield "## What else to know"
    yield _AROUND
    yield "## Gate merges"
    yield _GATE
