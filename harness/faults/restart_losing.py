"""restart_losing: the server dies and starts again without the last writes of the schedule."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

_LOST = ("none of its writes", "the last write", "the last two writes")

KINDS = tuple(
    FaultKind(
        name=f"restart_losing:{loses}",
        target=Target.STORE,
        fate=Fate.DONE,
        answer=Answer.CUT,
        what=f"The server is killed and starts again: another run id, no scripts, {lost} of the schedule lost.",
        witness="The server has another run id; it has read a file that ends with the last kept write.",
        demand="May not trust that an absent record was never there; may refuse, or ask the venue first.",
        loses=loses,
    )
    for loses, lost in enumerate(_LOST)
)
