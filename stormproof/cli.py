"""The command line. Each command is a few lines that put the rooms together; what they decide is decided there."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from harness.errors import HarnessError
from harness.interruption import heeding_signals
from reports.stored_run import StoredRunError
from stormproof.cli_options import (
    Allow,
    Budget,
    Command,
    Gate,
    Jobs,
    Json,
    Kinds,
    Out,
    Promise,
    Python,
    Redis,
    Seed,
    Subject,
    Toxiproxy,
)
from stormproof.compare_cli import compare
from stormproof.report_cli import evidence_app, history, report
from stormproof.rollout_cli import baseline_app, verify_rollout
from stormproof.saying import Exit, complain
from stormproof.storm_cli import storm
from verify.rollout.errors import CannotCheckError, RolloutError
from verify.signing import SigningError

UsageProblem: type[Any] = typer.BadParameter.__mro__[2]
"""ClickException, the root of what typer raises for wrong options: typer carries a click of its own, unnamed."""

app = typer.Typer(
    name="stormproof",
    help="Shows on a real Redis whether a once-only guard holds under crashes, lost replies and ended leases.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def campaign(
    profile: Annotated[str, typer.Option("--profile", help="smoke, standard or full.")] = "smoke",
    tier: Annotated[
        list[str] | None, typer.Option("--tier", help="instrument, explore, properties, scenarios or durability.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="Name of a part.")] = None,
    subject: Annotated[list[str] | None, typer.Option("--subject", help="Default: reference.")] = None,
    jobs: Jobs = None,
    redis: Redis = "embedded",
    allow_target: Allow = None,
    seed: Seed = None,
    budget: Budget = None,
    out: Out = None,
    toxiproxy: Toxiproxy = "embedded",
    abort_when: Annotated[
        list[str] | None,
        typer.Option("--abort-when", metavar="LIMIT", help="A probe's limit, as latency_ms>200: ends the stories."),
    ] = None,
    from_experiment: Annotated[
        list[str] | None,
        typer.Option("--from-experiment", metavar="FILE", help="A Chaos Toolkit experiment (.json, .yaml)."),
    ] = None,
) -> None:
    """Check the instrument, explore the subject, kill a real Redis under load; leave evidence."""
    from stormproof import campaign_commands  # noqa: PLC0415 - loading all takes long, and a command needs its own

    campaign_commands.campaign(
        profile=profile,
        tiers=tier or [],
        only=only or [],
        subjects=subject or ["reference"],
        jobs=jobs,
        redis=redis,
        allow_target=allow_target,
        seed=seed,
        budget_s=budget,
        out=out,
        toxiproxy=toxiproxy,
        abort_when=abort_when or [],
        experiments=from_experiment or [],
    )


@app.command()
def explore(
    subject: Subject = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN_DIR", help="Go on with an interrupted exploration.")
    ] = None,
    promise: Promise = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes of the first delivery.")] = 2,
    faults: Annotated[int, typer.Option("--faults", help="Faults per schedule at most: 0, 1 or 2.")] = 1,
    kinds: Kinds = None,
    gate: Gate = "auto",
    python: Python = None,
    command: Command = None,
    jobs: Jobs = None,
    redis: Redis = "embedded",
    allow_target: Allow = None,
    seed: Seed = None,
    budget: Budget = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run every schedule of a guard within a bound, and judge each."""
    from stormproof import commands  # noqa: PLC0415 - as above

    if resume is not None:
        commands.resume(resume, subject=subject, redis=redis, allow_target=allow_target, jobs=jobs, budget_s=budget)
    commands.explore(
        subject=subject,
        promise=promise,
        workers=workers,
        faults=faults,
        kinds=kinds,
        gate=gate,
        python=python,
        command=command,
        jobs=jobs,
        redis=redis,
        allow_target=allow_target,
        seed=seed,
        budget_s=budget,
        out=out,
        as_json=as_json,
    )


@app.command()
def properties(
    subject: Subject = None,
    promise: Promise = None,
    profile: Annotated[str, typer.Option("--profile", help="ci, dev or nightly.")] = "ci",
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="How long a nightly run goes on; 10 where nothing is said.")
    ] = None,
    chaos_seed: Annotated[
        int | None, typer.Option("--chaos-seed", help="Draws the same again; shown in every report.")
    ] = None,
    kinds: Kinds = None,
    gate: Gate = "auto",
    python: Python = None,
    command: Command = None,
    redis: Redis = "embedded",
    allow_target: Allow = None,
    out: Out = None,
) -> None:
    """Let Hypothesis draw calls, faults and jumps of time; shrink what breaks the promise. Default: the reference."""
    from stormproof import campaign_commands  # noqa: PLC0415 - as above

    campaign_commands.properties(
        subject=subject,
        promise=promise,
        profile=profile,
        minutes=minutes,
        chaos_seed=chaos_seed,
        kinds=kinds,
        gate=gate,
        python=python,
        command=command,
        redis=redis,
        allow_target=allow_target,
        out=out,
    )


