"""The commands of the rollout verifier, as the command line takes them; what they do stands in `rollout_checking`."""

from __future__ import annotations

from typing import Annotated

import typer

from stormproof.cli_options import Json

baseline_app = typer.Typer(
    name="baseline", help="Make the baseline of a tree, or compare the tree with it.", rich_markup_mode=None
)

Tree = Annotated[str, typer.Argument(help="Folder that holds rollout.toml.")]
Baseline = Annotated[
    str | None,
    typer.Option("--baseline", metavar="FILE|git:REF", help="Default: rollout-baseline.json in the tree."),
]
Key = Annotated[
    str | None, typer.Option("--key", metavar="FILE", help="Public key (ed25519, PEM) that must have signed it.")
]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PATH", help="Interpreter in which code of the tree runs.")
]


def verify_rollout(
    tree: Tree = ".",
    baseline: Baseline = None,
    key: Key = None,
    expect_enabled: Annotated[
        list[str] | None, typer.Option("--expect-enabled", metavar="FLAG", help="This flag must be on.")
    ] = None,
    form: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="NAME[=FILE]", help="table, json, sarif, junit, github or markdown."),
    ] = None,
    python: Python = None,
    redis: Annotated[
        str, typer.Option("--redis", help="embedded, embedded:6.2, path, container[:IMAGE:TAG].")
    ] = "embedded",
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Read no file that nothing has touched since the last look; not for a release."),
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes that read the protected files.")] = 1,
    as_json: Json = False,
) -> None:
    """Say whether what must not change is unchanged, and whether the guards work: eight checks."""
    from stormproof import rollout_checking  # noqa: PLC0415 - a command loads only what it needs

    rollout_checking.verify_rollout(
        tree,
        baseline=baseline,
        key=key,
        expect_enabled=expect_enabled,
        forms=form,
        python=python,
        redis_choice=redis,
        is_fast=fast,
        jobs=jobs,
        as_json=as_json,
    )


@baseline_app.command()
def create(
    tree: Tree = ".",
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Default: rollout-baseline.json in the tree.")
    ] = None,
    sign_with: Annotated[
        str | None,
        typer.Option("--sign-with", metavar="FILE", help="Private key (ed25519, PEM); needs the extra signing."),
    ] = None,
    python: Python = None,
) -> None:
    """Write down what every protected file is now."""
    from stormproof import rollout_checking  # noqa: PLC0415 - as above

    rollout_checking.create(tree, out=out, sign_with=sign_with, python=python)


@baseline_app.command()
def diff(tree: Tree = ".", baseline: Baseline = None, key: Key = None, python: Python = None) -> None:
    """Say in words how the tree differs from its baseline."""
    from stormproof import rollout_checking  # noqa: PLC0415 - as above

    rollout_checking.diff(tree, baseline=baseline, key=key, python=python)
