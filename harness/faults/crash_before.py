"""crash_before: the process dies before the step."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="crash_before",
        target=Target.STEP,
        fate=Fate.NOT_DONE,
        answer=Answer.DEATH,
        what="The process is dead to Redis and to the venue before this step.",
        witness="Nothing of the process reached the server or the venue afterwards.",
        demand="A successor may act after the lease; it may not repeat an effect that may have happened.",
    ),
)
