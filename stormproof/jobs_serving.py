"""``stormproof jobs-api``: starts the core's jobs API on uvicorn. Decides nothing itself."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import typer

from harness.errors import CouldNotRunError, WrongInputError
from harness.interruption import stop_if_asked
from safety_core.runtime_checks import RedisRuntimeValidator
from safety_core.runtime_checks.expected import Expected

if TYPE_CHECKING:
    from collections.abc import Sequence

_MISSING = "jobs-api needs FastAPI, pydantic-settings, pyarrow, RQ and uvicorn: pip install 'stormproof[api]'"


def serve(redis: str, *, tokens: str, config: str | None, host: str, port: int, queues: Sequence[str] | None) -> None:
    """Serve until interrupted; a line on standard output says where, once it listens.

    Raises:
        WrongInputError: URL, tokens or file cannot be used, or the file leaves the API switched off.
        CouldNotRunError: The extra `api` is not installed, or the port is taken.
    """
    try:
        import uvicorn  # noqa: PLC0415 - the extra may be missing

        from safety_core import jobs_api, settings  # noqa: PLC0415 - as above
        from safety_core.job_safety.retry_audit import RetryAudit  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("safety_core"):
            raise
        raise CouldNotRunError(_MISSING) from None
    try:
        found = settings.load_settings(config)
        if config is not None and not settings.is_on(found, "jobs_api.enabled"):
            raise WrongInputError(f"jobs_api.enabled is false in {config}; expected true, or no --config")
        asked = jobs_api.JobsApiSettings(retry=found.retry.policy, guard=found.guard, queues=tuple(queues or ()))
        audit = RetryAudit(found.retry.audit_log_path)
        validator = None
        if settings.is_on(found, "runtime.redis_checks"):
            validator = RedisRuntimeValidator(redis, expected=Expected(settings=found.guard))
        callers = jobs_api.Tokens.from_file(tokens)
        app = jobs_api.create_app(redis, tokens=callers, audit=audit, settings=asked, validator=validator)
    except (settings.ConfigError, ValueError) as error:
        raise WrongInputError(str(error)) from None
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise CouldNotRunError(f"nobody can listen on {host}:{port}: {error.strerror}") from None
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"jobs API: http://{shown}:{listener.getsockname()[1]}/api/v1/jobs")
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
    stop_if_asked()
