"""``stormproof check-redis``: hands a URL to the core's validator, and shows what it says. Decides nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from harness.errors import CouldNotRunError, WrongInputError
from harness.redis_server.choice import parse_reading_choice
from safety_core.idempotency.errors import SettingsError
from safety_core.idempotency.settings import GuardSettings, Mode
from safety_core.runtime_checks import Expected, Level, RedisRuntimeValidator
from stormproof.saying import Exit
from stormproof.saying import as_json as to_json

if TYPE_CHECKING:
    from safety_core.runtime_checks import SafetyReport

EXIT_OF = {
    Level.OK: Exit.HELD,
    Level.WARNING: Exit.HELD,
    Level.CRITICAL: Exit.VIOLATED,
    Level.UNKNOWN: Exit.NOT_SHOWN,
}
"""Exit code of a report's level."""

_PATIENCE_S = 5.0


def check_redis(
    url: str, *, durable: bool, wait_replicas: int, allow_target: list[str] | None, as_json: bool
) -> None:
    """Check one server, show the report, and end with the exit code of its level.

    Raises:
        WrongInputError: The URL or an option cannot be used, or the server is elsewhere and was not allowed.
        CouldNotRunError: The server does not answer, and no JSON was asked for.
    """
    chosen = parse_reading_choice(url, allow_target=allow_target or [])
    if wait_replicas and not durable:
        raise WrongInputError("--wait-replicas is of a guard that waits; add --durable, or leave it out")
    try:
        settings = GuardSettings(
            mode=Mode.DURABLE if durable else Mode.STRICT,
            wait_replicas=wait_replicas,
            connect_timeout_s=_PATIENCE_S,
            socket_timeout_s=_PATIENCE_S,
        )
        validator = RedisRuntimeValidator(chosen.url, expected=Expected(settings=settings))
    except SettingsError as error:
        raise WrongInputError(str(error)) from None
    report = validator.validate_on_startup()
    if as_json:
        typer.echo(to_json({**report.to_object(), "target": chosen.text}))
    elif report.is_unreachable:
        raise CouldNotRunError(f"{chosen.text} is UNKNOWN: {report.findings[0].sentence}")
    else:
        _show(chosen.text, report)
    raise typer.Exit(EXIT_OF[report.level])


def _show(target: str, report: SafetyReport) -> None:
    typer.echo(f"{target}: {report.server or 'a server that does not say what it is'}: {report.level}\n")
    typer.echo(report.table())
    for sentence in report.sentences:
        typer.echo(f"\n{sentence}")
