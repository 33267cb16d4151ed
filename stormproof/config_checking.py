"""``stormproof check-config``: hands a file to the core's reader of settings, and shows what it says."""

from __future__ import annotations

import typer

from harness.errors import CouldNotRunError, WrongInputError
from stormproof.saying import as_json as to_json

_MISSING = "check-config needs pydantic-settings: pip install 'stormproof[config]'"


def check_config(path: str, *, as_json: bool) -> None:
    """Show every flag of a file, with the environment above it, and the stage of the rollout.

    Raises:
        WrongInputError: The file or a variable cannot be used, or its flags are out of their order.
        CouldNotRunError: The extra `config` is not installed.
    """
    try:
        from safety_core import settings as core  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("pydantic"):
            raise
        raise CouldNotRunError(_MISSING) from None
    try:
        found = core.load_settings(path)
        stage = core.stage_of(found)
    except (core.ConfigError, core.RolloutError) as error:
        raise WrongInputError(str(error)) from None
    flags = {flag: core.is_on(found, flag) for flag in core.FLAGS}
    if as_json:
        typer.echo(to_json({"stage": str(stage), "watch": stage.watch, "flags": flags}))
        return
    for flag, on in flags.items():
        typer.echo(f"{flag:<32} {'on' if on else 'off'}")
    typer.echo(f"\nstage: {stage}. To watch: {stage.watch}.")
