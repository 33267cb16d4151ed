"""Reads a configuration of the tree: YAML, TOML or JSON. A key that stands there twice is refused."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import yaml

from verify.rollout.errors import CannotCheckError
from verify.rollout.reading import whole

if TYPE_CHECKING:
    from pathlib import Path

MISSING = object()
"""What stands for a key that is not there."""


class _Loader(yaml.SafeLoader):
    """YAML in which a key stands once: of two, Python's reader would silently take the later one."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    held: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in held:
            raise CannotCheckError(f"line {key_node.start_mark.line + 1} says {key!r} a second time")
        held[key] = loader.construct_object(value_node, deep=True)
    return held


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for key, value in pairs:
        if key in held:
            raise CannotCheckError(f"it says {key!r} twice")
        held[key] = value
    return held


def read_configuration(path: Path, name: str) -> Any:
    """Return what a configuration says.

    Args:
        path: The file; its ending says what it is.
        name: Its name for messages.

    Raises:
        CannotCheckError: It cannot be read, or says a key twice.
    """
    try:
        text = whole(path).decode("utf-8")
        if path.suffix == ".toml":
            return tomllib.loads(text)
        if path.suffix == ".json":
            return json.loads(text, object_pairs_hook=_pairs)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except CannotCheckError as error:
        raise CannotCheckError(f"{name}: {error}") from None
    except OSError as error:
        raise CannotCheckError(f"{name} cannot be read: {error.strerror}") from None
    except (ValueError, yaml.YAMLError, TypeError, RecursionError) as error:
        raise CannotCheckError(f"{name} is not understood: {' '.join(str(error).split())}") from None


def value_of(held: Any, key: str) -> Any:
    """Return the value of a dotted key; MISSING if it is not there."""
    for part in key.split("."):
        if not isinstance(held, dict) or part not in held:
            return MISSING
        held = held[part]
    return held
