"""The command that lets many users work at once."""

from __future__ import annotations

from typing import Annotated

import typer

from stormproof.cli_options import Allow, Out, Promise, Redis, Seed, Toxiproxy


def storm(
    subject: Annotated[
        str, typer.Option("--subject", help="A name, package.module:make, or path/to/file.py:make.")
    ] = "reference",
    promise: Promise = None,
    users: Annotated[int, typer.Option("--users", help="Locust users, in all processes together.")] = 20,
    seconds: Annotated[int, typer.Option("--seconds", help="How long they work.")] = 30,
    inject: Annotated[
        str, typer.Option("--inject", metavar="SPEC", help="Faults, as kill@10s,latency:200ms@20s..30s.")
    ] = "",
    processes: Annotated[
        int, typer.Option("--processes", help="Worker processes; with --master, those of all other machines.")
    ] = 2,
    web: Annotated[bool, typer.Option("--web", help="Serve Locust's own page on loopback.")] = False,
    master: Annotated[bool, typer.Option("--master", help="Lead a storm that other machines join.")] = False,
    worker: Annotated[bool, typer.Option("--worker", help="Join a storm with --processes.")] = False,
    master_host: Annotated[str | None, typer.Option("--master-host", help="Of --worker: who leads.")] = None,
    bind: Annotated[
        str, typer.Option("--bind", help="Of --master: the address at which others find it.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65532, help="The first of four ports of --master.")
    ] = 5580,
    redis: Redis = "embedded",
    allow_target: Allow = None,
    toxiproxy: Toxiproxy = "embedded",
    seed: Seed = None,
    out: Out = None,
) -> None:
    """Let many users guard effects at once while things go wrong, and judge all that happened."""
    from stormproof import storming  # noqa: PLC0415 - loading all takes long, and a command needs its own

    if worker:
        alone = {
            "--master": master,
            "--web": web,
            "--inject": inject,
            "--out": out,
            "--subject": subject != "reference",
        }
        storming.join(
            master_host, port=port, processes=processes, others=[name for name, given in alone.items() if given]
        )
    if master_host is not None:
        raise typer.BadParameter("--master-host goes with --worker")
    storming.storm(
        subject=subject,
        promise=promise,
        users=users,
        seconds=seconds,
        inject=inject,
        processes=processes,
        web=web,
        lead=(bind, port) if master else None,
        redis=redis,
        allow_target=allow_target,
        toxiproxy=toxiproxy,
        seed=seed,
        out=out,
    )
