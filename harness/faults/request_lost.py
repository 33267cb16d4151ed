"""request_lost: the command never reaches the server, and the connection is cut."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="request_lost",
        target=Target.COMMAND,
        fate=Fate.NOT_DONE,
        answer=Answer.CUT,
        what="The command is not applied and the connection is cut before a reply.",
        witness="The gate kept the bytes: the server never read them.",
        demand="May send again what is safe to send twice; may not conclude that the command was applied.",
    ),
)
