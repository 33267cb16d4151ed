"""What the commands do that bring stored runs to people: pages, bundles, trends."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.errors import WrongInputError
from harness.processes.folder import make_folder, remove_folder
from reports.evidence.checking import DamagedError
from reports.evidence.packing import pack as pack_run
from reports.evidence.verifying import verify as verify_bundle
from reports.html.page import write_html
from reports.judged_run import plain
from reports.trend import differences, flaky, is_worse, run_at, runs_in
from reports.trend_text import trend_table
from stormproof.allure_report import write_allure_report
from stormproof.saying import Exit, complain, console, count
from stormproof.saying import as_json as to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.trend import RunSeen


def report(run_dir: str, *, out: str | None, allure: bool) -> None:
    """Write the page of a run, ours or Allure's, and say where it is.

    Raises:
        StoredRunError: The folder is no judged run, or the page cannot be written.
        CouldNotRunError: Allure was asked for and cannot run here.
    """
    into = None if out is None else Path(out)
    path = write_allure_report(Path(run_dir), into) if allure else write_html(run_dir, into)
    typer.echo(str(path))


def history(runs_dir: str, *, compare: tuple[str, str] | None, as_json: bool) -> None:
    """Show the runs of a folder, or what differs between two of them, and end with the exit code.

    Raises:
        StoredRunError: There is no such folder, or no run in it.
    """
    folder = Path(runs_dir)
    if compare is not None:
        old, new = (run_at(folder / name) for name in compare)
        _compare(old, new, as_json=as_json)
    runs, unread = runs_in(folder)
    found = [each.said for each in flaky(runs)]
    if as_json:
        typer.echo(to_json({"runs": [run.to_object() for run in runs], "flaky": found, "not_read": unread}))
    else:
        console().print(trend_table(runs))
        for sentence in [*(f"Not read: {plain(each)}" for each in unread), *map(plain, found)]:
            typer.echo(sentence)
        if not found:
            typer.echo("No part is flaky: none has two verdicts under the same circumstances.")
    raise typer.Exit(Exit.VIOLATED if found else Exit.NOT_SHOWN if unread else Exit.HELD)


def _compare(old: RunSeen, new: RunSeen, *, as_json: bool) -> None:
    said = list(differences(old, new))
    if as_json:
        typer.echo(to_json({"old": old.to_object(), "new": new.to_object(), "differences": said}))
    else:
        console().print(trend_table([old, new]))
        typer.echo("\n".join(map(plain, said or ["Nothing differs but the time."])))
    raise typer.Exit(Exit.VIOLATED if is_worse(old, new) else Exit.HELD)


def pack(run_dir: str, *, out: str | None, key: str | None, baseline: str | None) -> None:
    """Pack a run and say where the bundle is.

    Raises:
        StoredRunError, SigningError: Run, key or bundle cannot be used.
    """
    folder = Path(run_dir)
    into = Path(out) if out is not None else folder.resolve().with_name(f"{folder.resolve().name}.evidence.tar")
    packed = pack_run(
        folder, into, key=None if key is None else Path(key), baseline=None if baseline is None else Path(baseline)
    )
    signed = "signed" if packed.is_signed else "not signed"
    typer.echo(f"{out or into.name}: {count(packed.files, 'file')}, {packed.size:,} bytes, {signed}")


def verify(file: str, *, key: str | None, unpack: str | None) -> None:
    """Verify a bundle, say what it holds, and end with the exit code.

    Raises:
        StoredRunError, SigningError: The file is no bundle, or the key cannot be used.
    """
    with _room(unpack) as room:
        try:
            held = verify_bundle(Path(file), room, key=None if key is None else Path(key))
        except DamagedError as error:
            complain(f"{file} is not believed: {error}")
            raise typer.Exit(Exit.VIOLATED) from None
    typer.echo(f"{held.verdict}: the run's verdict, and judging its histories again gives it to the byte")
    typer.echo(f"as packed: {count(held.files, 'file')}, {held.size:,} bytes")
    typer.echo(f"signature: {held.signature}")
    if unpack is not None:
        typer.echo(f"unpacked: {unpack}/run")


@contextmanager
def _room(unpack: str | None) -> Iterator[Path]:
    """Yield the folder for the files of a bundle; one that nobody asked for is removed, whatever happens."""
    if unpack is not None:
        yield _empty(Path(unpack))
        return
    folder = make_folder()
    try:
        (folder / "room").mkdir()
        yield folder / "room"
    finally:
        remove_folder(folder)


def _empty(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise WrongInputError(f"--unpack {folder} cannot be used as a folder: {error.strerror}") from error
    if not is_empty:
        raise WrongInputError(f"--unpack {folder} holds something already; give a new or an empty folder")
    return folder
