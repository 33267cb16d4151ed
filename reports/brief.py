"""``brief.txt``: what a failed test says: the verdict, the smallest broken promise as a picture, its replay line.

It repeats the verdict and adds none.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reports.judged_run import faults_in_words, headline, load_judged, plain
from reports.picture import load_pictures
from reports.picture_text import as_text, wrapped
from reports.stored_run import write_whole
from reports.storm import demotion_lines
from verify.history.words import Verdict
from verify.run_layout import BRIEF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from reports.judged_run import FindingGroup, JudgedPart, JudgedRun


def write_brief(folder: Path | str) -> Path:
    """Write ``brief.txt`` of the judged run in *folder* and return where it is.

    Raises:
        StoredRunError: The folder is no run folder, was not judged yet, or cannot be written.
    """
    judged = load_judged(folder)
    path = judged.run.folder / BRIEF
    write_whole(path, render_brief(judged).encode("utf-8"))
    return path


def render_brief(judged: JudgedRun) -> str:
    """Return the text of ``brief.txt``; its first line stands for itself."""
    return "\n".join(plain(line) for line in _lines(judged)) + "\n"


def _lines(judged: JudgedRun) -> Iterator[str]:
    yield headline(judged)
    broken = [
        (part, group)
        for part in judged.parts
        for group in part.groups
        if group.decides and group.verdict is Verdict.INVALID
    ]
    if broken:
        part, group = broken[0]
        yield ""
        yield from _drawn(part, group.smallest)
        if group.smallest["replay"]:
            yield from ("", group.smallest["replay"])
        for sentence, replay in demotion_lines(part):
            yield from ("", *wrapped(sentence), *filter(None, [replay]))
        yield from _more([group for _, group in broken])
    elif judged.verdict is Verdict.UNKNOWN:
        yield from (f"- {reason}" for reason in judged.object["reasons"][1:])


def _drawn(part: JudgedPart, finding: Mapping[str, Any]) -> Iterator[str]:
    (picture,) = load_pictures(part.stored.folder, [finding])
    if picture is None:
        yield from wrapped(f"{finding['checker']}: {finding['sentence']}")
        yield from wrapped(finding["schedule"])
    else:
        yield from as_text(picture).splitlines()


def _more(groups: list[FindingGroup]) -> Iterator[str]:
    """Yield what else was found, by checker."""
    others = Counter({group.checker: len(group.members) for group in groups})
    others[groups[0].checker] -= 1
    said = [
        f"{group.checker} under {', '.join(map(faults_in_words, members))}"
        for group in groups
        if (members := group.members[1 if group is groups[0] else 0 :])
    ]
    if said:
        yield ""
        yield from wrapped(f"and {others.total()} more in summary.md: {'; '.join(said)}")
