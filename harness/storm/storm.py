"""One storm from its first process to its record: Locust works, faults strike, all is delivered again and merged.

Locust's exit code is never a verdict: what happened is in the history, and a storm without operations shows nothing.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness import clock
from harness import seed as seeds
from harness.errors import CouldNotRunError
from harness.explorer.exploration import INTERRUPTED
from harness.interruption import stop_if_asked
from harness.redis_server.port import reserve_port
from harness.storm.asked import LEASE_S, Happened, check_subject
from harness.storm.gang import Gang, check_locust
from harness.storm.hub import MASTER, Hub
from harness.storm.inject import KILL
from harness.storm.merging import REDELIVER, merge, spread_book
from harness.storm.plan import StormPlan, buckets_for
from harness.storm.record import leave_record
from harness.storm.recording import Recording, bucket_of
from harness.storm.recovery import Recovery
from harness.storm.scene import Ground, Scene
from harness.storm.survey import survey
from harness.storm.timeline import Timeline
from harness.subjects.search_path import own_places
from harness.venue.wire import TCP
from verify.history.events import Fault, Phase
from verify.history.promises import Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.storm.asked import Asked
    from harness.storm.company import Company
    from harness.storm.gang import Ended
    from harness.storm.survey import Left
    from verify.history.record import ExplorationRecord

_TICK_S = 0.02
_START_S = 90.0
_JOIN_S = 600.0
"""How long other machines are waited for."""
_END_S = 120.0
_SETTLED = 300
"""Settled orders that are delivered again, at most: what is done must stay done."""
_LEAST_RECOVERY_S = 60.0
_STEADY_S = 60.0
_REDELIVERING = 2


def run_storm(asked: Asked, folder: Path, say: Callable[[str], None]) -> ExplorationRecord:
    """Let a storm rage, leave its history and its figures in *folder*, and return its record.

    Args:
        asked: What is asked for.
        folder: The folder of the part.
        say: Where progress is shown.

    Raises:
        CouldNotRunError: Locust is not there or did not start, the guard cannot be made, or the steady state does not
            hold before anything is hurt.
        WrongInputError: The subject promises something of more than one key.
    """
    check_locust()
    check_subject(asked.subject)
    ground = Ground(
        subject=asked.subject,
        choice=asked.choice,
        seed=asked.seed,
        lease_s=LEASE_S,
        faults=asked.faults,
        toxiproxy=asked.toxiproxy,
        bind=asked.lead[0] if asked.lead else "",
        port=asked.lead[1] + 1 if asked.lead else 0,
    )
    with ExitStack() as stack:
        scene = stack.enter_context(Scene(ground))
        if asked.lead is not None:
            bind, locust_port = asked.lead[0], asked.lead[1] + 3
        else:
            bind, locust_port = "127.0.0.1", stack.enter_context(closing(reserve_port())).number
        gang = stack.enter_context(Gang(folder, bind, locust_port))
        company: Company = gang
        if asked.lead is not None:
            company = stack.enter_context(Hub(gang, *asked.lead, locust_port=locust_port))
        plan = plan_of(asked, scene, str(gang.folder))
        with Recording(gang.folder, "harness", plan.buckets) as writing:
            storm = _Storm(
                happened=Happened(asked),
                plan=plan,
                scene=scene,
                gang=gang,
                company=company,
                writing=writing,
                say=say,
            )
            try:
                storm.run()
                storm.recover()
            except KeyboardInterrupt:
                storm.break_off()
        storm.merge(folder)
        shutil.rmtree(gang.folder)
        return leave_record(folder, storm.happened, scene.server.identity())


def plan_of(asked: Asked, scene: Scene, folder: str) -> StormPlan:
    """Return the plan, with places as this machine finds them, or as the others do where all work is theirs."""
    subject, lead = asked.subject, asked.lead
    return StormPlan(
        redis_url=scene.redis_url if lead is None else scene.url_at(MASTER),
        venue=str(scene.venue.socket_path) if lead is None else f"{TCP}{MASTER}:{lead[1] + 2}",
        folder=folder,
        began_ns=clock.shared_ns(),
        subject=subject.name if subject.is_boxed or lead is not None else subject.place,
        promise=str(subject.promise),
        seed=asked.seed,
        users=asked.users,
        seconds=asked.seconds,
        lease_s=LEASE_S,
        imports_from=tuple(str(Path(place).absolute()) for place in ("", *own_places())),
        buckets=buckets_for(asked.seconds),
        conflicts=subject.promise is not Promise.MUTUAL_EXCLUSION and "conflict" not in subject.outside,
    )


@dataclass(slots=True, kw_only=True)
class _Storm:
    """A storm while it rages."""

    happened: Happened
    plan: StormPlan
    scene: Scene
    gang: Gang
    company: Company
    writing: Recording
    say: Callable[[str], None]
    _unfinished: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Let the users work for their time, while faults strike."""
        asked = self.happened.asked
        self._begin()
        timeline = self.happened.timeline = Timeline(
            faults=asked.faults,
            site=self.scene.site,
            company=self.company,
            control=self.scene.venue.control,
            joined=lambda: int(self.happened.status.get("processes", 0)),
            draw=seeds.stream(asked.seed, "storm.timeline"),
        )
        try:
            self.gang.lead(self.plan, workers=asked.processes, web=asked.web)
            self.company.recruit(self.plan, asked.processes)
            self._wait_for_users()
            self._rage(timeline)
        finally:
            timeline.heal()
        self._phase("heal")
        self.company.gather()
        self.happened.reasons += self.company.lost
        self.happened.notes += self.company.notes
        left = timeline.left
        if left:
            self.happened.reasons.append(f"the storm was over before {', '.join(map(str, left))} could begin")

    def break_off(self) -> None:
        """End everything as it is: what was recorded is kept, and nothing is delivered again."""
        happened = self.happened
        happened.reasons.append(INTERRUPTED)
        self.gang.disband()
        if happened.left is None:
            self._look_for_open()

    def recover(self) -> None:
        """Deliver again what is open, and see whether the steady state holds again."""
        happened, scene = self.happened, self.scene
        left = self._look_for_open()
        names = [f"r{number}" for number in range(_REDELIVERING)]
        scene.crew.hire(names)
        self._phase(REDELIVER)
        budget_s = max(_LEAST_RECOVERY_S, self.plan.seconds)
        recovery = self._recovery(names, budget_s)
        open_ = recovery.run(left.orders, self.say)
        happened.notes.append(
            f"{left.operations:,} calls, {left.open:,} of them never answered; {len(left.unsettled):,} orders were "
            f"open, and {len(left.settled):,} of {left.seen_settled:,} done ones were delivered again with them: "
            f"{len(open_):,} were not answered OK or with a conflict in the end"
        )
        if recovery.given_up:
            self._unfinished = {bucket_of(order.key, self.plan.buckets) for order in recovery.given_up}
            happened.reasons.append(
                f"{len(recovery.given_up):,} orders were not delivered often enough within {budget_s:g} s"
            )
        new = scene.new_orders()
        wrong = scene.unsteady(new, self._recovery(names, budget_s).run(new, self.say))
        if wrong:
            happened.reasons.append(f"the steady state does not hold again at the end: {wrong}")

    def merge(self, folder: Path) -> None:
        """Bring everything together in *folder*."""
        happened, plan = self.happened, self.plan
        self.say("bringing the histories together")
        struck = happened.timeline.struck if happened.timeline is not None else []
        faults = [*(each.told() for each in struck), *happened.befell]
        with Recording(self.gang.folder, "venue", plan.buckets) as book:
            spread_book(self.scene.venue.book_path, book, plan.buckets)
        happened.merged = merge(
            self.gang.folder,
            folder,
            plan.buckets,
            [*happened.phases, *faults],
            self._unfinished,
            began_ns=happened.began_ns,
        )

    # Within.

    def _recovery(self, names: Sequence[str], budget_s: float) -> Recovery:
        scene = self.scene
        return Recovery(scene.crew, names, self.writing, scene.pass_the_lease, budget_s=budget_s)

    def _look_for_open(self) -> Left:
        """Find the calls that were never answered, and the orders that are not settled."""
        happened = self.happened
        self.say("looking at what the storm left open")
        deaths = dict(happened.timeline.deaths if happened.timeline is not None else {})
        deaths |= {ended.number: ended.at_ns for ended in happened.lost}
        happened.left = survey(
            self.gang.folder,
            self.plan.buckets,
            deaths,
            self.writing,
            seeds.stream(self.plan.seed, "storm.redelivered"),
            ended_ns=clock.shared_ns(),
            most_settled=_SETTLED,
        )
        happened.befell += _befell(happened.lost, happened.left)
        return happened.left

    def _begin(self) -> None:
        """See that the steady state holds before anything is hurt."""
        self._phase("workload")
        self.scene.crew.hire(["before"])
        new = self.scene.new_orders()
        wrong = self.scene.unsteady(new, self._recovery(["before"], _STEADY_S).deliver(new, 1))
        if wrong:
            raise CouldNotRunError(f"the steady state does not hold before anything is hurt: {wrong}")

    def _wait_for_users(self) -> None:
        is_alone = self.happened.asked.lead is None
        deadline_s = _START_S if is_alone else _JOIN_S
        deadline_ns = clock.elapsed_ns() + int(deadline_s * 1e9)
        while "began_ns" not in (status := self.gang.status()):
            stop_if_asked()
            come = len(self.company.numbers)
            self.say(f"{'starting Locust' if is_alone else 'waiting for other machines'}: {come} worker processes")
            ended = [*self.company.ended(), *filter(None, [self.gang.leader_ended()])]
            if ended:
                raise CouldNotRunError(f"Locust ended with {ended[0].how} before it began: {ended[0].said}")
            if clock.elapsed_ns() > deadline_ns:
                raise CouldNotRunError(
                    f"Locust did not begin within {deadline_s:g} s; {come} worker processes had come"
                )
            clock.pause_s(_TICK_S)
        self.happened.began_ns = status["began_ns"]

    def _rage(self, timeline: Timeline) -> None:
        """Do what is due until Locust has ended."""
        happened = self.happened
        deadline_s = self.plan.seconds + _END_S
        while True:
            stop_if_asked()
            elapsed_s = (clock.shared_ns() - happened.began_ns) / 1e9
            gone = self.company.ended()
            # Read after that: Locust says that it ends before it tells anybody to.
            happened.status = self.gang.status() or happened.status
            leader = self.gang.leader_ended()
            for ended in gone:
                if leader is None and (ended.status or "ends_ns" not in happened.status):
                    happened.lost.append(ended)
                    self.gang.bury(ended.number)
            if leader is not None:
                if leader.status:
                    happened.reasons.append(f"Locust ended with {leader.how}: {leader.said}")
                return
            if elapsed_s > deadline_s:
                raise CouldNotRunError(f"Locust did not end {_END_S:g} s after its time")
            timeline.tick(elapsed_s)
            self._tell(elapsed_s, timeline.now)
            clock.pause_s(_TICK_S)

    def _tell(self, elapsed_s: float, doing: str) -> None:
        status = self.happened.status
        answers = status["outcomes"]
        said = ", ".join(
            f"{name} {count:,}" for name, count in sorted(answers.items(), key=lambda each: -each[1])[:4]
        )
        self.say(
            f"storm: {elapsed_s:.0f} of {self.plan.seconds:g} s, {status['users']} users in {status['processes']} "
            f"processes, {status['operations']:,} operations, {status['per_s']:,.0f}/s, "
            f"p95 {status['p95_ms']:.0f} ms, {said}{f'; {doing}' if doing else ''}"
        )

    def _phase(self, name: str) -> None:
        self.happened.phases.append(Phase(name=name, at_ns=clock.shared_ns()))


def _befell(lost: Sequence[Ended], left: Left) -> list[Fault]:
    """Return what ended calls although nobody asked for it: such a history is not without a fault."""
    told = [
        Fault(
            kind=KILL,
            process=f"w{ended.number}",
            at="unasked",
            witness=f"worker process w{ended.number} ended with {ended.how}",
            at_ns=ended.at_ns,
        )
        for ended in lost
    ]
    if left.cut_off:
        witness = f"{left.cut_off} calls had no answer when the storm ended, and were cut off"
        told.append(Fault(kind=KILL, at="the end of the storm", witness=witness, at_ns=clock.shared_ns()))
    return told
