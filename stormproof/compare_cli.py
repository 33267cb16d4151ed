"""The command that sets guards side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from stormproof.cli_options import Jobs, Json, Out, Seed


def compare(
    subjects: Annotated[
        str | None,
        typer.Option("--subjects", help="Separated by commas. Default: the reference and each peer.* that is here."),
    ] = None,
    command: Annotated[
        list[str] | None, typer.Option("--command", help="A program that speaks the line protocol.")
    ] = None,
    kinds: Annotated[
        str | None, typer.Option("--kinds", help="Fault kinds, separated by commas; or all, the default.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes of the first delivery.")] = 2,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Schedules of each guard at most; the rest is left UNKNOWN.")
    ] = None,
    jobs: Jobs = None,
    redis: Annotated[
        str, typer.Option("--redis", help="embedded, embedded:6.2, path, or container[:IMAGE:TAG].")
    ] = "embedded",
    seed: Seed = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run several guards under the same faults, one in a schedule; set side by side what happened to each."""
    from stormproof import comparing  # noqa: PLC0415 - loading all takes long, and a command needs its own

    comparing.compare(
        subjects=subjects,
        commands=command or [],
        kinds=kinds,
        workers=workers,
        limit=limit,
        jobs=jobs,
        redis=redis,
        seed=seed,
        out=out,
        as_json=as_json,
    )
