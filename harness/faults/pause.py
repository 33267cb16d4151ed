"""pause: the process stops before the step and comes back after redelivery, as a zombie."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="pause",
        target=Target.STEP,
        fate=Fate.LATER,
        answer=Answer.STOP,
        what="The process stops before this step and goes on after redelivery, its lease long over.",
        witness="The process took its next step after the redelivery.",
        demand="What it wakes to must be refused or harmless: no second effect, no foreign record touched.",
        needs_clock=True,
    ),
)
