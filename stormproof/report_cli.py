"""The commands that bring stored runs to people, as the command line takes them; ``reporting`` does what they say."""

from __future__ import annotations

from typing import Annotated

import typer

from stormproof.cli_options import Json

evidence_app = typer.Typer(
    name="evidence", help="Pack a run into one file, or verify such a file.", rich_markup_mode=None
)

RunDir = Annotated[str, typer.Argument(help="A run folder.")]


def report(
    run_dir: RunDir,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Default: report.html, or allure.html, in the folder.")
    ] = None,
    allure: Annotated[
        bool, typer.Option("--allure", help="Allure's report instead, by Allure 3 from npm; needs Node.")
    ] = False,
) -> None:
    """Write a run as one page of HTML: no script, nothing fetched, opens from a file."""
    from stormproof import reporting  # noqa: PLC0415 - a command loads only what it needs

    reporting.report(run_dir, out=out, allure=allure)


def history(
    runs_dir: Annotated[str, typer.Argument(help="A folder of run folders.")] = "stormproof-runs",
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="OLD NEW", help="Say what differs between two of its runs."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how the runs in a folder went: verdicts, schedules, rates; exit 1 if a part is flaky, or got worse."""
    from stormproof import reporting  # noqa: PLC0415 - as above

    reporting.history(runs_dir, compare=compare, as_json=as_json)


@evidence_app.command()
def pack(
    run_dir: RunDir,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Default: RUN_DIR.evidence.tar, beside the folder.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="FILE", help="Private key (ed25519, PEM) that signs; needs the extra signing."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="FILE", help="A baseline of the tree that was run.")
    ] = None,
) -> None:
    """Make one file of a run: histories, schedules, configuration, digests, verdict. The same run, the same bytes."""
    from stormproof import reporting  # noqa: PLC0415 - as above

    reporting.pack(run_dir, out=out, key=key, baseline=baseline)


@evidence_app.command()
def verify(
    file: Annotated[str, typer.Argument(help="A file that `stormproof evidence pack` wrote.")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE", help="Public key (ed25519, PEM) that must have signed it.")
    ] = None,
    unpack: Annotated[
        str | None, typer.Option("--unpack", metavar="FOLDER", help="Keep its files in this new or empty folder.")
    ] = None,
) -> None:
    """Check every byte and the signature of a bundle and judge it again, without Redis; 0 if all is as packed."""
    from stormproof import reporting  # noqa: PLC0415 - as above

    reporting.verify(file, key=key, unpack=unpack)
