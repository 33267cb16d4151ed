"""Whether anything raced at all. Asked of a whole exploration, never of one history: a quiet history is no defect."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from verify.history.events import Complete, Died, EffectCall, Invoke, Landed

if TYPE_CHECKING:
    from verify.history.history import History, Operation


def effect_overlapped_call(history: History) -> bool:
    """Tell whether an effect of one process fell strictly inside another process's call of the same key.

    An effect is a request to the venue or a line of its book; a call lasts from its invocation to its answer, the
    death of its process, or the end of the history.
    """
    operations = {operation.number: operation for operation in history.operations}
    calling: dict[str, dict[str, int]] = defaultdict(dict)
    open_by_process: dict[str, set[int]] = defaultdict(set)

    def end(operation: Operation) -> None:
        callers = calling[operation.key]
        callers[operation.process] -= 1
        if not callers[operation.process]:
            del callers[operation.process]
        open_by_process[operation.process].discard(operation.number)

    for event in history.events:
        match event:
            case Invoke():
                callers = calling[event.key]
                callers[event.process] = callers.get(event.process, 0) + 1
                open_by_process[event.process].add(event.op)
            case Complete():
                end(operations[event.op])
            case Died():
                for number in tuple(open_by_process[event.process]):
                    end(operations[number])
            case EffectCall() | Landed():
                callers = calling[event.key]
                if len(callers) > (event.process in callers):
                    return True
    return False
