"""effect_rejected: the venue refuses definitely."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="effect_rejected",
        target=Target.EFFECT,
        fate=Fate.NOT_DONE,
        answer=Answer.REFUSAL,
        what="The effect is not done and the venue says so.",
        witness="The venue's book has no line, and the caller was told of the refusal.",
        demand="May release the claim and let another try; may not answer OK.",
    ),
)
