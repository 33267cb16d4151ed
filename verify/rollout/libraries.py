"""Which versions libraries have where the model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.rollout.inside_tree import Interpreter


def versions_of(names: tuple[str, ...], interpreter: Interpreter) -> dict[str, str]:
    """Return the version of each distribution; `python` is the interpreter's own kind and major version.

    Raises:
        CannotCheckError: The interpreter cannot be asked.
    """
    if not names:
        return {}
    versions: dict[str, str] = interpreter.run("versions", names=list(names))
    return versions
