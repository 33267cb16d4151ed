"""Makes what a baseline keeps of how a tree behaves, each as a text: golden outputs and the JSON of schemas."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.rollout.configuration import read_configuration
from verify.rollout.errors import CannotCheckError
from verify.rollout.rules import ALL_OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from verify.rollout.inside_tree import Interpreter
    from verify.rollout.rules import Defaults, Output, Rules

API, CONFIGURATION, OUTPUT = "api", "configuration", "output"
"""What can be kept; each output has its name after a space."""


def recordings(rules: Rules, interpreter: Interpreter) -> Mapping[str, Callable[[], str]]:
    """Return by its name what makes each text that the rules ask for, in the tree of *interpreter*.

    Each raises CannotCheckError where the text cannot be had.
    """
    asked = rules.compatibility
    if asked is None:
        return {}
    targets = {API: asked.api, CONFIGURATION: asked.configuration}
    schemas = {name: partial(_schema, target, interpreter) for name, target in targets.items() if target}
    outputs = {f"{OUTPUT} {each.name}": partial(_output, each, rules.defaults, interpreter) for each in asked.outputs}
    return {**schemas, **outputs}


def recorded(rules: Rules, interpreter: Interpreter) -> tuple[dict[str, str], dict[str, str]]:
    """Return by its name every text that the rules ask for, and why those that are lacking cannot be had."""
    texts, lacking = {}, {}
    for name, make in recordings(rules, interpreter).items():
        try:
            texts[name] = make()
        except CannotCheckError as error:
            lacking[name] = str(error)
    return texts, lacking


def _schema(target: str, interpreter: Interpreter) -> str:
    held = interpreter.run("schema", target=target)
    if not isinstance(held, dict):
        raise CannotCheckError(f"{target} gives {held!r}; expected a table")
    return json.dumps(held, sort_keys=True, ensure_ascii=True)


def _output(asked: Output, defaults: Defaults | None, interpreter: Interpreter) -> str:
    """Return a line with the exit status, then what was written to standard output."""
    with _all_off(asked, defaults, interpreter.tree) as file:
        words = [file if word == ALL_OFF else word for word in asked.arguments]
        status, said = interpreter.output(asked.module, words)
    if status:
        # An interpreter that runs nothing at all says nothing of the tree.
        interpreter.run("versions", names=["python"])
    return f"exit status {status}\n{said}"


@contextmanager
def _all_off(asked: Output, defaults: Defaults | None, tree: Path) -> Iterator[str]:
    """Give the name of a copy of the configuration in which each expected key has its safe value, as JSON."""
    if ALL_OFF not in asked.arguments or defaults is None:
        yield ""
        return
    held = read_configuration(tree / defaults.file, defaults.file)
    for key, value in defaults.expected.items():
        _put(held, key, value, defaults.file)
    with tempfile.TemporaryDirectory(prefix="stormproof-off-") as folder:
        file = Path(folder, "configuration.json")
        # Dates are the one kind of value that JSON does not have; as text they are what YAML writes.
        file.write_text(json.dumps(held, default=str), encoding="utf-8")
        yield os.fspath(file)


def _put(held: Any, key: str, value: Any, name: str) -> None:
    *above, last = key.split(".")
    for part in above:
        held = held.setdefault(part, {}) if isinstance(held, dict) else None
    if not isinstance(held, dict):
        raise CannotCheckError(f"{name} has no place for {key}")
    held[last] = value
