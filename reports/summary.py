"""``summary.md``: a judged run on one page, for somebody who is tired. It repeats the verdict and adds none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.checker_score import UNNOTICED_HEADS, score_lines, score_of, unnoticed_rows
from reports.claims_text import CLAIM_HEADS, broken_claims, claim_rows, claims_of, drawn_in_words
from reports.coverage_text import coverage_in_words
from reports.judged_run import faults_in_words, headline, load_judged, plain
from reports.kill_matrix import KILL_HEADS, kill_lines, kill_matrix_of, kill_rows
from reports.lattice import CONFIGURATION_HEADS, MATRIX_HEADS, configuration_rows, lattice_of, matrix_rows
from reports.markdown_text import markdown, markdown_table
from reports.shrunk import shrunk_line
from reports.stored_run import write_whole
from reports.storm import demotion_lines, storm_lines, storm_of
from verify.run_layout import LATTICE, STORM_PICTURE, SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reports.judged_run import FindingGroup, JudgedPart, JudgedRun

_HEADS = ("part", "subject", "promise", "bound", "schedules", "distinct histories", "exhausted", "verdict")


def render_summary(judged: JudgedRun) -> str:
    """Return the Markdown text of ``summary.md``."""
    return "\n".join(_lines(judged)) + "\n"


def write_summary(folder: Path | str) -> Path:
    """Write ``summary.md`` of the judged run in *folder* and return where it is.

    Raises:
        StoredRunError: The folder is no run folder, was not judged yet, or cannot be written.
    """
    judged = load_judged(folder)
    path = judged.run.folder / SUMMARY
    write_whole(path, render_summary(judged).encode("utf-8"))
    return path


def _lines(judged: JudgedRun) -> Iterator[str]:
    yield f"# {judged.verdict}"
    yield from ("", markdown(headline(judged)), "")
    yield from _kill_matrix(judged)
    yield from markdown_table(_HEADS, (_row(part) for part in judged.parts))
    yield from _coverage(judged)
    yield from _stories(judged)
    for part in judged.parts:
        if part.is_as_expected:
            continue
        yield from _lattice(part)
        yield from _claims(part)
        yield from _storm(part)
    for part in judged.parts:
        yield from _findings(part)
        yield from _demotions(part)
    yield from _reasons(judged)
    yield from _outside(judged)
    if judged.run.not_run:
        yield from ("", "## Not run", "")
        yield from (f"- {markdown(name)}: {markdown(why)}" for name, why in judged.run.not_run)
    yield from _circumstances(judged)


def _row(part: JudgedPart) -> tuple[str, ...]:
    verdict = part.object
    return (
        part.stored.name,
        verdict["subject"],
        verdict["promise"],
        part.bound,
        part.amount if part.is_storm else str(verdict["schedules"]),
        str(verdict["classes"]),
        "yes" if verdict["exhausted"] else "no",
        part.said,
    )


def _kill_matrix(judged: JudgedRun) -> Iterator[str]:
    matrix = kill_matrix_of(judged)
    if matrix is not None:
        yield from ("## The kill matrix", "")
        yield from markdown_table(KILL_HEADS, kill_rows(matrix))
        yield ""
        yield from (f"- {markdown(line)}" for line in kill_lines(matrix))
        score = score_of(judged)
        if score is not None:
            yield from (f"- {markdown(line)}" for line in score_lines(score))
            yield ""
            yield from markdown_table(UNNOTICED_HEADS, unnoticed_rows(score))
        yield from ("", "## What was run", "")


def _stories(judged: JudgedRun) -> Iterator[str]:
    told = [part for part in judged.parts if part.is_story and not part.is_as_expected]
    if told:
        yield from ("", "## What was seen in the stories")
    for part in told:
        yield from ("", f"{markdown(part.stored.name)}:", "")
        yield from (f"- {markdown(note)}" for note in part.object["notes"])


def _coverage(judged: JudgedRun) -> Iterator[str]:
    said = [(part, coverage_in_words(part.object["coverage"])) for part in judged.parts if part.shows_coverage]
    if any(phrases for _, phrases in said):
        yield from ("", "## Where faults struck", "")
        yield from (
            f"- {markdown(part.stored.name)}: {markdown('; '.join(phrases))}" for part, phrases in said if phrases
        )


def _lattice(part: JudgedPart) -> Iterator[str]:
    section = lattice_of(part)
    if section is None:
        return
    yield from ("", f"## What each configuration keeps: {markdown(part.stored.name)}", "")
    yield "Cells by what the validator had said, and by what became of them:"
    yield ""
    yield from markdown_table(MATRIX_HEADS, matrix_rows(section))
    yield from (f"- forbidden: {markdown(sentence)}" for sentence in section["forbidden"])
    if section["cited"]:
        yield from ("", "Flags that no cell measures, and why they are raised all the same:", "")
        yield from (f"- {markdown(case)}: {markdown(reason)}" for case, reason in section["cited"].items())
    yield ""
    yield "Each configuration under each crash, with how many of the acknowledged writes were there afterwards:"
    yield ""
    yield f"![the lattice]({part.stored.place}/{LATTICE})"
    yield ""
    yield from markdown_table(CONFIGURATION_HEADS, configuration_rows(section))


def _storm(part: JudgedPart) -> Iterator[str]:
    figures = storm_of(part)
    if figures is None:
        return
    yield from ("", f"## The storm: {markdown(part.stored.name)}", "")
    yield from (f"- {markdown(line)}" for line in storm_lines(figures))
    yield from (f"- {markdown(note)}" for note in part.object["notes"])
    yield from ("", f"![answers, latencies and faults]({part.stored.place}/{STORM_PICTURE})")


def _demotions(part: JudgedPart) -> Iterator[str]:
    found = list(demotion_lines(part))
    if found:
        yield from ("", f"## Among the enumerated schedules: {markdown(part.stored.name)}", "")
        yield from (f"- {markdown(sentence)}" for sentence, _ in found)
        yield from _fenced(replay for _, replay in found if replay)


def _claims(part: JudgedPart) -> Iterator[str]:
    section = claims_of(part)
    if section is None:
        return
    yield from (
        "",
        f"## What was claimed: {markdown(part.stored.name)}",
        "",
        f"{markdown(drawn_in_words(section))}",
        "",
    )
    yield from markdown_table(CLAIM_HEADS, claim_rows(section))
    for name, sentence, example in broken_claims(section):
        yield from ("", f"{markdown(name)}: {markdown(sentence)}. The smallest example:")
        yield from ("", "```python", *map(plain, example), "```")


def _findings(part: JudgedPart) -> Iterator[str]:
    deciding = [group for group in part.groups if group.decides]
    if deciding:
        yield from ("", f"## Findings: {markdown(part.stored.name)}")
        for group in deciding:
            yield from _finding(group, part)
    beside = [group for group in part.groups if not group.decides]
    if beside:
        yield from ("", f"## Seen beside the promise: {markdown(part.stored.name)}", "")
        yield "These decide nothing: the subject does not promise them, or not under these faults."
        yield ""
        yield from markdown_table(
            ("checker", "standing", "smallest schedule under", "what happened"),
            (
                (
                    group.checker,
                    group.smallest["outside"] or group.standing,
                    faults_in_words(group.smallest),
                    group.smallest["sentence"],
                )
                for group in beside
            ),
        )
        yield from _fenced(
            f"{group.smallest['replay']}  # {group.checker}" for group in beside if group.smallest["replay"]
        )


def _finding(group: FindingGroup, part: JudgedPart) -> Iterator[str]:
    smallest = group.smallest
    yield from ("", f"### {group.checker} ({group.verdict})", "")
    yield f"{markdown(smallest['sentence'])}."
    yield ""
    if part.is_storm:
        yield f"- under {markdown(faults_in_words(smallest))}"
        return
    yield f"- smallest schedule, under {markdown(faults_in_words(smallest))}: {_code(smallest['schedule'])}"
    left = shrunk_line(part.stored.folder, smallest)
    if left is not None:
        yield f"- of these decisions nothing more can be taken out: {_code(left)}"
    if group.also_under:
        yield f"- also under: {markdown(', '.join(group.also_under))}"
    yield f"- schedules that show it: {group.schedules}"
    yield from _fenced([smallest["replay"]] if smallest["replay"] else [])


def _reasons(judged: JudgedRun) -> Iterator[str]:
    if judged.object["reasons"]:
        yield from ("", "## What remains unknown", "")
        yield from (f"- {markdown(reason)}" for reason in judged.object["reasons"])


def _outside(judged: JudgedRun) -> Iterator[str]:
    listed = {
        (part.object["subject"], kind): reason
        for part in judged.parts
        for kind, reason in sorted(part.stored.record.outside.items())
    }
    if listed:
        yield from ("", "## Outside the promise", "")
        yield from (f"- {markdown(name)}, {markdown(kind)}: {markdown(why)}" for (name, kind), why in listed.items())


def _circumstances(judged: JudgedRun) -> Iterator[str]:
    yield from ("", "## Circumstances", "")
    servers = {tuple(sorted(part.object["server"].items())): part.object["server"] for part in judged.parts}
    for server in servers.values():
        digest = f"sha256 {server['sha256']}" if server["sha256"] else "sha256 unknown"
        named = markdown(f"{server['name']} {server['version']}")
        yield f"- server: {named}, {digest} ({markdown(server['choice'])})"
    seeds = sorted({part.object["seed"] for part in judged.parts})
    yield f"- seed: {', '.join(map(str, seeds)) or 'none'}"
    for kinds in sorted({", ".join(part.object["bound"]["kinds"]) for part in judged.parts} - {""}):
        yield f"- fault kinds: {markdown(kinds)}"
    for workloads in sorted({", ".join(part.object["bound"]["workloads"]) for part in judged.parts} - {""}):
        yield f"- workloads: {markdown(workloads)}"
    for name, value in sorted(judged.environment.items()):
        said = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        yield f"- {markdown(name)}: {markdown(said)}"
    untold = [part for part in judged.parts if not part.is_story and not part.is_storm]
    notes = dict.fromkeys(note for part in untold for note in part.object["notes"])
    yield from (f"- note: {markdown(note)}" for note in notes)


def _fenced(lines: Iterable[str]) -> Iterator[str]:
    shown = [plain(line) for line in lines]
    if shown:
        yield from ("", "```sh", *shown, "```")


def _code(text: str) -> str:
    return f"`{plain(text).replace('`', '?')}`"
