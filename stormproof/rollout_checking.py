"""``stormproof verify-rollout`` and ``stormproof baseline``: puts tree, baseline and a real Redis together."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import redis
import typer

from harness.errors import HarnessError, WrongInputError
from harness.redis_server.choice import ExternalChoice
from harness.redis_server.opening import open_owned
from reports.rollout_forms import FORMS
from reports.stored_run import write_whole
from stormproof.names import ROOT
from stormproof.options import redis_of
from stormproof.saying import Exit, exit_of
from verify.rollout.baseline import differences, load, of_tree, rules_of
from verify.rollout.context import Context
from verify.rollout.errors import CannotCheckError
from verify.rollout.inside_tree import Interpreter
from verify.rollout.manifest import to_statement
from verify.rollout.path_text import to_text
from verify.rollout.stat_cache import StatCache
from verify.rollout.verifier import expected_flags, verify
from verify.signing import sign
from verify.statement import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from harness.redis_server.choice import OwnedChoice

BASELINE = "rollout-baseline.json"
"""The baseline of a tree, where no other is named."""


@dataclass(frozen=True, slots=True)
class OneRedis:
    """A Redis that nobody but the guard under trial uses."""

    url: str
    about: str

    def keys(self) -> list[str]:
        """Return the names of all keys."""
        with redis.Redis.from_url(self.url) as client:
            return [str(name) for name in client.scan_iter(count=1000)]

    def clear(self) -> None:
        """Remove all keys."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


def store_opener(choice: OwnedChoice) -> Callable[[], AbstractContextManager[OneRedis]]:
    """Return what gives a fresh Redis of *choice* for the length of a block."""

    @contextmanager
    def opened() -> Iterator[OneRedis]:
        try:
            with open_owned(choice, controlled_clock=False) as server:
                server_is = server.identity()
                yield OneRedis(server.tcp_url, f"{server_is.name} {server_is.version}")
        except HarnessError as error:
            raise CannotCheckError(f"there is no Redis to try it on: {error}") from None

    return opened


def verify_rollout(
    tree: str,
    *,
    baseline: str | None,
    key: str | None,
    expect_enabled: list[str] | None,
    forms: list[str] | None,
    python: str | None,
    redis_choice: str,
    is_fast: bool,
    jobs: int,
    as_json: bool,
) -> None:
    """Run the eight checks, show what they say in each form that was asked for, and end with the exit code.

    Raises:
        RolloutError, WrongInputError: Tree, baseline, key or options cannot be used.
        CannotCheckError: The baseline could not be read because git could not be asked.
    """
    if is_fast and key is not None:
        raise WrongInputError(
            "--fast believes the system which files nobody has touched, --key is for those who believe nobody; "
            "leave one of them out"
        )
    if is_fast and jobs > 1:
        raise WrongInputError("--fast reads hardly a file, and --jobs shares out what is read; leave one of them out")
    place = Path(tree)
    asked = [_form(text) for text in forms or ["json" if as_json else "table"]]
    chosen = _owned(redis_choice)
    named = baseline or str(place / BASELINE)
    interpreter = _interpreter(place, python)
    held = load(place, named, None if key is None else Path(key), interpreter)
    context = Context(
        tree=place,
        baseline=held,
        interpreter=_interpreter(place, python, held.rules.import_roots),
        open_store=store_opener(chosen),
        expect_enabled=expected_flags(held.rules, expect_enabled or ()),
        cache=_cache_of(place) if is_fast else None,
        jobs=jobs,
    )
    report = verify(context, baseline=named)
    if context.cache is not None:
        try:
            context.cache.save()
        except OSError as error:
            typer.echo(f"stormproof: what --fast saw could not be kept for the next time: {error}", err=True)
    for form, file in asked:
        text = FORMS[form](report)
        if file is None:
            sys.stdout.write(text)
        else:
            write_whole(Path(file), text.encode())
    raise typer.Exit(exit_of(report.verdict))


def create(tree: str, *, out: str | None, sign_with: str | None, python: str | None) -> None:
    """Write the baseline of a tree as it lies there.

    Raises:
        RolloutError: Tree, rules or key cannot be used.
        CannotCheckError: Something protected cannot be read.
    """
    place = Path(tree)
    rules = rules_of(place)
    held = of_tree(place, _interpreter(place, python, rules.import_roots))
    for name, why in held.lacking.items():
        raise CannotCheckError(f"{name} cannot be recorded: {why}")
    payload = canonical(to_statement(held))
    stored = payload if sign_with is None else canonical(sign(payload, Path(sign_with)))
    target = Path(out) if out is not None else place / BASELINE
    write_whole(target, stored + b"\n")
    signed = "" if sign_with is None else ", signed"
    typer.echo(f"{to_text(str(target))}: {len(held.entries):,} protected files{signed}")


def diff(tree: str, *, baseline: str | None, key: str | None, python: str | None) -> None:
    """Say in words how the tree differs from a baseline; exit code 1 where it does.

    Raises:
        RolloutError: Tree, rules, baseline or key cannot be used.
        CannotCheckError: Something protected cannot be read.
    """
    place = Path(tree)
    interpreter = _interpreter(place, python, rules_of(place).import_roots)
    before = load(place, baseline or str(place / BASELINE), None if key is None else Path(key), interpreter)
    said = differences(before, of_tree(place, interpreter))
    typer.echo("\n".join(said) if said else "nothing changed")
    raise typer.Exit(Exit.VIOLATED if said else Exit.HELD)


def _cache_of(tree: Path) -> StatCache:
    """Return what is remembered of a tree: one file for each, where the user's other caches are."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stormproof"
    name = hashlib.sha256(os.fsencode(tree.resolve())).hexdigest()
    try:
        caches.mkdir(parents=True, exist_ok=True)
        return StatCache(caches / f"rollout-{name[:16]}.json", tree)
    except OSError as error:
        raise WrongInputError(
            f"--fast keeps what it saw in {caches}, where nothing can be written ({error.strerror}); set "
            "XDG_CACHE_HOME, or leave out --fast"
        ) from None


def _owned(text: str) -> OwnedChoice:
    """Return the chosen Redis, on which nobody has anything to lose."""
    if "://" in text:
        raise WrongInputError(
            f"--redis is {text.partition('://')[0]}://...; a guard is tried on a Redis of its own: embedded, "
            "embedded:6.2, path or container"
        )
    chosen = redis_of(text, [])
    if isinstance(chosen, ExternalChoice):
        raise TypeError(chosen)
    return chosen


def _interpreter(tree: Path, python: str | None, import_roots: tuple[str, ...] = (".",)) -> Interpreter:
    return Interpreter(tree=tree, import_roots=import_roots, python=python or sys.executable, also=(str(ROOT),))


def _form(text: str) -> tuple[str, str | None]:
    name, _, file = text.partition("=")
    if name not in FORMS:
        raise WrongInputError(f"--format is {text!r}; expected one of {', '.join(FORMS)}, or NAME=FILE")
    return name, file or None
