"""reply_lost: the server applies the command, and the connection is cut before the reply."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="reply_lost",
        target=Target.COMMAND,
        fate=Fate.DONE,
        answer=Answer.CUT,
        what="The command is applied and the connection is cut before its reply arrives.",
        witness="The gate read the server's reply and kept it.",
        demand="May not conclude that the command was not applied, nor take its own write for another's.",
    ),
)
