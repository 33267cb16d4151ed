"""Lists what there is: subjects and faults, for people or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from harness.faults.registry import ALL
from harness.nemesis.fault import Provider
from harness.nemesis.registry import ALL as REAL
from harness.subjects.box import BOX
from harness.subjects.loading import load_subject
from stormproof.saying import as_json as to_json

if TYPE_CHECKING:
    from typing import Any


def list_subjects(*, as_json: bool) -> None:
    """List the subjects in the box."""
    rows: list[dict[str, Any]] = []
    for name, boxed in BOX.items():
        # What is known of a third-party guard is known without importing it.
        said = boxed.peer or load_subject(name)
        rows.append(
            {
                "name": name,
                "promise": str(said.promise),
                "what": boxed.what,
                "outside": sorted(said.outside),
                "notes": list(boxed.peer.notes) if boxed.peer is not None else [],
            }
        )
    if as_json:
        typer.echo(to_json({"schema": 1, "subjects": rows}))
        return
    for row in rows:
        notes = "".join(f" ({note})" for note in row["notes"])
        typer.echo(f"{row['name']:34} {row['promise']:26} {row['what']}{notes}")


def list_faults(*, as_json: bool) -> None:
    """List the explorer's fault kinds, then the real mechanisms."""
    kinds = [
        {
            "name": kind.name,
            "target": str(kind.target),
            "what": kind.what,
            "witness": kind.witness,
            "demand": kind.demand,
        }
        for kind in ALL.values()
    ]
    real = [
        {
            "name": fault.name,
            "what": fault.what,
            "witness": fault.witness,
            "demand": fault.demand,
            "heals": fault.heals,
            "blast_radius": fault.blast_radius,
            "needs": sorted(fault.needs),
            "providers": [str(one) for one in Provider if one in fault.providers],
            "arguments": list(fault.arguments),
        }
        for fault in REAL.values()
    ]
    if as_json:
        typer.echo(to_json({"schema": 1, "faults": kinds, "real_faults": real}))
        return
    typer.echo("What the explorer does to a guard (stormproof explore --kinds):\n")
    for row in kinds:
        typer.echo(f"{row['name']} (strikes: {row['target']})")
        typer.echo(f"  done:    {row['what']}\n  witness: {row['witness']}\n  subject: {row['demand']}")
    typer.echo("\nWhat stories and experiments do to real servers, processes and connections:\n")
    for each in real:
        typer.echo(f"{each['name']} (on: {', '.join(each['providers'])})")
        typer.echo(f"  done:    {each['what']}\n  witness: {each['witness']}\n  subject: {each['demand']}")
        typer.echo(f"  healed:  {each['heals']}\n  touches: {each['blast_radius']}")
