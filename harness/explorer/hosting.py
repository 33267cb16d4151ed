"""How the processes of a subject are made and held: which gate, which interpreter, which program."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import WrongInputError
from harness.explorer.proxy.supply import ask_what_it_is
from harness.subjects.box import BOX
from harness.subjects.contract import Said, described
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from harness.subjects.contract import Make, Subject

AUTO, GREENLET, PROXY = "auto", "greenlet", "proxy"
GATES = (AUTO, GREENLET, PROXY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """How the processes of a subject are made and held.

    Attributes:
        gate: ``greenlet`` or ``proxy``.
        python: The interpreter that runs the subject; empty means ours.
        command: Program and arguments that speak the line protocol; empty means that the subject is Python.
    """

    gate: str = GREENLET
    python: str = ""
    command: tuple[str, ...] = ()

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"gate": self.gate, "python": self.python, "command": list(self.command)}

    @classmethod
    def from_object(cls, stored: dict[str, Any]) -> Hosting:
        """Return what :meth:`to_object` stored."""
        return cls(gate=stored["gate"], python=stored["python"], command=tuple(stored["command"]))


GREENLETS = Hosting()


def find_subject(name: str, hosting: Hosting, *, promise: str | None = None) -> Subject:
    """Return the subject *name*, as its interpreter describes it.

    Raises:
        WrongInputError: There is no such subject, or it cannot be loaded.
    """
    if hosting.command:
        return described(name, _elsewhere, Said(), promise)
    if hosting.python:
        if name in BOX:
            raise WrongInputError(f"subject {name!r} runs in our own interpreter; leave out --python")
        said = ask_what_it_is(hosting.python, name)
        return described(name, _elsewhere, Said(**said), promise, place=name)
    return load_subject(name, promise=promise)


def command_of(text: str) -> tuple[str, ...]:
    """Return program and arguments of ``--command``.

    Raises:
        WrongInputError: There is none, or a quote is left open.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise WrongInputError(f"--command is {text!r}: {error}; expected a program and its arguments") from error
    if not words:
        raise WrongInputError("--command names no program")
    return words


def _elsewhere() -> Make:
    raise TypeError("this subject is loaded in processes of its own")
