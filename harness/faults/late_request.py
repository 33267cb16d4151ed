"""late_request: the client gives up waiting, and the command is applied at any later point."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="late_request",
        target=Target.COMMAND,
        fate=Fate.LATER,
        answer=Answer.TIMEOUT,
        what="The client's time limit is raised; the command lands later, perhaps after recovery.",
        witness="The server's reply to the late command was read when it landed.",
        demand="May not let a late write reopen, overwrite or release what others decided meanwhile.",
    ),
)
