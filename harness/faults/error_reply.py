"""error_reply: the server refuses the command with one of the errors that a healthy client will meet one day."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

_DEMAND = "May conclude that the command was not applied; may not run the effect without its claim."
_SCRIPT_CALLS = frozenset({"EVALSHA", "EVALSHA_RO"})


def _refusal(
    variant: str, error: str, what: str, *, writes_only: bool = False, only: frozenset[str] = frozenset()
) -> FaultKind:
    return FaultKind(
        name=f"error_reply:{variant}",
        target=Target.COMMAND,
        fate=Fate.NOT_DONE,
        answer=Answer.ERROR,
        what=what,
        witness="The gate answered the error and kept the command from the server.",
        demand=_DEMAND,
        error=error,
        writes_only=writes_only,
        only=only,
    )


KINDS = (
    _refusal(
        "OOM",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "The server is over maxmemory and refuses the write.",
        writes_only=True,
    ),
    _refusal(
        "READONLY",
        "READONLY You can't write against a read only replica.",
        "The client talks to a replica, as after a failover.",
        writes_only=True,
    ),
    _refusal(
        "LOADING",
        "LOADING Redis is loading the dataset in memory",
        "The server has just restarted and is reading its data.",
    ),
    _refusal(
        "NOSCRIPT",
        "NOSCRIPT No matching script. Please use EVAL.",
        "The server forgot the scripts, as after a restart or a failover.",
        only=_SCRIPT_CALLS,
    ),
    _refusal(
        "MASTERDOWN",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "A replica without its primary refuses to answer.",
    ),
)
