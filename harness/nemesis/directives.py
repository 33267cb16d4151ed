"""Changes directives of a server of ours while it runs, and puts them back as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.nemesis.site import Server


class Directives:
    """Some directives of one server, with the values that they had when this was made."""

    def __init__(self, server: Server, *names: str) -> None:
        """Remember the values of *names*; one that the server does not know is left out."""
        self._server = server
        client = server.client()
        try:
            self.before: dict[str, str] = {
                _text(name): _text(value) for each in names for name, value in client.config_get(each).items()
            }
        finally:
            client.close()

    def set(self, wanted: Mapping[str, str | int]) -> None:
        """Change directives."""
        client = self._server.client()
        try:
            for name, value in wanted.items():
                client.config_set(name, str(value))
        finally:
            client.close()

    def restore(self) -> None:
        """Put back what was remembered."""
        self.set(self.before)


def _text(word: Any) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)
