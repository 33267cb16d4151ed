"""Which scripts a server knows that has lost all it knew: by their digests, as the server itself names them."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING, Any

from harness.explorer.gate.commands import WITH_TEXT
from harness.explorer.gate.resp import RequestReader, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.explorer.world.steps import CommandStep

_ABOUT_SCRIPTS = ("EVAL", "SCRIPT")
"""What stands in the name of every command that needs a script, or brings one; in that of a block too."""


class ServerScripts:
    """The scripts that one server was given."""

    def __init__(self, own: str) -> None:
        """Begin with none; *own* is the schedule's key, which no other one has."""
        self._own = own
        self._held: set[str] = set()

    @property
    def held(self) -> list[str]:
        """Their digests."""
        return sorted(self._held)

    def told_by(self, step: CommandStep) -> list[Any]:
        """Return what the reply to a command may tell of them."""
        told: list[Any] = []
        for words in _about_scripts(step):
            name = name_of(words[0])
            if name.startswith("EVALSHA"):
                told.append(words[1].decode("latin-1").lower() in self._held)
            elif name == "SCRIPT":
                told.append(self.held)
        return told

    def learn(self, step: CommandStep) -> None:
        """Note that the server was given a command."""
        for words in _about_scripts(step):
            name = name_of(words[0])
            if name in WITH_TEXT:
                self._held.add(_digest(words[1]))
            elif name == "SCRIPT" and words[1].upper() == b"LOAD":
                self._held.update(map(_digest, words[2:3]))
            elif name == "SCRIPT" and words[1].upper() == b"FLUSH":
                self.forget()
            if step.watched:
                # The block may have been given up: then it brought nothing, and nobody else's name may say the same.
                self._held.add(self._own)

    def forget(self) -> None:
        """Note that the server knows none any more."""
        self._held.clear()


def _about_scripts(step: CommandStep) -> Iterator[list[bytes]]:
    """Yield the words of each request that needs a script, or brings one."""
    if not any(word in step.name for word in _ABOUT_SCRIPTS):
        return
    for part in step.parts:
        (request,) = RequestReader().feed(part)
        if len(request.words) > 1 and name_of(request.words[0]).startswith(_ABOUT_SCRIPTS):
            yield request.words


def _digest(text: bytes) -> str:
    return sha1(text, usedforsecurity=False).hexdigest()
