"""failover_losing: a replica takes over that had not received the last writes of the schedule."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

_LOST = ("all writes", "all writes but the last", "all writes but the last two")

KINDS = tuple(
    FaultKind(
        name=f"failover_losing:{loses}",
        target=Target.STORE,
        fate=Fate.DONE,
        answer=Answer.CUT,
        what=f"The primary is killed; a replica that had received {received} takes over under the same address.",
        witness="The server has another run id and replication id; the replica's offset was the last kept write's.",
        demand="May not trust that an absent record was never there; may refuse, or ask the venue first.",
        loses=loses,
        fails_over=True,
    )
    for loses, received in enumerate(_LOST)
)
