"""effect_late: the caller's time limit is raised, and the venue does the effect at any later point of its life."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="effect_late",
        target=Target.EFFECT,
        fate=Fate.LATER,
        answer=Answer.TIMEOUT,
        what="The caller gets the timeout now; the effect is done later, within the request's life.",
        witness="The venue's book has the line after the caller was told of a timeout.",
        demand="May not take an early 'not found' for a final one.",
    ),
)
