"""One part of a run as Allure results: one for each guarantee that it shows something of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reports.again import command_again
from reports.allure_files import BROKEN, FAILED, PASSED, Attached, Link, Result, Step
from reports.claims_text import as_text, claims_of
from reports.excerpt import Excerpt, excerpt_of, faults_of_part, first_history, hits_of_part, phases_of
from reports.guarantees import INSTRUMENT_CLAIM, shown_by
from reports.judged_run import faults_in_words, group_findings, part_headline, plain
from reports.lattice import lattice_of
from reports.lattice_svg import lattice_svg
from reports.picture import draw, load_pictures
from reports.picture_svg import as_svg
from reports.stored_history import mark_of
from reports.stored_run import StoredRunError, read_object
from reports.storm import demotion_lines, storm_of
from reports.storm_svg import storm_svg
from verify.history.judge import EXPLORE
from verify.history.judgement import dumps_canonical
from verify.history.words import Verdict
from verify.redaction import redacted_value
from verify.run_layout import REPORT, SCENARIOS, schedule_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.guarantees import Shown
    from reports.judged_run import JudgedPart
    from reports.times import Span

STATUS = {Verdict.VALID: PASSED, Verdict.INVALID: FAILED, Verdict.UNKNOWN: BROKEN}
"""What a verdict is in Allure."""

STEPS: Mapping[str, tuple[str, ...]] = {
    "inject": ("workload",),
    "heal": ("heal",),
    "redeliver": ("redeliver", "redeliver_early"),
    "come back": ("zombie", "settle"),
}
"""The steps between steady state and judgement, and the phases of a history that each stands for."""

_NORMAL = frozenset({"usefulness", "closes_again"})
_BLOCKING = frozenset({"at_most_once", "nothing_lost", "conflict", "mutual_exclusion"})
_JSON = "application/json"
_TEXT = "text/plain"
_SVG = "image/svg+xml"


def results_of(part: JudgedPart, at: int, span: Span | None) -> Iterator[Result]:
    """Yield a result for each guarantee of the part of a subject.

    Args:
        part: The part.
        at: Its place among the parts of the run.
        span: When the run was; None where nobody knows.
    """
    common = _common(part)
    phases = phases_of(part.stored.folder)
    for shown in shown_by(part):
        tier, name = str(part.object["tier"]), plain(part.stored.name)
        severity = "blocker" if shown.checker in _BLOCKING else "normal" if shown.checker in _NORMAL else "critical"
        yield Result(
            identity=f"{shown.checker}/{tier}/{name}",
            name=f"{name}: {shown.checker}",
            status=STATUS[shown.verdict],
            message=_message(shown),
            trace=plain(shown.group.smallest["replay"] or command_again(part)) if shown.group else "",
            description=_description(shown),
            labels={
                "epic": plain(shown.claim),
                "feature": name if tier == SCENARIOS else tier,
                "story": name,
                "severity": severity,
                "parentSuite": str(part.object["promise"]),
                "suite": tier,
                "subSuite": name,
                "framework": "stormproof",
                "language": "python",
            },
            parameters=_parameters(part),
            steps=tuple(_steps(shown, phases)),
            links=tuple(_links(shown, at)),
            attachments=(*common, *_of_claim(shown)),
            **_times(span),
        )


def instrument_result(part: JudgedPart, span: Span | None) -> Result:
    """Return the result of a check of the instrument: passed where it was seen for what it is."""
    name, tier = plain(part.stored.name), str(part.object["tier"])
    deciding = [group.smallest for group in group_findings(part.object["findings"]) if group.decides]
    return Result(
        identity=f"instrument/{tier}/{name}",
        name=name,
        status=STATUS[part.verdict],
        message=plain(part_headline(part)),
        description=plain(part_headline(part)),
        labels={
            "epic": INSTRUMENT_CLAIM,
            "feature": part.stored.checker or "sound twins",
            "story": name,
            "severity": "critical",
            "parentSuite": "instrument",
            "suite": tier,
            "framework": "stormproof",
            "language": "python",
        },
        parameters=_parameters(part),
        attachments=(_verdict(part), *_pictures(part, deciding)),
        **_times(span),
    )


def _message(shown: Shown) -> str:
    if shown.verdict is Verdict.VALID:
        return "Held."
    return f"{'Violated' if shown.verdict is Verdict.INVALID else 'Not shown'}: {plain(shown.why)}."


def _description(shown: Shown) -> str:
    lines = [f"{plain(shown.claim)}", "", plain(part_headline(shown.part))]
    for finding in shown.group.members if shown.group else ():
        lines += ["", f"**{shown.checker}**, under {plain(faults_in_words(finding))}: {plain(finding['sentence'])}"]
        again = finding["replay"] or command_again(shown.part)
        lines += ["", "```", plain(again), "```"] if again else []
    for sentence, replay in demotion_lines(shown.part) if shown.group else ():
        lines += ["", plain(sentence), *(["", "```", plain(replay), "```"] if replay else [])]
    lines += [f"\n- {plain(reason)}" for reason in shown.part.object["reasons"]]
    return "\n".join(lines)


def _parameters(part: JudgedPart) -> dict[str, str]:
    return {
        "subject": plain(part.object["subject"]),
        "server": plain(part.server),
        "seed": str(part.object["seed"]),
        "bound": part.bound,
    }


def _times(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {}
    return {
        "started_ms": round(span.started.timestamp() * 1000),
        "ended_ms": round(span.ended.timestamp() * 1000),
    }


def _steps(shown: Shown, phases: frozenset[str]) -> Iterator[Step]:
    """Yield the phases of the run as steps; broken where it is not known that they did what they were to do."""
    part = shown.part
    whole = STATUS[shown.verdict]
    so_far = BROKEN if shown.verdict is Verdict.UNKNOWN else PASSED
    steady = [note for note in part.object["notes"] if note.startswith("steady state")]
    yield Step(name="steady state", status=so_far, parameters=_numbered(steady))
    broken_in = shown.group.smallest["phase"] if shown.group else ""
    for name, of in STEPS.items():
        if name == "inject" or phases.intersection(of):
            parameters = _struck(part) if name == "inject" else {}
            yield Step(name=name, status=whole if broken_in in of else so_far, parameters=parameters)
    yield Step(name="judge", status=whole, parameters={"checker": shown.checker, "verdict": shown.verdict.value})


def _numbered(said: list[str]) -> dict[str, str]:
    return {f"{number}": plain(each) for number, each in enumerate(said, start=1)}


def _struck(part: JudgedPart) -> dict[str, str]:
    """Return how often each fault kind struck."""
    return {kind: str(sum(places.values())) for kind, places in part.object["hits"].items()}


def _links(shown: Shown, at: int) -> Iterator[Link]:
    """Yield links to the finding on our page and to its schedule, as they lie in the run folder."""
    for finding in shown.group.members if shown.group else ():
        mark = mark_of(finding)
        under = plain(faults_in_words(finding))
        yield Link(name=f"the finding under {under}", url=f"{REPORT}#finding-{at}-{mark}", kind="issue")
        if finding["replay"]:
            place = "" if shown.part.stored.place == "." else f"{shown.part.stored.place}/"
            yield Link(name=plain(finding["replay"]), url=f"{place}{schedule_file(mark)}", kind="tms")


def _common(part: JudgedPart) -> list[Attached]:
    """Return what is attached to each result of the part."""
    found = [_verdict(part)]
    section = lattice_of(part)
    if section is not None:
        found.append(Attached(name="the lattice", media=_SVG, ending="svg", body=lattice_svg(section).encode()))
    claims = claims_of(part)
    if claims is not None:
        found.append(Attached(name="what was claimed", media=_TEXT, ending="txt", body=as_text(claims).encode()))
    is_explored = part.object["tier"] == EXPLORE
    figures = storm_of(part)
    if figures is not None:
        found.append(Attached(name="the storm", media=_SVG, ending="svg", body=storm_svg(figures).encode()))
    log = hits_of_part(part.object["hits"]) if is_explored else faults_of_part(part.stored.folder)
    if log.lines:
        found.append(Attached(name="fault log", media=_TEXT, ending="txt", body=_as_text(log)))
    first = first_history(part.stored.folder)
    found.append(Attached(name="history excerpt: the first", media=_TEXT, ending="txt", body=_as_text(first)))
    return found


def _verdict(part: JudgedPart) -> Attached:
    body = dumps_canonical(redacted_value(part.object))
    return Attached(name="verdict.json", media=_JSON, ending="json", body=body)


def _of_claim(shown: Shown) -> Iterator[Attached]:
    """Yield timeline and events of each finding that breaks the claim."""
    for finding in shown.group.members if shown.group else ():
        try:
            stored = read_object(shown.part.stored.folder / schedule_file(mark_of(finding)))
        except StoredRunError:
            continue
        name = f"{finding['checker']}, under {plain(faults_in_words(finding))}"
        picture = draw(stored)
        if picture is not None:
            yield Attached(name=f"timeline: {name}", media=_SVG, ending="svg", body=as_svg(picture).encode())
        events = stored.get("events")
        if isinstance(events, list) and events:
            body = _as_text(excerpt_of(each for each in events if isinstance(each, dict)))
            yield Attached(name=f"history excerpt: {name}", media=_TEXT, ending="txt", body=body)


def _pictures(part: JudgedPart, findings: list[Mapping[str, Any]]) -> Iterator[Attached]:
    for finding, picture in zip(findings, load_pictures(part.stored.folder, findings), strict=True):
        if picture is not None:
            name = f"timeline: {finding['checker']}, under {plain(faults_in_words(finding))}"
            yield Attached(name=name, media=_SVG, ending="svg", body=as_svg(picture).encode())


def _as_text(excerpt: Excerpt) -> bytes:
    lines = [plain(json.dumps(line)[1:-1]) for line in excerpt.lines]
    lines += [f"... and {excerpt.left_out} more in history.jsonl"] if excerpt.left_out else []
    return ("\n".join(lines) + "\n").encode()