@app.command()
def replay(
    schedule_file: Annotated[str, typer.Argument(help="A schedule that a finding named.")],
    subject: Annotated[str | None, typer.Option("--subject", help="Replay it on another guard.")] = None,
    redis: Annotated[str | None, typer.Option("--redis", help="Default: as recorded.")] = None,
    allow_target: Allow = None,
) -> None:
    """Run one stored schedule again: exit 1 if its finding is there again, 3 if not."""
    from stormproof import commands  # noqa: PLC0415 - as above

    commands.replay(schedule_file, subject=subject, redis=redis, allow_target=allow_target)


@app.command()
def judge(run_dir: Annotated[str, typer.Argument(help="A run folder.")]) -> None:
    """Judge a stored run again, without Redis; verdict.json comes out byte for byte the same."""
    from stormproof import commands  # noqa: PLC0415 - as above

    commands.judge(run_dir)


@app.command()
def subjects(as_json: Json = False) -> None:
    """List the subjects in the box."""
    from stormproof import listing  # noqa: PLC0415 - as above

    listing.list_subjects(as_json=as_json)


@app.command()
def faults(as_json: Json = False) -> None:
    """List the faults, the explorer's and the real ones: what is done, its witness, what a correct subject may do."""
    from stormproof import listing  # noqa: PLC0415 - as above

    listing.list_faults(as_json=as_json)


app.command()(compare)
app.command()(report)
app.add_typer(evidence_app)
app.command()(history)


@app.command("check-redis")
def check_redis(
    url: Annotated[str, typer.Argument(help="redis://HOST:PORT/DB, rediss://... (TLS) or unix:///PATH.")],
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="YAML; its section redis_safety says what is asked of it."),
    ] = None,
    durable: Annotated[bool, typer.Option("--durable", help="The guard that uses it waits for each fsync.")] = False,
    wait_replicas: Annotated[
        int | None, typer.Option("--wait-replicas", help="Replicas that a durable guard waits for.")
    ] = None,
    allow_target: Annotated[
        list[str] | None,
        typer.Option("--allow-target", metavar="HOST:PORT", help="Permission for a server on another machine."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether a Redis is fit to hold claims, and what mends it. Changes nothing there."""
    from stormproof import redis_checking  # noqa: PLC0415 - as above

    redis_checking.check_redis(
        url,
        config=config,
        durable=durable,
        wait_replicas=wait_replicas,
        allow_target=allow_target,
        as_json=as_json,
    )


@app.command("check-config")
def check_config(
    path: Annotated[str, typer.Argument(metavar="FILE", help="YAML, as config/config.yaml.")],
    as_json: Json = False,
) -> None:
    """Say which flags a file and the environment switch on, and which stage of the rollout that is."""
    from stormproof import config_checking  # noqa: PLC0415 - as above

    config_checking.check_config(path, as_json=as_json)


@app.command("jobs-api")
def jobs_api(
    redis: Annotated[str, typer.Option("--redis", metavar="URL", help="redis://..., rediss://... or unix://...")],
    tokens: Annotated[
        str, typer.Option("--tokens", metavar="FILE", help="YAML: who may do what, by the SHA-256 of their tokens.")
    ],
    config: Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="YAML, as config/config.yaml.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = 8000,
    queue: Annotated[list[str] | None, typer.Option("--queue", help="Only this queue of RQ. Default: all.")] = None,
) -> None:
    """Serve the API of failed jobs: list them, retry them safely, read the audit. Runs until it is interrupted."""
    from stormproof import jobs_serving  # noqa: PLC0415 - as above

    jobs_serving.serve(redis, tokens=tokens, config=config, host=host, port=port, queues=queue)


app.command("verify-rollout")(verify_rollout)
app.add_typer(baseline_app)


app.command()(storm)


@app.command()
def selftest(
    kinds: Annotated[
        str | None,
        typer.Option("--kinds", help="Further fault kinds that every twin meets, one in a schedule; or all."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Run the claims of all tiers, and count false alarms.")
    ] = False,
    share: Annotated[
        int | None, typer.Option("--share", help="Of --full: every so-manyth claim of trials, stories and storms.")
    ] = None,
    schedules: Annotated[
        int | None, typer.Option("--schedules", help="Of --full: schedules of sound guards; 100,000 otherwise.")
    ] = None,
    jobs: Jobs = None,
    redis: Redis = "embedded",
    seed: Seed = None,
    budget: Budget = None,
    out: Out = None,
) -> None:
    """Test the instrument: every planted guard must be caught by its checker, no twin may be flagged."""
    from stormproof import campaign_commands  # noqa: PLC0415 - as above

    asked = campaign_commands.AskedOfSelftest(kinds=kinds, full=full, share=share, schedules=schedules)
    campaign_commands.selftest(asked, jobs=jobs, redis=redis, seed=seed, budget_s=budget, out=out)


def main() -> None:
    """Run the command line; every known failure is one line and an exit code."""
    try:
        with heeding_signals():
            code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except (HarnessError, StoredRunError, RolloutError, SigningError) as error:
        complain(str(error))
        code = error.exit_code
    except CannotCheckError as error:
        complain(str(error))
        code = Exit.NOT_SHOWN
    except UsageProblem as error:
        complain(f"{error.format_message()} (try --help)")
        code = Exit.WRONG_INPUT
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted; everything was healed")
        code = Exit.INTERRUPTED
    sys.exit(int(code or 0))
