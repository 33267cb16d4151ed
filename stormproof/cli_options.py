"""Options that several commands take, each under one name and with one sentence of help."""

from __future__ import annotations

from typing import Annotated

import typer

Redis = Annotated[
    str,
    typer.Option("--redis", help="embedded, embedded:6.2, path, container[:IMAGE:TAG], redis://..., unix://..."),
]
Allow = Annotated[
    list[str] | None, typer.Option("--allow-target", metavar="HOST:PORT", help="Permission for an external Redis.")
]
Toxiproxy = Annotated[str, typer.Option("--toxiproxy", help="embedded, path, a file, or http://HOST:PORT.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Makes a run repeatable; shown in every report.")]
Budget = Annotated[float | None, typer.Option("--budget", help="Seconds after which the rest is left UNKNOWN.")]
Out = Annotated[str | None, typer.Option("--out", help="Run folder; default stormproof-runs/<time>-<seed>.")]
Jobs = Annotated[int | None, typer.Option("--jobs", help="Processes, each with a server and a core of its own.")]
Subject = Annotated[
    str | None, typer.Option("--subject", help="A name, package.module:make, or path/to/file.py:make.")
]
Promise = Annotated[str | None, typer.Option("--promise", help="Overrides the subject's own.")]
Kinds = Annotated[str | None, typer.Option("--kinds", help="Fault kinds, separated by commas; or all.")]
Gate = Annotated[str, typer.Option("--gate", help="Who holds the processes: auto, greenlet or proxy.")]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PATH", help="Another interpreter, which runs the subject.")
]
Command = Annotated[
    str | None, typer.Option("--command", help="A program that speaks the line protocol, instead of a subject.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
