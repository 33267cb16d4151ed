"""crash_after: the process dies when the step is done and before it learns so."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="crash_after",
        target=Target.STEP,
        fate=Fate.DONE,
        answer=Answer.DEATH,
        what="The step is done and the process is dead before the answer reaches it.",
        witness="The answer was read by the gate, and nothing of the process came afterwards.",
        demand="A successor may act after the lease; it may not repeat an effect that may have happened.",
    ),
)
