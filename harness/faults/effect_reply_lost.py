"""effect_reply_lost: the venue does the effect, and the caller's time limit is raised."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="effect_reply_lost",
        target=Target.EFFECT,
        fate=Fate.DONE,
        answer=Answer.TIMEOUT,
        what="The effect is done; the caller gets the same ambiguous timeout.",
        witness="The venue's book has the line, and the caller was told of a timeout.",
        demand="May not repeat the effect; may ask the venue, or say in doubt.",
    ),
)
