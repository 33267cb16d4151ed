"""advance: virtual time jumps just past the lease, for the server and for every client."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="advance",
        target=Target.TIME,
        fate=Fate.DONE,
        answer=Answer.NOTHING,
        what="Time jumps past the lease: key TTLs, TIME, TIME in scripts and the clients' own clocks.",
        witness="The server's TIME moved by the jump.",
        demand="A holder whose lease is over may not start its effect; nobody may repeat one that started.",
        needs_clock=True,
    ),
)
