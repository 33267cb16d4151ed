"""``stormproof check-redis``: hands a URL to the core's validator, and shows what it says. Decides nothing itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from harness.errors import CouldNotRunError, WrongInputError
from harness.redis_server.choice import parse_reading_choice
from safety_core.configuration import ConfigError
from safety_core.idempotency.errors import SettingsError
from safety_core.idempotency.settings import Mode
from safety_core.runtime_checks import Level, RedisRuntimeValidator, RedisSafetySection
from stormproof.saying import Exit
from stormproof.saying import as_json as to_json
from verify.durability.cell import Level as WordLevel
from verify.durability.cell import Word

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
    url: str,
    *,
    config: str | None,
    durable: bool,
    wait_replicas: int | None,
    allow_target: list[str] | None,
    as_json: bool,
) -> None:
    """Check one server, show the report, and end with the exit code of its level.

    Raises:
        WrongInputError: URL, file or options cannot be used, or the server is elsewhere and was not allowed.
        CouldNotRunError: The server does not answer, and no JSON was asked for.
    """
    chosen = parse_reading_choice(url, allow_target=allow_target or [])
    try:
        asked = _asked(config, durable=durable, wait_replicas=wait_replicas)
        patient = replace(asked.settings, connect_timeout_s=_PATIENCE_S, socket_timeout_s=_PATIENCE_S)
        expected = replace(asked.expected, settings=patient)
        validator = RedisRuntimeValidator(chosen.url, expected=expected, audit_folder=asked.audit_folder)
    except (SettingsError, ConfigError) as error:
        raise WrongInputError(str(error)) from None
    report = validator.validate_on_startup()
    if as_json:
        typer.echo(to_json({**report.to_object(), "target": chosen.text}))
    elif report.is_unreachable and report.level is Level.UNKNOWN:
        raise CouldNotRunError(f"{chosen.text} is UNKNOWN: {report.findings[0].sentence}")
    else:
        _show(chosen.text, report)
    raise typer.Exit(EXIT_OF[report.level])


def _asked(config: str | None, *, durable: bool, wait_replicas: int | None) -> RedisSafetySection:
    """Return what the file says, and the options where they say otherwise."""
    asked = RedisSafetySection() if config is None else RedisSafetySection.from_file(config)
    mode = Mode.DURABLE if durable else asked.mode
    if wait_replicas and mode != Mode.DURABLE:
        raise WrongInputError("--wait-replicas is of a guard that waits; add --durable, or leave it out")
    return replace(asked, mode=mode, wait_replicas=asked.wait_replicas if wait_replicas is None else wait_replicas)


def word_on(url: str, *, durable: bool, wait_replicas: int) -> Word:
    """Return the validator's word on the server at *url*, for a guard that waits as `check-redis` is told."""
    asked = _asked(None, durable=durable, wait_replicas=wait_replicas)
    report = RedisRuntimeValidator(url, expected=asked.expected).validate_on_startup()
    flags = tuple((one.check, one.level.value, one.case.when) for one in report.flagged)
    return Word(level=WordLevel(report.level.value), flags=flags)


def _show(target: str, report: SafetyReport) -> None:
    typer.echo(f"{target}: {report.server or 'a server that does not say what it is'}: {report.level}\n")
    typer.echo(report.table())
    for sentence in report.sentences:
        typer.echo(f"\n{sentence}")
