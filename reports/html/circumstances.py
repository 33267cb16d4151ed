"""On what the run was made, and how to check it, on the page."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from reports.again import command_again, command_of_judging, command_of_run
from reports.html.markup import Markup, command, section, table, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.judged_run import JudgedRun


def circumstances_section(judged: JudgedRun) -> Markup:
    """Return server, seed, versions and the digests of what was judged."""
    servers = {tuple(sorted(part.object["server"].items())): part.object["server"] for part in judged.parts}
    rows = [
        (
            "server",
            f"{server['name']} {server['version']}, sha256 {server['sha256'] or 'unknown'} ({server['choice']})",
        )
        for server in servers.values()
    ]
    rows.append(("seed", ", ".join(sorted({str(part.object["seed"]) for part in judged.parts}))))
    rows += [(name, _said(held)) for name, held in sorted(judged.environment.items())]
    digests = list(_digests(judged.object.get("evidence", {})))
    return section(
        "circumstances",
        "Circumstances",
        table("On what the run was made", ("what", "was"), rows),
        _folded("Digests of the files that were judged", table("Digests", ("file", "sha256"), digests)),
    )


def _folded(summary: str, *children: Markup) -> Markup:
    return tag("details", tag("summary", summary), *children)


def checking_section(judged: JudgedRun) -> Markup:
    """Return the commands by which a reader checks the run for themselves."""
    packed = shlex.join(["stormproof", "evidence", "pack", str(judged.run.folder)])
    whole = command_of_run(judged)
    parts = (command_again(part) for part in judged.parts if part.row is None)
    again = dict.fromkeys(line for line in parts if line)
    return section(
        "checking",
        "Check it yourself",
        tag("p", "Judge the stored histories again, without Redis:"),
        command(command_of_judging(judged)),
        *([tag("p", "Run all of it again:"), command(whole)] if whole else []),
        *([tag("p", "Run a part of it again, on a server of its own:")] if again else []),
        *map(command, again),
        tag("p", "Hand it on as one file, which anybody can verify:"),
        command(packed),
    )


def _said(held: object) -> str:
    return held if isinstance(held, str) else json.dumps(held, sort_keys=True)


def _digests(evidence: Mapping[str, object], place: str = "") -> Iterator[tuple[str, str]]:
    for name, held in evidence.items():
        if isinstance(held, dict):
            yield from _digests(held, f"{name}/")
        else:
            yield f"{place}{name}", str(held)
