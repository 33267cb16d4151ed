"""The page of the real faults. All of it comes from their registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.nemesis.fault import Provider
from harness.nemesis.registry import ALL
from harness.nemesis.site import REMEDIES, Need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.nemesis.fault import RealFault

_ABOUT = """\
What stories and experiments do to real servers, processes, files and connections
([harness/nemesis](../harness/nemesis), one file each). Each is injected for the length of a block and healed at its
end, after an error and Ctrl-C too. A fault whose witness is not there counts as not injected, and the run is UNKNOWN.

```python
from harness.nemesis import aof_tail_cut
from harness.nemesis.site import Site

with aof_tail_cut.inject(Site(server=server), writes=2) as strike:
    ...
    print(strike.witness())
```"""


def real_faults() -> Iterator[str]:
    """Yield what stands below the title."""
    yield _ABOUT
    for fault in ALL.values():
        yield f"## `{fault.name}`"
        yield fault.what
        yield "\n".join(
            f"- {word}: {said}"
            for word, said in (
                ("Witness", fault.witness),
                ("A correct subject", fault.demand),
                ("Afterwards", fault.heals),
                ("Touches at most", fault.blast_radius),
                ("Needs", _needs(fault)),
                ("Arguments", _arguments(fault)),
            )
            if said
        )


def _needs(fault: RealFault[Any]) -> str:
    needed = ", ".join(REMEDIES[need] for need in Need if need in fault.needs)
    return f"{needed}; on {', '.join(f'`{one}`' for one in Provider if one in fault.providers)}."


def _arguments(fault: RealFault[Any]) -> str:
    said = [
        f"`{name}` ({parameter.default!r})" if not callable(parameter.default) else f"`{name}`"
        for name, parameter in fault.arguments.items()
    ]
    return ", ".join(said) + "." if said else ""
