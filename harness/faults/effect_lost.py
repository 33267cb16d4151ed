"""effect_lost: the venue never sees the request, and the caller's time limit is raised."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="effect_lost",
        target=Target.EFFECT,
        fate=Fate.NOT_DONE,
        answer=Answer.TIMEOUT,
        what="The effect is not done; the caller gets the ambiguous timeout.",
        witness="The venue's book has no line for the call.",
        demand="May not repeat the effect unasked; may ask the venue, or say in doubt.",
    ),
)
