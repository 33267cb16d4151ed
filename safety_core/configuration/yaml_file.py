"""A YAML file as a mapping. Nothing in it is executed, and a key that stands there twice is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from .errors import ConfigError

if TYPE_CHECKING:
    from os import PathLike


def read_yaml(path: str | PathLike[str]) -> dict[str, Any]:
    """Return what a file holds; an empty file holds nothing.

    Raises:
        ConfigError: It cannot be read, is no YAML, or holds something else than a mapping.
    """
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - any path is taken as it is given
            held = yaml.load(file, _Loader)  # noqa: S506 - a SafeLoader of our own
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no UTF-8 text: {error.reason} at byte {error.start}") from None
    except (yaml.YAMLError, ValueError) as error:
        # A date that does not exist is a plain ValueError.
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    if held is None:
        return {}
    if not isinstance(held, dict):
        raise ConfigError(f"{path} holds {type(held).__name__}; expected sections, each with a name and a colon")
    return held


class _Loader(yaml.SafeLoader):
    """A SafeLoader that takes no key twice: the second one would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping.

        Raises:
            ConstructorError: A key stands there twice.
        """
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands there twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)
