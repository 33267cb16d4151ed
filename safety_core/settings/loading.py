"""Reads the settings: the file, then the environment above it. Whatever cannot be used is one ConfigError.

A key that nobody knows is an error in a section of ours; sections of others are not looked into.
"""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from safety_core.configuration import ConfigError, read_yaml

from .sections import KEYS, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from pydantic_settings import PydanticBaseSettingsSource

PREFIX = "SAFETY_CORE_"
"""How a variable of ours begins; `__` stands for the dot."""

_SHARED = {"retry.redis.namespace": "namespace", "retry.redis.ttl_seconds": "ttl_seconds"}
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def load_settings(path: str | PathLike[str] | None = None) -> Settings:
    """Return the settings of a file and the environment; without both, the defaults.

    Args:
        path: A YAML file; None reads none.

    Raises:
        ConfigError: The file or a variable cannot be used; one line says which key, what stands there, what was
            expected.
    """
    held = {} if path is None else read_yaml(path)
    ours = {name: value for name, value in held.items() if name in Settings.model_fields and name != "redis_url"}
    _assert_known_variables()
    try:
        # By itself and strictly first: in a file true is a bool and "true" a text, while every variable is a text.
        _File.model_validate(ours, strict=True)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first(error)}") from None
    try:
        settings = _Sources(**ours)
    except SourceError as error:
        raise ConfigError(f"environment: {error}; expected JSON where a whole section is given") from None
    except ValidationError as error:
        place = "environment" if path is None else f"{path} with the environment"
        raise ConfigError(f"{place}: {_first(error)}") from None
    _assert_agreement(held, settings, path)
    return settings


class _File(Settings):
    """What the file says by itself: its flags may need one that only the environment switches on."""

    def assert_needs(self) -> None:
        """Leave that to the whole."""


class _Sources(BaseSettings, Settings):
    """The file with the environment above it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the environment, what was given, and `REDIS_URL` by its plain name: earlier outranks later."""
        del dotenv_settings, file_secret_settings
        return env_settings, init_settings, _PlainUrl(settings_cls)


class _PlainUrl(EnvSettingsSource):
    """`REDIS_URL`, as applications have it."""

    def __call__(self) -> dict[str, Any]:
        """Return the URL, if there is one."""
        url = os.environ.get("REDIS_URL", "")
        return {"redis_url": url} if url else {}


def _assert_known_variables() -> None:
    known = [_variable(key) for key in KEYS]
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            expected = f"did you mean {near[0]}?" if near else f"expected some of: {', '.join(known)}"
            raise ConfigError(f"environment: {name} is not known; {expected}")


def _variable(key: str) -> str:
    return f"{PREFIX}{key.upper().replace('.', '__')}"


def _first(error: ValidationError) -> str:
    """Return the first thing that is wrong, in one line, without a value that could be a secret."""
    found = error.errors(include_url=False)[0]
    place = ".".join(map(str, found["loc"]))
    if found["type"] == "extra_forbidden":
        section, _, wrong = place.rpartition(".")
        names = [key.rpartition(".")[2] for key in KEYS if key.rpartition(".")[0] == section]
        near = difflib.get_close_matches(wrong, names, n=1)
        return f"{place} is not known; " + (
            f"did you mean {near[0]}?" if near else f"expected some of: {', '.join(names)}"
        )
    if found["type"] == "value_error":
        said = str(found["ctx"]["error"])
        return f"{place}: {said}" if place else said
    kind = KEYS.get(place)
    expected = "keys below it, each with a value" if kind is None else _WORDS[kind]
    given = "" if place == "redis_url" else f" is {found['input']!r:.80};"
    said = found["msg"][:1].lower() + found["msg"][1:]
    return f"{place}{given} expected {expected}: {said}"


def _assert_agreement(held: Mapping[str, Any], settings: Settings, path: object) -> None:
    """Refuse a file whose section `redis_safety` says otherwise than `retry.redis`: no server is judged by both."""
    section = held.get("redis_safety")
    for key, name in _SHARED.items():
        ours = getattr(settings.retry.redis, name)
        if isinstance(section, dict) and name in section and section[name] != ours:
            raise ConfigError(
                f"{path}: redis_safety.{name} is {section[name]!r:.80}, and {key} is {ours!r:.80}; expected one value"
            )
