"""What runs of pytest said of each test, from their JUnit files: passed, failed or skipped. Starts no test.

A test may be skipped in one run and pass in another: what needs Docker, Node or Go has a run of its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from stormproof.requirements.rows import file_and_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

PASSED = ""
"""What is held of a case that passed; of any other, how it ended."""

Cases = dict[str, dict[str, list[str]]]
"""By `FILE::NAME`, then by the name with its case, how each run of it ended."""


class UnreadableError(Exception):
    """A file is no result of a test run."""


def read(files: Iterable[Path]) -> Cases:
    """Return what the files say.

    Raises:
        UnreadableError: One of them cannot be read, or is no JUnit file.
    """
    cases: Cases = defaultdict(lambda: defaultdict(list))
    for path in files:
        try:
            tree = ET.parse(path)  # noqa: S314 - written by pytest on this machine
        except (OSError, ET.ParseError) as error:
            raise UnreadableError(f"{path} is no JUnit file of pytest: {error}") from None
        for case in tree.iter("testcase"):
            place = case.get("classname", "").replace(".", "/") + ".py"
            name = case.get("name", "")
            base = name.partition("[")[0]
            cases[f"{place}::{base}"][f"{place}::{name}"].append(_ending(case))
    return cases


def _ending(case: ET.Element) -> str:
    for kind in ("error", "failure", "skipped"):
        if (found := case.find(kind)) is not None:
            return " ".join(f"{kind}: {found.get('message', '')}".split())
    return PASSED


def breaches(tests: Iterable[str], cases: Mapping[str, Mapping[str, list[str]]]) -> Iterator[str]:
    """Yield why a test shows nothing: it was not collected, failed in a run, or was skipped in all."""
    for test in tests:
        known = cases.get("::".join(file_and_name(test)), {})
        chosen = {name: endings for name, endings in known.items() if "[" not in test or name == test}
        if not chosen:
            yield f"{test} was not collected"
        for name, endings in chosen.items():
            bad = [ending for ending in endings if ending.startswith(("error", "failure"))]
            if bad:
                yield f"{name} did not pass ({bad[0]})"
            elif PASSED not in endings:
                yield f"{name} was left out in every run ({endings[0]})"
