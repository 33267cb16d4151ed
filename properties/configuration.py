"""The defaults are safe: no file and no environment switches anything on that does not say so, with all it needs."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import strategies as st

from harness.processes.folder import make_folder, remove_folder
from properties.claim import Claim, demand
from safety_core.settings import FLAGS, NEEDS, PREFIX, ConfigError, is_on, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_ON = ("true", "1", "on", "yes", "TRUE")
_SAID: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(FLAGS),
    st.sampled_from([True, False, None, "true", "yes", 1, 0, "", [], {"enabled": True}]),
    max_size=len(FLAGS),
)
_ALL_ON = st.sampled_from(FLAGS).map(lambda flag: dict.fromkeys(_closure(flag), True))
_VARIABLES = st.dictionaries(
    st.sampled_from(FLAGS), st.sampled_from([*_ON, "false", "0", "off", "", "null", "enabled"]), max_size=len(FLAGS)
)
_STRANGE = st.dictionaries(
    st.sampled_from(["trading", "logging", "retries", "Retry", "jobs", "5"]),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4), st.lists, max_leaves=3),
    max_size=3,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """What reads a configuration, and a folder for its files."""

    load: Callable[[Path | None], Any]
    folder: Path


def _closure(flag: str) -> set[str]:
    """Return a flag with all that it needs."""
    wanted = {flag}
    while more := {need for one in wanted for need in NEEDS.get(one, ())} - wanted:
        wanted |= more
    return wanted


def _nested(flags: dict[str, Any]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for flag, value in flags.items():
        *above, last = flag.split(".")
        below = held
        for name in above:
            below = below.setdefault(name, {})
        below[last] = value
    return held


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Let the environment hold these of our variables and no others."""
    before = dict(os.environ)
    try:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            del os.environ[name]
        os.environ.update({f"{PREFIX}{flag.upper().replace('.', '__')}": said for flag, said in variables.items()})
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _check_refusal(refusal: str, *, something_said: bool) -> None:
    demand(something_said, f"nothing of ours was said, and yet: {refusal}")
    demand("\n" not in refusal, f"an error is one line: {refusal}")


def check(
    at: Reader, *, is_there: bool, said: dict[str, Any], strange: dict[str, Any], variables: dict[str, str]
) -> None:
    """Assert that every flag that is on was said to be, with all that it needs, and that nothing else is an error."""
    path = at.folder / "config.yaml"
    path.write_text(yaml.safe_dump({**strange, **_nested(said)}), encoding="utf-8")
    with _environment(variables):
        try:
            found = at.load(path if is_there else None)
        except ConfigError as error:
            _check_refusal(str(error), something_said=bool(variables or (said and is_there)))
            return
    on = {flag for flag in FLAGS if is_on(found, flag)}
    in_file = {flag for flag, value in said.items() if value is True and is_there}
    in_variables = {flag for flag, value in variables.items() if value in _ON}
    unsaid = on - in_variables - (in_file - variables.keys())
    demand(not unsaid, f"{', '.join(sorted(unsaid))} is on, and nobody said so")
    lacking = {need for flag in on for need in NEEDS.get(flag, ())} - on
    demand(not lacking, f"{', '.join(sorted(on))} is on without {', '.join(sorted(lacking))}")


@contextmanager
def reader(load: Callable[[Path | None], Any] = load_settings) -> Iterator[Reader]:
    """Make a folder for configurations."""
    folder = make_folder()
    try:
        yield Reader(load, folder)
    finally:
        remove_folder(folder)


CLAIM = Claim(
    name="configuration",
    says="No flag is on that neither the file nor the environment says is on, and none without all that it needs.",
    drawn={
        "is_there": st.booleans(),
        "said": _SAID | _ALL_ON,
        "strange": _STRANGE,
        "variables": _VARIABLES | st.just({}),
    },
    check=check,
    suspect=reader,
)
