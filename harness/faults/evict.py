"""evict: a key that the guard wrote is gone, as after an eviction."""

from harness.faults.kind import Answer, Fate, FaultKind, Target

KINDS = (
    FaultKind(
        name="evict",
        target=Target.KEY,
        fate=Fate.DONE,
        answer=Answer.NOTHING,
        what="A key that the guard wrote is gone, as after an eviction under memory pressure.",
        witness="The server removed the key, which was there.",
        demand="May not take a record that is gone for one that never was.",
    ),
)
